//! Sample arguments: identities.

use serde_json::{Value, json};

use crate::samples::{Domain, UUID};

pub(crate) fn samples() -> Vec<Domain> {
    vec![("identities", identities())]
}

fn identities() -> Vec<(&'static str, Value)> {
    let state = json!({
        "identity_uuid": UUID, "primitive": "motor.iki_mean", "current_value": "typed", "state": "stable",
        "confidence": 0.5, "last_change_ts": 1.5, "last_observation_ts": 2.5,
    });
    let fingerprints = json!({
        "identity_uuid": UUID, "ja3_hashes": ["a"], "hassh_hashes": "[]", "kd_digraph_simhash": "deadbeefcafef00d",
    });
    vec![
        ("create_attacker_identity", json!({"row": {"uuid": UUID, "ja3_hashes": ["a", "é"]}})),
        ("get_identity_by_uuid", json!({"uuid": UUID})),
        ("list_identities", json!({})),
        ("list_identities", json!({"limit": 2, "offset": 1})),
        ("count_identities", json!({})),
        ("list_all_identities", json!({})),
        ("get_identities_page", json!({"after": "attacker_identities.uuid::u1", "limit": 2})),
        ("list_observations_for_identity", json!({"identity_uuid": UUID})),
        ("count_observations_for_identity", json!({"identity_uuid": UUID})),
        ("list_attackers_for_clustering", json!({})),
        ("list_attackers_for_clustering", json!({"limit": 2})),
        ("list_identities_for_clustering", json!({})),
        ("set_attacker_identity_id", json!({"attacker_uuid": UUID, "identity_uuid": UUID})),
        ("ensure_stub_identity_for_attacker", json!({"attacker_uuid": UUID})),
        ("update_identity_merged_into", json!({"identity_uuid": UUID, "winner_uuid": "w"})),
        ("update_identity_merged_into", json!({"identity_uuid": UUID})),
        ("update_identity_fingerprints", fingerprints),
        ("upsert_attribution_state", json!({"data": state})),
        (
            "upsert_attribution_state",
            json!({"data": {"identity_uuid": UUID, "primitive": "p", "current_value": null}}),
        ),
        ("get_attribution_state", json!({"identity_uuid": UUID, "primitive": "motor.iki_mean"})),
        ("get_attribution_state_for_identity", json!({"identity_uuid": UUID})),
        ("list_multi_actor_identities", json!({})),
    ]
}
