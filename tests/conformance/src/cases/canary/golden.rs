//! Golden data of canaries.

use serde_json::json;

use crate::golden::{Coverage, List, Ruled, RuledRow};

/// The rows of a read without the hit whose token is not there.
fn without_dangling(n: u64) -> Ruled {
    let mut rows = List::DeploymentReads.result(n);
    let rows = rows.as_array_mut().expect("a list");
    rows.retain(|row| row["token_uuid"] != "no-such-token");
    Ruled::answer(List::DeploymentReads, n, "R15: its token is not there", json!(rows))
}

pub(crate) fn golden() -> Coverage {
    let reads = [81, 83, 84, 85].map(without_dangling);
    let mut ruled = vec![
        Ruled::error(List::DeploymentWrites, 80, "R15: a missing member is invalid input", "invalid_input"),
        Ruled::error(List::DeploymentWrites, 89, "R15: its token is not there", "conflict"),
    ];
    ruled.extend(reads);
    Coverage {
        tables: &["canary_blobs", "canary_tokens", "canary_triggers"],
        ruled,
        rows: vec![RuledRow::left_out(
            List::DeploymentWrites,
            "canary_triggers",
            json!({"uuid": "80000000-0000-4000-8000-000000000004"}),
            "R15: its token is not there",
        )],
        ..Coverage::default()
    }
}
