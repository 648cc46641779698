//! What DECNET's deckies emit: syslog lines, and the JSON records that its collector makes of them.

use crate::world::{
    COMMANDS, HOUR, PASSWORDS, Random, SECOND, Sources, USERS, address, calendar, object, quoted,
};

const DECKIES: [(&str, &[&str]); 6] = [
    ("decky-01", &["ssh", "http"]),
    ("decky-02", &["ssh", "telnet", "ftp"]),
    ("decky-03", &["smb", "rdp"]),
    ("decky-04", &["smtp", "ssh", "http"]),
    ("decky-05", &["mysql", "redis"]),
    ("decky-06", &["telnet", "mqtt"]),
];
const PATHS: [&str; 10] = [
    "/",
    "/robots.txt",
    "/.env",
    "/wp-login.php",
    "/.git/config",
    "/cgi-bin/luci",
    "/admin?user=%27+OR+1=1--",
    "/search?q=\"><script>alert(1)</script>",
    "/phpmyadmin/",
    "/über/uns",
];
const AGENTS: [&str; 5] =
    ["curl/8.5.0", "Mozilla/5.0 zgrab/0.x", "python-requests/2.32", "-", "Mozilla/5.0 (compatible; \"bot\")"];

/// How a log line reaches the collector.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    /// As the service wrote it.
    Plain,
    /// By a shell's prompt logger: no structured data, the message says it all.
    Prompt,
    /// Inside the message of another line, which a container's log driver made.
    Wrapped,
}

pub(crate) struct Event {
    pub(crate) at: u64,
    decky: &'static str,
    service: &'static str,
    kind: &'static str,
    source: String,
    fields: Vec<(&'static str, String)>,
    message: String,
    shape: Shape,
}

impl Event {
    fn new(at: u64, decky: &'static str, service: &'static str, kind: &'static str, source: &str) -> Self {
        let (fields, message) = (Vec::new(), String::new());
        Self { at, decky, service, kind, source: source.to_owned(), fields, message, shape: Shape::Plain }
    }

    fn field(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    fn message(mut self, text: impl Into<String>) -> Self {
        self.message = text.into();
        self
    }

    /// The clock of each decky is set up in its own way.
    fn clock(&self) -> String {
        let fraction = self.at % SECOND;
        match self.decky {
            "decky-05" => format!("{}.{:03}+02:00", calendar(self.at + 2 * HOUR, 'T'), fraction / 1000),
            "decky-06" => format!("{}Z", calendar(self.at, 'T')),
            _ => format!("{}.{fraction:06}Z", calendar(self.at, 'T')),
        }
    }

    /// The event as an RFC 5424 line.
    pub(crate) fn syslog(&self) -> String {
        let Self { decky, service, kind, message, .. } = self;
        let clock = self.clock();
        let mut data = String::from("-");
        if !self.fields.is_empty() {
            data = String::from(if *service == "smb" { "[timeQuality tzKnown=\"1\"]" } else { "" })
                + "[relay@55555";
            for (name, value) in &self.fields {
                let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace(']', "\\]");
                data += &format!(" {name}=\"{escaped}\"");
            }
            data.push(']');
        }
        let line = match self.shape {
            Shape::Plain => format!("<134>1 {clock} {decky} {service} - {kind} {data} {message}"),
            Shape::Prompt => format!("<14>1 {clock} {decky} {service} 412 - - {message}"),
            Shape::Wrapped => format!(
                "<30>1 {clock} 4be1f09c dockerd 77 - - {clock} {decky} {service} - {kind} {data} {message}"
            ),
        };
        line.trim_end().to_owned()
    }

    /// The event as the record that the collector makes of its line.
    pub(crate) fn record(&self) -> String {
        let mut fields = self.fields.clone();
        // The collector splits host:port, and keeps the port under this name.
        if let Some((_, port)) =
            fields.iter().find(|(name, _)| *name == "remote_addr").and_then(|f| f.1.rsplit_once(':'))
        {
            let port = port.to_owned();
            fields.push(("remote_port", port));
        }
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, quoted(value))).collect();
        object(&[
            ("timestamp", quoted(&calendar(self.at, ' '))),
            ("decky", quoted(self.decky)),
            ("service", quoted(self.service)),
            ("event_type", quoted(self.kind)),
            ("attacker_ip", quoted(&self.source)),
            ("fields", object(&fields)),
            ("msg", quoted(&self.message)),
            ("raw_line", quoted(&self.syslog())),
        ])
    }
}

