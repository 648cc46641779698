//! Golden data of intel.

use serde_json::json;

use crate::golden::{Coverage, List, Ruled, RuledRow};

pub(crate) fn golden() -> Coverage {
    Coverage {
        tables: &["attacker_intel"],
        ruled: vec![Ruled::error(
            List::IntelligenceWrites,
            70,
            "R15: a missing field is invalid input",
            "invalid_input",
        )],
        rows: vec![RuledRow::columns(
            List::IntelligenceWrites,
            "attacker_intel",
            json!({"uuid": "0000000000004000800000000000000c"}),
            "R17: null for a column that can't be null means absent",
            json!({"greynoise_tags": "[]"}),
        )],
        ..Coverage::default()
    }
}
