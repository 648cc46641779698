//! Log rows.

use crate::tables::{EVENTS, SERVICES, STATUSES, T0_US, TOKEN, USERS, decky, ip, one_of, part_of_span, zipf};
use crate::{Rng, SPAN_US, streams, time};

/// A row of the table `logs`, as the collector hands it on. `trace_id` and `span_id` stay unset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// When, in whole seconds since 1970.
    pub seconds: i64,
    /// `decky-01` … `decky-50`.
    pub decky: String,
    /// One of 12.
    pub service: &'static str,
    /// One of 20.
    pub event_type: &'static str,
    /// One of 5000, by Zipf's law.
    pub attacker_ip: String,
    /// The members of the JSON column `fields`, in their order.
    pub fields: [(&'static str, String); 6],
    /// What happened, for people.
    pub msg: String,
    /// The line as it came, 189.5 bytes on average.
    pub raw_line: String,
}

impl Log {
    /// `YYYY-MM-DD HH:MM:SS`, UTC.
    pub fn timestamp(&self) -> String {
        time::text(self.seconds, ' ')
    }

    /// The fields as compact JSON, the form in which they are stored.
    pub fn fields_json(&self) -> String {
        // Nothing in them needs an escape.
        let mut json = String::with_capacity(128);
        for (position, (key, value)) in self.fields.iter().enumerate() {
            json.push_str(if position == 0 { "{\"" } else { ",\"" });
            json.push_str(key);
            json.push_str("\":\"");
            json.push_str(value);
            json.push('"');
        }
        json.push('}');
        json
    }

    /// The row as the digests of the workload have it.
    pub fn canonical(&self) -> String {
        let fields = self.fields_json();
        let timestamp = self.timestamp();
        let columns = [
            &timestamp,
            &self.decky,
            self.service,
            self.event_type,
            &self.attacker_ip,
            &fields,
            &self.msg,
            &self.raw_line,
        ];
        columns.join("\u{1f}") + "\n"
    }
}

fn log(seed: u64, stream: u64, index: u64, base_us: i64) -> Log {
    let rng = &mut Rng::at(seed, stream, index);
    let decky = decky(rng.below(50));
    let service = one_of(rng, &SERVICES);
    let event_type = one_of(rng, &EVENTS);
    let attacker_ip = ip(zipf(rng));
    let port = (1024 + rng.below(64_512)).to_string();
    let user = one_of(rng, &USERS);
    let session = format!("{:016x}", rng.next_u64());
    let bytes = rng.below(65_536).to_string();
    let status = one_of(rng, &STATUSES);
    let hit = rng.below(1000) == 0;
    // Up to 30 seconds to either side, so that rows don't arrive in the order of their times.
    let us = (base_us + rng.below(60_000_001) as i64 - 30_000_000).max(T0_US);
    let seconds = us.div_euclid(1_000_000);
    let iso = time::text(seconds, 'T');
    let micros = us.rem_euclid(1_000_000);
    let mut msg = format!("{event_type} from {attacker_ip}");
    if hit {
        msg.push(' ');
        msg.push_str(TOKEN);
    }
    let raw_line = format!(
        "<134>1 {iso}.{micros:06}Z {decky} {service} - {event_type} [relay@55555 src_ip=\"{attacker_ip}\" \
         src_port=\"{port}\" username=\"{user}\" status=\"{status}\" bytes=\"{bytes}\"] {msg}"
    );
    let fields = [
        ("src_ip", attacker_ip.clone()),
        ("src_port", port),
        ("username", user.to_owned()),
        ("session", session),
        ("status", status.to_owned()),
        ("bytes", bytes),
    ];
    Log { seconds, decky, service, event_type, attacker_ip, fields, msg, raw_line }
}

/// Row `index` of the `rows` that are there before anything is measured.
pub fn preloaded_log(seed: u64, index: u64, rows: u64) -> Log {
    log(seed, streams::LOG, index, part_of_span(index, rows))
}

/// Row `k` of those that an operation writes.
pub fn op_log(seed: u64, stream: u64, k: u64) -> Log {
    log(seed, stream, k, T0_US + SPAN_US + k as i64 * 10_000)
}
