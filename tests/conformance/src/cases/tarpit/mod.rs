//! Tarpit rules (contract document 74).

pub(crate) mod golden;
pub(crate) mod rules;
pub(crate) mod samples;

crate::catalogue::cases! { tarpit:
    rules {
        /// A rule is inserted with the original's defaults, and later changed only where it is given something.
        a_rule_is_changed_where_it_is_given_something,
        /// 40 first writes of a rule make one row.
        rules_that_come_at_the_same_time_are_one,
        /// Ports are a list or a text, and text that is not JSON is shown as it is.
        ports_are_a_list_or_a_text,
        /// Rules are checked.
        rules_are_checked,
        /// Rules are found exactly, listed by id, deleted once.
        rules_are_listed_and_deleted,
    }
}

/// A rule's columns, without those that have a default.
fn rule(decky_name: &str) -> serde_json::Value {
    serde_json::json!({"decky_name": decky_name, "ports": [22, 80], "delay_ms": 2500, "created_by": "u"})
}
