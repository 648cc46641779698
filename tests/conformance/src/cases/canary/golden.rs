//! Golden data of canaries.

use serde_json::json;

use crate::golden::{Coverage, List, Ruled, RuledRow};

pub(crate) fn golden() -> Coverage {
    Coverage {
        pending: &[
            "upsert_canary_blob",
            "create_canary_token",
            "record_canary_trigger",
            "attribute_canary_trigger",
            "update_canary_token_state",
            "delete_canary_blob",
            "get_canary_blob",
            "get_canary_blob_by_sha256",
            "list_canary_blobs",
            "get_canary_token",
            "get_canary_token_by_slug",
            "list_canary_tokens",
            "list_canary_triggers",
            "iter_canary_triggers_since",
        ],
        tables: &["canary_blobs", "canary_tokens", "canary_triggers"],
        ruled: vec![Ruled::error(List::DeploymentWrites, 89, "R15: its token is not there", "conflict")],
        rows: vec![RuledRow::left_out(
            List::DeploymentWrites,
            "canary_triggers",
            json!({"uuid": "80000000-0000-4000-8000-000000000004"}),
            "R15: its token is not there",
        )],
        ..Coverage::default()
    }
}
