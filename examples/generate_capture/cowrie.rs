//! What Cowrie writes to its JSON log.

use crate::world::{COMMANDS, PASSWORDS, Random, SECOND, Sources, USERS, address, calendar, object, quoted};

const SENSORS: [&str; 3] = ["9f3c07a1d2be", "fra-edge-1", "sgp-edge-2"];
const CLIENTS: [&str; 4] = ["SSH-2.0-libssh2_1.11.0", "SSH-2.0-Go", "SSH-2.0-OpenSSH_9.6", "SSH-2.0-PUTTY"];

/// One session on a Cowrie sensor, as the lines of its log. Only the first of them names the protocol.
pub(crate) fn session(random: &mut Random, sources: &Sources, start: u64) -> Vec<(u64, String)> {
    let ip = address(sources.choose(random));
    let (sensor, session) = (random.pick(&SENSORS), format!("{:012x}", random.next() >> 16));
    let (protocol, door) = if random.percent(35) { ("telnet", 2223) } else { ("ssh", 2222) };
    let mut lines = Vec::new();
    let mut say = |at: u64, event: &str, message: String, more: &[(&str, String)]| {
        let time = format!("{}.{:06}Z", calendar(at, 'T'), at % SECOND);
        let (event, message) = (quoted(&format!("cowrie.{event}")), quoted(&message));
        let mut members = vec![("eventid", event), ("src_ip", quoted(&ip)), ("timestamp", quoted(&time))];
        members.extend([("message", message), ("session", quoted(&session)), ("sensor", quoted(sensor))]);
        members.extend_from_slice(more);
        lines.push((at, object(&members)));
    };
    let (mut at, port) = (start, random.between(1024, 65_535));
    // Logs are rotated while sessions run, so a capture also has the rest of sessions that it did not see open.
    if random.percent(97) && start > 0 {
        let more = [
            ("protocol", quoted(protocol)),
            ("src_port", port.to_string()),
            ("dst_ip", quoted("192.0.2.200")),
        ];
        let message = format!("New connection: {ip}:{port} (192.0.2.200:{door}) [session: {session}]");
        say(at, "session.connect", message, &[&more[..], &[("dst_port", door.to_string())]].concat());
    }
    if protocol == "ssh" {
        let version = random.pick(&CLIENTS);
        let more = [
            ("version", quoted(version)),
            ("kexAlgs", r#"["curve25519-sha256","diffie-hellman-group14-sha1"]"#.into()),
        ];
        say(at + 40_000, "client.version", format!("Remote SSH version: {version}"), &more);
    }
    for attempt in 0..random.between(1, 4) {
        at += random.between(SECOND / 2, 3 * SECOND);
        let (user, word) = (random.pick(&USERS), random.pick(&PASSWORDS));
        let good = attempt > 0 && random.percent(40);
        let (event, verdict) = if good { ("login.success", "succeeded") } else { ("login.failed", "failed") };
        let more = [("username", quoted(user)), ("password", quoted(word))];
        say(at, event, format!("login attempt [{user}/{word}] {verdict}"), &more);
        if good {
            for _ in 0..random.between(1, 5) {
                at += random.between(SECOND, 9 * SECOND);
                let input = random.pick(&COMMANDS);
                say(at, "command.input", format!("CMD: {input}"), &[("input", quoted(input))]);
            }
            break;
        }
    }
    let duration = (at - start) as f64 / SECOND as f64 + 0.25;
    let message = format!("Connection lost after {} seconds", duration as u64);
    say(at + SECOND / 4, "session.closed", message, &[("duration", duration.to_string())]);
    lines
}
