//! Sample arguments: canaries.

use serde_json::{Value, json};

use super::{blob, token};
use crate::samples::{Domain, UUID};

pub(crate) fn samples() -> Vec<Domain> {
    vec![("canary", canary())]
}

fn canary() -> Vec<(&'static str, Value)> {
    let hit = json!({"token_uuid": UUID, "src_ip": "203.0.113.7", "raw_headers": {"host": "h"}});
    let filter = json!({"decky_name": "d1", "state": "", "kind": "http", "topology_id": UUID});
    vec![
        ("upsert_canary_blob", json!({"data": blob("ab")})),
        ("upsert_canary_blob", json!({"data": {"sha256": "ab"}})),
        ("get_canary_blob", json!({"uuid": UUID})),
        ("get_canary_blob_by_sha256", json!({"sha256": "ab"})),
        ("list_canary_blobs", json!({})),
        ("delete_canary_blob", json!({"uuid": UUID})),
        ("create_canary_token", json!({"data": token("slug")})),
        ("get_canary_token", json!({"uuid": UUID})),
        ("get_canary_token_by_slug", json!({"callback_token": "slug"})),
        ("list_canary_tokens", json!({})),
        ("get_canary_tokens_page", json!({"kind": "http", "after": "canary_tokens.uuid::u1", "limit": 2})),
        ("list_canary_tokens", filter),
        ("update_canary_token_state", json!({"uuid": UUID, "state": "revoked"})),
        ("record_canary_trigger", json!({"data": hit})),
        ("list_canary_triggers", json!({"token_uuid": UUID})),
        ("list_canary_triggers", json!({"token_uuid": UUID, "limit": 5, "offset": 10})),
        ("attribute_canary_trigger", json!({"trigger_uuid": UUID, "attacker_id": UUID})),
        ("iter_canary_triggers_since", json!({"since": "2026-01-01"})),
        ("get_canary_triggers_page", json!({"since": "2026-01-01"})),
        ("get_canary_triggers_page", json!({"since": "2026-01-01", "after": "canary_triggers.uuid::x"})),
    ]
}
