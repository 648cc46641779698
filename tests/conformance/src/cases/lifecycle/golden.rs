//! Golden data of the database as a whole.

use serde_json::Value;

use crate::golden::{Coverage, List, Ruled};

pub(crate) fn golden() -> Coverage {
    Coverage {
        ruled: vec![Ruled::answer(
            List::CoreMutations,
            50,
            "R11: `initialize` and `reinitialize` seed",
            Value::Null,
        )],
        ..Coverage::default()
    }
}
