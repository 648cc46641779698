//! Sample arguments: bounties.

use serde_json::{Value, json};

use crate::samples::Domain;

pub(crate) fn samples() -> Vec<Domain> {
    vec![("bounties", bounties())]
}

fn bounties() -> Vec<(&'static str, Value)> {
    let bounty = json!({
        "decky": "d1", "service": "ssh", "attacker_ip": "203.0.113.7", "bounty_type": "artifact",
        "payload": {"sha256": "aa"},
    });
    let both = json!({"bounty_type": "artifact", "search": "a_b"});
    vec![
        ("add_bounty", json!({"bounty_data": bounty})),
        ("get_bounties", json!({})),
        ("get_bounties", json!({"bounty_type": "artifact", "search": "a_b", "limit": 2, "offset": 1})),
        ("get_bounties_page", json!({})),
        (
            "get_bounties_page",
            json!({"bounty_type": "artifact", "after": "bounty.timestamp:1767225600000000:7"}),
        ),
        ("get_total_bounties", json!({})),
        ("get_total_bounties", both),
        ("get_all_bounties_by_ip", json!({})),
        ("get_bounties_for_ips", json!({"ips": ["203.0.113.7", "198.51.100.9"]})),
        ("get_fingerprint_bounties_by_ip", json!({"ip": "203.0.113.7"})),
        ("get_all_fingerprint_bounties_for_export", json!({})),
        ("count_probe_relays", json!({"attacker_ip": "203.0.113.7", "decky": "d1"})),
    ]
}
