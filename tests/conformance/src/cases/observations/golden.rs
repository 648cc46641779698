//! Golden data of observations.

use crate::golden::{Coverage, List, Ruled};

pub(crate) fn golden() -> Coverage {
    Coverage {
        tables: &["observations", "observed_attachments"],
        ruled: vec![Ruled::error(
            List::IntelligenceWrites,
            62,
            "R15: a missing field is invalid input",
            "invalid_input",
        )],
        ..Coverage::default()
    }
}
