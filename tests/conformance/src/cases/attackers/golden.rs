//! Golden data of attackers, and what is derived from them.

use serde_json::json;

use crate::golden::{Coverage, List, Ruled};

/// The attacker of 203.0.113.7.
const ATTACKER: &str = "00000000-0000-4000-8000-000000000001";

const OUTCOME: &str = "R16: the outcome, and the event's fields where it rotated";

pub(crate) fn golden() -> Coverage {
    Coverage {
        tables: &["attackers", "attacker_behavior", "smtp_targets", "attacker_fingerprint_state"],
        ruled: vec![
            Ruled::answer(List::CoreReads, 110, "R5: _ is literal", json!([])),
            Ruled::answer(
                List::CoreReads,
                137,
                "R7: the JSON value is compared",
                json!({
                    "attacker_ip": "203.0.113.7", "decky": "decky-02", "event_type": "session_recorded",
                    "fields": "{\"sid\": \"7b2d0f0e-9b1a-4c55-8d3e-000000000002\", \"service\": \"ssh\"}",
                    "id": 6, "msg": null, "raw_line": "sess spaced json", "service": "ssh", "span_id": null,
                    "timestamp": "2026-01-02T00:00:01Z", "trace_id": null
                }),
            ),
            Ruled::error(List::CoreMutations, 19, "R8: an unknown column", "invalid_input"),
            Ruled::error(List::CoreMutations, 20, "R15: a missing field is invalid input", "invalid_input"),
            Ruled::answer(
                List::IntelligenceWrites,
                84,
                OUTCOME,
                json!({"outcome": "first_sighting", "attacker_uuid": ATTACKER}),
            ),
            Ruled::answer(
                List::IntelligenceWrites,
                85,
                OUTCOME,
                json!({"outcome": "unchanged", "attacker_uuid": ATTACKER}),
            ),
            Ruled::answer(
                List::IntelligenceWrites,
                86,
                OUTCOME,
                json!({
                    "outcome": "rotated", "old_hash": "aaaa", "new_hash": "bbbb", "rotation_count": 1,
                    "attacker_ip": "203.0.113.7", "attacker_uuid": ATTACKER, "port": 22, "probe_type": "hassh",
                    "ts": "2026-03-03T00:00:00.000009Z",
                }),
            ),
            Ruled::answer(
                List::IntelligenceWrites,
                87,
                OUTCOME,
                json!({"outcome": "first_sighting", "attacker_uuid": ATTACKER}),
            ),
            Ruled::answer(
                List::IntelligenceWrites,
                88,
                OUTCOME,
                json!({"outcome": "no_attacker_row", "attacker_uuid": null}),
            ),
        ],
        ..Coverage::default()
    }
}
