//! Golden data of named values.

use serde_json::Value;

use crate::golden::{Coverage, List, Ruled};

pub(crate) fn golden() -> Coverage {
    Coverage {
        tables: &["state"],
        ruled: vec![Ruled::answer(
            List::CoreMutations,
            45,
            "R9: the cursor goes with the rows that it points to",
            Value::Null,
        )],
        ..Coverage::default()
    }
}
