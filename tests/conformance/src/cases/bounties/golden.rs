//! Golden data of bounties.

use serde_json::json;

use crate::golden::{Coverage, List, Ruled};

pub(crate) fn golden() -> Coverage {
    Coverage {
        tables: &["bounty"],
        ruled: vec![Ruled::answer(List::CoreReads, 97, "R5: % is literal", json!(0))],
        ..Coverage::default()
    }
}