/// One visit of one source, from its first to its last event. What a source does is mostly what it always does.
pub(crate) fn visit(random: &mut Random, sources: &Sources, start: u64) -> Vec<Event> {
    let rank = sources.choose(random);
    let ip = address(rank);
    let habit = if random.percent(80) { rank * 7 } else { random.below(100) };
    let mut at = start;
    match habit % 12 {
        0..=3 => {
            let targets =
                [("decky-01", "ssh"), ("decky-02", "ssh"), ("decky-02", "ftp"), ("decky-06", "telnet")];
            let (decky, service) = targets[random.below(4) as usize];
            brute_force(random, at, decky, service, &ip)
        }
        4..=5 => {
            let mut events = Vec::new();
            for (decky, services) in DECKIES {
                for service in services {
                    at += random.between(5_000, 400_000);
                    let port = random.between(1024, 65_535).to_string();
                    events.push(
                        Event::new(at, decky, service, "connection", &ip)
                            .field("src", &*ip)
                            .field("src_port", port),
                    );
                }
            }
            events
        }
        6..=7 => web_probe(random, at, &ip),
        8..=9 => intrusion(random, at, &ip),
        10 => {
            let mail = |at, kind| Event::new(at, "decky-04", "smtp", kind, &ip).field("client_ip", &*ip);
            vec![
                mail(at, "ehlo").field("domain", "mail.example.net"),
                mail(at + SECOND, "mail_from").field("address", "<info@example.com>"),
                mail(at + 2 * SECOND, "rcpt_to")
                    .field("address", "<\"quoted\"@example.org>")
                    .message("Relay access denied"),
            ]
        }
        _ => {
            let said = format!("handshake failed: client {ip} sent no cookie");
            let query = *["SELECT @@version", "SHOW DATABASES", "select 'ü%_\\'"]
                .get(random.below(3) as usize)
                .unwrap_or(&"");
            vec![
                Event::new(at, "decky-03", "rdp", "handshake", &ip).message(said),
                Event::new(at + SECOND, "decky-05", "mysql", "query", &ip)
                    .field("src_ip", &*ip)
                    .field("query", query),
                Event::new(at + 2 * SECOND, "decky-05", "redis", "auth", "Unknown")
                    .message("auth over unix socket"),
            ]
        }
    }
}

fn brute_force(
    random: &mut Random,
    start: u64,
    decky: &'static str,
    service: &'static str,
    ip: &str,
) -> Vec<Event> {
    let mut at = start;
    (0..random.between(2, 18))
        .map(|_| {
            at += random.between(SECOND / 5, 6 * SECOND);
            let event = Event::new(at, decky, service, "login_attempt", ip).field("src_ip", ip);
            event.field("username", random.pick(&USERS)).field("password", random.pick(&PASSWORDS))
        })
        .collect()
}

fn web_probe(random: &mut Random, start: u64, ip: &str) -> Vec<Event> {
    let mut at = start;
    let decky = random.pick(&["decky-01", "decky-04"]);
    (0..random.between(1, 8))
        .map(|_| {
            at += random.between(SECOND / 50, 2 * SECOND);
            let port = random.between(1024, 65_535);
            let peer = if ip.contains(':') { format!("[{ip}]:{port}") } else { format!("{ip}:{port}") };
            let event = Event::new(at, decky, "http", "request", ip).field("remote_addr", peer);
            event
                .field("method", "GET")
                .field("path", random.pick(&PATHS))
                .field("user_agent", random.pick(&AGENTS))
        })
        .collect()
}

fn intrusion(random: &mut Random, start: u64, ip: &str) -> Vec<Event> {
    let decky = random.pick(&["decky-01", "decky-02", "decky-04"]);
    let mut events = brute_force(random, start, decky, "ssh", ip);
    let mut at = events.last().map_or(start, |event| event.at) + SECOND;
    let session = format!("{:012x}", random.next() >> 16);
    let login =
        Event::new(at, decky, "ssh", "login_success", ip).field("src_ip", ip).field("session", &*session);
    events.push(login.field("username", "root").field("password", random.pick(&PASSWORDS)));
    for _ in 0..random.between(2, 9) {
        at += random.between(SECOND, 25 * SECOND);
        let command = random.pick(&COMMANDS);
        let mut event = Event::new(at, decky, "ssh", "command", ip);
        event.shape = [Shape::Plain, Shape::Prompt, Shape::Wrapped][random.below(3) as usize];
        events.push(match event.shape {
            Shape::Prompt => event.message(format!("CMD uid=0 user=root src={ip} pwd=/root cmd={command}")),
            _ => event.field("src_ip", ip).field("session", &*session).field("command", command),
        });
    }
    let end = Event::new(at + SECOND, decky, "ssh", "disconnect", ip)
        .field("src_ip", ip)
        .field("session", &*session);
    events.push(end.message(format!("Connection closed by {ip}")));
    events
}
