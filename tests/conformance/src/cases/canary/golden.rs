//! Golden data of canaries.

use crate::golden::Coverage;

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
        ruled: Vec::new(),
    }
}
