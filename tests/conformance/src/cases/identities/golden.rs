//! Golden data of identities.

use serde_json::{Value, json};

use crate::golden::{Coverage, List, Ruled, RuledRow};

const HEXADECIMAL: &str = "R19: a hash of typing rhythm is shown as hexadecimal digits, whatever its bytes";

pub(crate) fn golden() -> Coverage {
    let (writes, reads, after) =
        (List::IntelligenceWrites, List::IntelligenceReads, List::IntelligenceReadsAfterSql);
    let hexadecimal =
        |n| Ruled::answer(reads, n, HEXADECIMAL, with_hash(reads.result(n), "41424344007f7a7a"));
    let readable =
        |n, read| Ruled::answer(after, n, HEXADECIMAL, with_hash(reads.result(read), "deadbeefcafef00d"));
    Coverage {
        tables: &["attacker_identities", "attribution_state"],
        tables_of_others: &["attackers"],
        ruled: vec![
            Ruled::error(writes, 12, "R8: an unknown key is refused", "invalid_input"),
            Ruled::error(writes, 49, "R17: what a new row lacks is invalid input", "invalid_input"),
            hexadecimal(33),
            hexadecimal(34),
            hexadecimal(36),
            hexadecimal(37),
            hexadecimal(39),
            readable(2, 33),
            readable(3, 36),
            readable(4, 39),
            Ruled::answer(
                after,
                10,
                "R15: no row refers to one that is not there",
                with_hash(reads.result(34), "deadbeefcafef00d"),
            ),
        ],
        rows: vec![RuledRow::left_out(
            writes,
            "attacker_identities",
            json!({"uuid": "ident-3"}),
            "R8: an unknown key is refused",
        )],
        ..Coverage::default()
    }
}

/// The rows with their hashes of typing rhythm, where they have one, spelled so.
pub(crate) fn with_hash(mut value: Value, hash: &str) -> Value {
    let rows = match &mut value {
        Value::Array(rows) => rows.iter_mut().collect(),
        row => vec![row],
    };
    for row in rows {
        if !row["kd_digraph_simhash"].is_null() {
            row["kd_digraph_simhash"] = json!(hash);
        }
    }
    value
}
