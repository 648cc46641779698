//! Sample arguments: attackers, and what is derived from them.

use serde_json::{Value, json};

use crate::samples::{Domain, UUID};

pub(crate) fn samples() -> Vec<Domain> {
    vec![("attackers", attackers()), ("activity", activity()), ("behavior", behavior())]
}

fn attackers() -> Vec<(&'static str, Value)> {
    let ip = "203.0.113.7";
    let new = json!({"ip": ip, "first_seen": "2026-01-01", "last_seen": "2026-01-02", "services": ["ssh"]});
    let recent = "attackers.last_seen:1767225600000000:00000000-0000-4000-8000-0000000000b0";
    let active = "attackers.event_count:7:00000000-0000-4000-8000-0000000000b0";
    let both = json!({"search": "203.0", "service": "ssh", "sort_by": "traversals", "limit": 2, "offset": 1});
    vec![
        ("upsert_attacker", json!({"data": new})),
        ("get_attacker_uuid_by_ip", json!({"ip": ip})),
        ("get_attacker_by_uuid", json!({"uuid": UUID})),
        ("get_attackers", json!({})),
        ("get_attackers", both),
        ("get_total_attackers", json!({})),
        ("get_total_attackers", json!({"search": "203.0", "service": "é"})),
        ("get_attackers_page", json!({})),
        ("get_attackers_page", json!({"search": "203.0", "after": recent})),
        ("get_attackers_page", json!({"sort_by": "active", "after": active})),
        ("get_all_attackers_for_export", json!({})),
        ("export_attackers", json!({})),
        (
            "export_attackers",
            json!({"limit": 10, "after": "attackers.uuid::00000000-0000-4000-8000-0000000000b0"}),
        ),
        ("bump_attacker_ipv6_leak", json!({"attacker_uuid": UUID, "evidence": {"iid_kind": "eui64"}})),
        (
            "bump_attacker_ipv6_leak",
            json!({"attacker_uuid": UUID, "identity_uuid": UUID, "evidence": {"addr": "fe80::1"}}),
        ),
    ]
}

fn activity() -> Vec<(&'static str, Value)> {
    vec![
        ("get_attacker_commands", json!({"uuid": UUID, "service": "ssh"})),
        ("list_attacker_commands_deduped", json!({"uuid": UUID})),
        ("get_attacker_service_activity", json!({"attacker_uuid": UUID})),
        ("get_attacker_artifacts", json!({"uuid": UUID})),
        ("get_attacker_stored_mail", json!({"uuid": UUID})),
        ("get_attacker_transcripts", json!({"uuid": UUID})),
        ("get_session_log", json!({"sid": "s-1"})),
        ("get_attacker_ip_leaks", json!({"attacker_uuid": UUID})),
        ("count_attacker_ip_leaks", json!({"attacker_uuid": UUID})),
    ]
}

fn behavior() -> Vec<(&'static str, Value)> {
    let probe = json!({
        "attacker_ip": "203.0.113.7", "port": 22, "probe_type": "hassh", "new_hash": "h1", "ts": "2026-01-01",
    });
    vec![
        ("upsert_attacker_behavior", json!({"attacker_uuid": UUID, "data": {"os_guess": "Linux"}})),
        ("get_attacker_behavior", json!({"attacker_uuid": UUID})),
        ("get_behaviors_for_ips", json!({"ips": ["203.0.113.7", "198.51.100.9"]})),
        ("get_behaviors_for_ips", json!({"ips": []})),
        ("increment_smtp_target", json!({"attacker_uuid": UUID, "domain": "a.example"})),
        ("list_smtp_targets", json!({"attacker_uuid": UUID})),
        ("smtp_target_seen", json!({"domain": "a.example"})),
        ("record_fingerprint", probe),
    ]
}
