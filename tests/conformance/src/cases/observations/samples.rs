//! Sample arguments: observations.

use serde_json::{Value, json};

use crate::samples::{Domain, UUID};

pub(crate) fn samples() -> Vec<Domain> {
    vec![("observations", observations())]
}

fn observations() -> Vec<(&'static str, Value)> {
    let whole = json!({
        "attacker_uuid": UUID, "primitive": "motor.flag", "value": null, "confidence": 0.5, "window_start_ts": 1.5,
        "window_end_ts": 2, "source": "x", "evidence_ref": "shard:d/ssh#1", "envelope_v": 1, "ts": 2,
    });
    let part = json!({"primitive": "motor.flag", "evidence_ref": "shard:d/ssh#1", "value": [1, "é"]});
    let attachment = json!({
        "sha256": "AA", "decky_uuid": "d", "attacker_uuid": UUID, "extension": ".DOCX", "subject": "s",
        "mal_hash_match": true, "mal_hash_match_provider": "p",
    });
    vec![
        ("upsert_observation", json!({"data": whole})),
        ("upsert_observation", json!({"data": part})),
        ("get_observation_by_id", json!({"row_id": "o1"})),
        ("latest_observation_per_primitive", json!({"attacker_uuid": UUID})),
        ("observations_time_series", json!({"attacker_uuid": UUID, "primitive": "motor.flag"})),
        ("observations_for_identity_primitive", json!({"identity_uuid": UUID, "primitive": "motor.flag"})),
        ("has_observations_for_evidence", json!({"evidence_ref": "shard:d/ssh#1"})),
        ("list_observations_by_attacker", json!({"attacker_uuid": UUID})),
        ("get_all_observations_for_export", json!({})),
        ("export_observations", json!({})),
        (
            "export_observations",
            json!({"attacker_uuid": UUID, "primitive": "motor.flag", "after": "observations.id::o1", "limit": 2}),
        ),
        ("upsert_observed_attachment", attachment),
    ]
}
