//! Sample arguments: named values.

use serde_json::json;

use crate::samples::Domain;

pub(crate) fn samples() -> Vec<Domain> {
    vec![(
        "state",
        vec![
            ("get_state", json!({"key": "config_limits"})),
            ("set_state", json!({"key": "config_limits", "value": {"deployment_limit": 25}})),
        ],
    )]
}
