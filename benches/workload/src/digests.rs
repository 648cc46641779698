//! Digests of the rows, which prove that two programs measure the same.

use sha2::{Digest as _, Sha256};

use crate::time;
use crate::{
    Attacker, Bounty, Rng, op_log, preloaded_attacker, preloaded_bounty, preloaded_log, streams, zipf_total,
};

/// What each of them is, and its value with seed 1 as the workload's description has it.
pub const EXPECTED: [(&str, &str); 7] = [
    ("splitmix64 from state 1234567", "6457827717110365317, 3203168211198807973, 9817491932198370423"),
    ("Rng(1,1,0)", "448761784217584677"),
    ("total of the Zipf weights", "39060615654"),
    ("preloaded log rows, N=10000, all", "68702fecc8876587fd07181956c5770367d4bddbcca553d30dac8b5cb4082703"),
    ("log rows of stream 20, k=0..999", "9f54aeface08d0b0c4e5c29deb1455cb7699752be4a2facb912fbd50f0103cfc"),
    ("attackers 0..999", "4001dd7f311fa03ec6a61d2f645c24adc51ee6da32a314b7e18bdf531296f39f"),
    ("bounties 0..499 of 500", "5e1a672e53a40e57eff0ea90ab0ffbacad1f6d3d0ae5d42bed28d002e5bed906"),
];

/// The values that this library's rows have, in the order of [`EXPECTED`].
pub fn digests() -> [String; 7] {
    let mut plain = Rng::new(1_234_567);
    let first: [String; 3] = std::array::from_fn(|_| plain.next_u64().to_string());
    [
        first.join(", "),
        Rng::at(1, 1, 0).next_u64().to_string(),
        zipf_total().to_string(),
        sha256((0..10_000).map(|index| preloaded_log(1, index, 10_000).canonical())),
        sha256((0..1000).map(|k| op_log(1, streams::SEQ, k).canonical())),
        sha256((0..1000).map(|rank| attacker_line(&preloaded_attacker(1, rank)))),
        sha256((0..500).map(|index| bounty_line(&preloaded_bounty(1, index, 500)))),
    ]
}

fn sha256(rows: impl Iterator<Item = String>) -> String {
    let mut hash = Sha256::new();
    for row in rows {
        hash.update(row);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn time_json(seconds: i64) -> String {
    format!("\"{}+00:00\"", time::text(seconds, ' '))
}

/// A JSON string; quotation marks are all that needs an escape in these rows.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\\\""))
}

fn object(members: &[(&str, String)]) -> String {
    let members: Vec<String> = members.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
    format!("{{{}}}\n", members.join(","))
}

fn attacker_line(row: &Attacker) -> String {
    object(&[
        ("ip", quoted(&row.ip)),
        ("first_seen", time_json(row.first_seen)),
        ("last_seen", time_json(row.last_seen)),
        ("event_count", row.event_count.to_string()),
        ("service_count", row.service_count.to_string()),
        ("decky_count", row.decky_count.to_string()),
        ("services", quoted(&row.services)),
        ("deckies", quoted(&row.deckies)),
        ("traversal_path", row.traversal_path.as_deref().map_or_else(|| "null".to_owned(), quoted)),
        ("is_traversal", row.is_traversal.to_string()),
        ("bounty_count", row.bounty_count.to_string()),
        ("credential_count", row.credential_count.to_string()),
        ("fingerprints", quoted(&row.fingerprints)),
        ("commands", quoted(&row.commands)),
        ("country_code", quoted(&row.country_code)),
        ("country_source", quoted(row.country_source)),
        ("asn", row.asn.to_string()),
        ("as_name", quoted(&row.as_name)),
        ("bgp_prefix", quoted(&row.bgp_prefix)),
        ("asn_source", quoted(row.asn_source)),
        ("updated_at", time_json(row.last_seen)),
    ])
}

fn bounty_line(row: &Bounty) -> String {
    object(&[
        ("decky", quoted(&row.decky)),
        ("service", quoted(row.service)),
        ("attacker_ip", quoted(&row.attacker_ip)),
        ("bounty_type", quoted(row.bounty_type)),
        ("payload", row.payload.clone()),
        ("timestamp", time_json(row.seconds)),
    ])
}
