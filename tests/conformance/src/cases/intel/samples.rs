//! Sample arguments: intel.

use serde_json::{Value, json};

use crate::samples::{Domain, UUID};

pub(crate) fn samples() -> Vec<Domain> {
    vec![("intel", intel())]
}

fn intel() -> Vec<(&'static str, Value)> {
    let whole = json!({
        "attacker_uuid": UUID, "attacker_ip": "203.0.113.7", "expires_at": "2026-03-01", "greynoise_tags": ["é"],
        "feodo_listed": 1, "feodo_raw": {"a": 1},
    });
    let part = json!({"attacker_uuid": UUID, "abuseipdb_score": 100});
    vec![
        ("upsert_attacker_intel", json!({"data": whole})),
        ("upsert_attacker_intel", json!({"data": part})),
        ("get_attacker_intel_by_uuid", json!({"uuid": UUID})),
        ("get_attacker_intel_row_by_uuid", json!({"uuid": UUID, "providers": ["greynoise"]})),
        ("get_unenriched_attackers", json!({"limit": 5})),
    ]
}
