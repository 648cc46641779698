//! Golden data of canaries.

use serde_json::json;

use crate::golden::{Coverage, List, Ruled, RuledRow};

pub(crate) fn golden() -> Coverage {
    Coverage {
        tables: &["canary_blobs", "canary_tokens", "canary_triggers"],
        ruled: vec![
            Ruled::error(
                List::DeploymentWrites,
                80,
                "R15: a missing member is invalid input",
                "invalid_input",
            ),
            Ruled::error(List::DeploymentWrites, 89, "R15: its token is not there", "conflict"),
        ],
        rows: vec![RuledRow::left_out(
            List::DeploymentWrites,
            "canary_triggers",
            json!({"uuid": "80000000-0000-4000-8000-000000000004"}),
            "R15: its token is not there",
        )],
        ..Coverage::default()
    }
}
