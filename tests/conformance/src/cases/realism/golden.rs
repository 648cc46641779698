//! Golden data of realism.

use crate::golden::Coverage;

pub(crate) fn golden() -> Coverage {
    Coverage { tables: &["synthetic_files", "realism_config"], ..Coverage::default() }
}
