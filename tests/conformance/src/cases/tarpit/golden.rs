//! Golden data of tarpit rules.

use crate::golden::Coverage;

pub(crate) fn golden() -> Coverage {
    Coverage {
        pending: &["set_tarpit_rule", "delete_tarpit_rule", "get_tarpit_rule", "list_tarpit_rules"],
        tables: &["tarpit_rules"],
        ..Coverage::default()
    }
}
