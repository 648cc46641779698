//! Golden data of credentials.

use serde_json::{Value, json};

use crate::golden::{Coverage, List, Ruled, RuledRow};

const ONE_PRINCIPAL: &str = "R19: no principal and an empty one are the same";
const COUNTED: &str = "R19: the targets are counted from the first sighting on";

pub(crate) fn golden() -> Coverage {
    let (writes, reads) = (List::IntelligenceWrites, List::IntelligenceReads);
    let three_targets = |n| {
        let mut finding = writes.result(n);
        finding["target_count"] = json!(3);
        Ruled::answer(writes, n, COUNTED, finding)
    };
    Coverage {
        tables: &["credentials", "credential_reuse"],
        ruled: vec![
            Ruled::error(writes, 32, "R17: what a new row lacks is invalid input", "invalid_input"),
            Ruled::answer(writes, 35, ONE_PRINCIPAL, candidates()),
            three_targets(36),
            three_targets(37),
            three_targets(38),
            Ruled::answer(reads, 4, "R5: _ is literal", json!([])),
            Ruled::answer(reads, 9, "R5: % is literal", json!(0)),
            Ruled::answer(reads, 16, ONE_PRINCIPAL, candidates()),
            Ruled::answer(reads, 17, ONE_PRINCIPAL, candidates()),
        ],
        rows: vec![RuledRow::columns(
            writes,
            "credential_reuse",
            json!({"id": "00000000-0000-4000-8000-000000000005"}),
            COUNTED,
            json!({"target_count": 3}),
        )],
        ..Coverage::default()
    }
}

/// The original's candidates, of which the first, which has no principal, also has the credential with an empty one.
fn candidates() -> Value {
    let mut candidates = List::IntelligenceReads.result(16);
    let mut with_empty = List::IntelligenceReads.result(1)[1].clone();
    with_empty["fields"] = json!(r#"{"user": ""}"#);
    candidates[0]["target_count"] = json!(3);
    candidates[0]["credentials"].as_array_mut().expect("a list").push(with_empty);
    candidates
}
