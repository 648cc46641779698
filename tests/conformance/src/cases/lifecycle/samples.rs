//! Sample arguments: the database as a whole.

use serde_json::json;

use crate::samples::Domain;

pub(crate) fn samples() -> Vec<Domain> {
    vec![
        ("lifecycle", vec![("initialize", json!({})), ("reinitialize", json!({}))]),
        ("maintenance", vec![("purge_logs_and_bounties", json!({}))]),
    ]
}
