//! Sample arguments: credentials.

use serde_json::{Value, json};

use crate::samples::{Domain, UUID};

pub(crate) fn samples() -> Vec<Domain> {
    vec![("credentials", credentials())]
}

fn credentials() -> Vec<(&'static str, Value)> {
    let (ip, hash) = ("203.0.113.7", "f52fbd32b2b3b86ff88ef6c490628285f482af15ddcb29541f94bcf526a3f6c7");
    let attempt = json!({
        "attacker_ip": ip, "decky_name": "decky-01", "service": "ssh", "principal": "root",
        "secret_sha256": hash, "secret_b64": "aHVudGVyMg==", "secret_printable": "hunter2",
        "outcome": "failure", "fields": {"user": "root"},
    });
    let sighting = json!({
        "secret_sha256": hash, "secret_kind": "plaintext", "principal": "root", "attacker_uuid": UUID,
        "attacker_ip": ip, "decky": "decky-01", "service": "ssh", "attempt_count": 2, "ts": "2026-01-01",
    });
    vec![
        ("upsert_credential", json!({"data": attempt})),
        (
            "upsert_credential",
            json!({"data": {"attacker_ip": ip, "decky_name": "d", "service": "s", "secret_sha256": hash}}),
        ),
        ("get_credentials", json!({})),
        (
            "get_credentials",
            json!({"search": "o'b%", "service": "ssh", "attacker_ip": ip, "limit": 2, "offset": 1}),
        ),
        ("get_total_credentials", json!({})),
        ("get_credentials_page", json!({})),
        (
            "get_credentials_page",
            json!({"attacker_ip": ip, "secret_sha256": hash, "after": "credentials.id::1", "limit": 2}),
        ),
        ("get_credentials_for_attacker", json!({"attacker_ip": ip})),
        ("get_credential_attempts_for_secret", json!({"secret_sha256": hash})),
        ("update_credential_attacker_uuid", json!({"attacker_ip": ip, "attacker_uuid": UUID})),
        ("upsert_credential_reuse", sighting),
        ("find_credential_reuse_candidates", json!({})),
        ("list_credential_reuses", json!({})),
        ("list_credential_reuses", json!({"limit": 2, "offset": 1, "secret_kind": "plaintext"})),
        ("get_credential_reuse_by_id", json!({"reuse_id": UUID})),
    ]
}
