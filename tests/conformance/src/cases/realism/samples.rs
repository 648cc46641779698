//! Sample arguments: realism.

use serde_json::{Value, json};

use super::file;
use crate::samples::{Domain, UUID};

pub(crate) fn samples() -> Vec<Domain> {
    vec![("realism", realism())]
}

fn realism() -> Vec<(&'static str, Value)> {
    let filter = || json!({"decky_uuid": UUID, "persona": "", "content_class": "note"});
    let mut page = filter();
    page["limit"] = json!(5);
    page["offset"] = json!(10);
    vec![
        ("record_synthetic_file", json!({"data": file("d", "/a")})),
        ("update_synthetic_file", json!({"row_uuid": UUID, "data": {"edit_count": 2, "last_body": "b"}})),
        ("update_synthetic_file", json!({"row_uuid": UUID, "data": {}})),
        ("list_synthetic_files", json!({})),
        ("list_synthetic_files", page),
        ("count_synthetic_files", json!({})),
        ("count_synthetic_files", filter()),
        ("get_synthetic_file", json!({"uuid": UUID})),
        // A bound of now, which snapshots can show.
        ("pick_random_synthetic_file_for_edit", json!({"decky_uuid": "d", "max_age_days": 0})),
        ("pick_random_synthetic_file_for_edit", json!({"decky_uuid": "d", "max_age_days": 1_000_000})),
        ("get_realism_config", json!({"key": "weights"})),
        ("set_realism_config", json!({"key": "weights", "value": "{}"})),
    ]
}
