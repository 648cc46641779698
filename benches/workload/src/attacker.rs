//! Attackers.

use crate::tables::{ADDRESSES, DECKIES, SERVICES, T0_US, decky, ip};
use crate::{Rng, SPAN_US, streams};

/// A row of the table `attackers`; the column `updated_at` is `last_seen`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns of the same names")]
pub struct Attacker {
    pub ip: String,
    /// Whole seconds since 1970.
    pub first_seen: i64,
    /// Whole seconds since 1970.
    pub last_seen: i64,
    pub event_count: u64,
    pub service_count: u64,
    pub decky_count: u64,
    /// JSON text.
    pub services: String,
    /// JSON text.
    pub deckies: String,
    pub traversal_path: Option<String>,
    pub is_traversal: bool,
    pub bounty_count: u64,
    pub credential_count: u64,
    /// JSON text.
    pub fingerprints: String,
    /// JSON text.
    pub commands: String,
    pub country_code: String,
    pub country_source: &'static str,
    pub asn: u64,
    pub as_name: String,
    pub bgp_prefix: String,
    pub asn_source: &'static str,
}

/// A list of texts that need no escapes, as Python's `json.dumps` writes it.
fn json_list(texts: &[String]) -> String {
    format!("[\"{}\"]", texts.join("\", \""))
}

fn attacker(seed: u64, stream: u64, index: u64, ip: String) -> Attacker {
    let rng = &mut Rng::at(seed, stream, index);
    let service_count = 1 + rng.below(4);
    let decky_count = 1 + rng.below(6);
    let first_service = rng.below(SERVICES.len() as u64);
    let first_decky = rng.below(DECKIES);
    let services: Vec<String> = (0..service_count)
        .map(|j| SERVICES[((first_service + j) % SERVICES.len() as u64) as usize].to_owned())
        .collect();
    let deckies: Vec<String> = (0..decky_count).map(|j| decky(first_decky + j)).collect();
    let first = T0_US + rng.below(SPAN_US as u64) as i64;
    let last = first + rng.below((T0_US + SPAN_US - first) as u64) as i64;
    let event_count = 1 + rng.below(5000);
    let country_code = (0..2).map(|_| char::from(b'A' + rng.below(26) as u8)).collect();
    let asn = 1 + rng.below(65_000);
    let fingerprint = rng.next_u64();
    let network = ip.rsplit_once('.').map_or("", |(network, _)| network);
    Attacker {
        first_seen: first.div_euclid(1_000_000),
        last_seen: last.div_euclid(1_000_000),
        event_count,
        service_count,
        decky_count,
        services: json_list(&services),
        deckies: json_list(&deckies),
        traversal_path: (decky_count > 1).then(|| deckies.join(" -> ")),
        is_traversal: decky_count > 1,
        bounty_count: event_count % 17,
        credential_count: event_count % 11,
        fingerprints: format!(r#"[{{"fingerprint_type": "ja3", "value": "{fingerprint:016x}"}}]"#),
        commands: format!(
            r#"[{{"service": "{}", "decky": "{}", "command": "uname -a"}}]"#,
            services[0], deckies[0]
        ),
        country_code,
        country_source: "bench",
        asn,
        as_name: format!("AS{asn} BENCH"),
        bgp_prefix: format!("{network}.0/24"),
        asn_source: "bench",
        ip,
    }
}

/// How many attackers there are before anything is measured, with so many preloaded log rows.
pub fn preloaded_attackers(rows: u64) -> u64 {
    (rows / 10).clamp(1, ADDRESSES)
}

/// One of those; its uuid is that of the integer `0xA * 2^100 + rank`.
pub fn preloaded_attacker(seed: u64, rank: u64) -> Attacker {
    attacker(seed, streams::ATTACKER, rank, ip(rank))
}

/// The `k`th attacker with an address that is not there.
pub fn new_attacker(seed: u64, k: u64) -> Attacker {
    let address = format!("198.{}.{}.{}", 18 + ((k >> 16) & 1), (k >> 8) & 255, k & 255);
    attacker(seed, streams::NEW_ATTACKER, k, address)
}

/// The `k`th change of an attacker that is there, of so many.
pub fn existing_attacker(seed: u64, k: u64, attackers: u64) -> Attacker {
    let rank = Rng::at(seed, streams::EXISTING_ATTACKER + 100, k).below(attackers);
    attacker(seed, streams::EXISTING_ATTACKER, k, ip(rank))
}
