//! Sample arguments: tarpit rules.

use serde_json::{Value, json};

use super::rule;
use crate::samples::Domain;

pub(crate) fn samples() -> Vec<Domain> {
    vec![("tarpit", tarpit())]
}

fn tarpit() -> Vec<(&'static str, Value)> {
    vec![
        ("set_tarpit_rule", json!({"data": rule("d1")})),
        ("set_tarpit_rule", json!({"data": {"decky_name": "d1", "delay_ms": 100}})),
        ("get_tarpit_rule", json!({"decky_name": "d1"})),
        ("delete_tarpit_rule", json!({"decky_name": "d1"})),
        ("list_tarpit_rules", json!({})),
    ]
}
