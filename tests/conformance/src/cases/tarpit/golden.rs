//! Golden data of tarpit rules.

use crate::golden::Coverage;

pub(crate) fn golden() -> Coverage {
    Coverage { tables: &["tarpit_rules"], ..Coverage::default() }
}
