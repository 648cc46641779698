//! Golden data of events.

use serde_json::{Value, json};

use crate::golden::{Coverage, List, Ruled};

pub(crate) fn golden() -> Coverage {
    Coverage { tables: &["logs"], ruled: ruled(), ..Coverage::default() }
}

fn ruled() -> Vec<Ruled> {
    vec![
        Ruled::answer(List::CoreReads, 36, "R5: an address is a substring", json!([3])),
        Ruled::answer(List::CoreReads, 41, "R5: numbers match by their spelling", json!([2, 1])),
        Ruled::answer(List::CoreReads, 42, "R5: true matches by its spelling", json!([1])),
        Ruled::answer(List::CoreReads, 43, "R5: numbers match by their spelling", json!([3])),
        Ruled::answer(List::CoreReads, 44, "R5: what begins with a digit is no key", json!([])),
        Ruled::answer(List::CoreReads, 45, "R5: a key may have a dash", json!([11])),
        Ruled::answer(List::CoreReads, 47, "R5: objects never match", json!([])),
        Ruled::answer(List::CoreReads, 49, "R5: % is literal", json!([10, 3])),
        Ruled::answer(List::CoreReads, 50, "R5: _ is literal", json!([10])),
        Ruled::answer(List::CoreReads, 61, "R5: :: is an address", json!([3])),
        Ruled::answer(List::CoreReads, 69, "R1: the end is an instant, inclusive", json!([3, 2, 1])),
        Ruled::answer(List::CoreReads, 71, "R1: T makes no difference", json!([12, 11, 10, 9, 8, 7, 6, 5])),
        Ruled::answer(List::CoreReads, 72, "R1: T makes no difference", json!([5, 4, 3, 2, 1])),
        Ruled::answer(List::CoreReads, 73, "R1: Z is read", json!([12, 11, 10, 9, 8, 7, 6, 5, 4, 3])),
        Ruled::answer(List::CoreReads, 75, "R1: a date is its midnight", json!([5, 4, 3, 2, 1])),
        Ruled::answer(
            List::CoreReads,
            82,
            "R1: buckets are rounded down",
            buckets(&[
                ("2026-01-01 00:00:00", 2),
                ("2026-01-01 00:15:00", 1),
                ("2026-01-01 13:30:00", 1),
                ("2026-01-02 00:00:00", 2),
                ("2026-01-02 06:00:00", 2),
                ("2026-01-03 23:45:00", 1),
                ("2026-02-01 00:00:00", 2),
                ("2026-03-01 12:00:00", 1),
            ]),
        ),
        Ruled::answer(
            List::CoreReads,
            83,
            "R1: buckets are rounded down",
            buckets(&[
                ("2026-01-01 00:00:00", 3),
                ("2026-01-01 13:00:00", 1),
                ("2026-01-02 00:00:00", 2),
                ("2026-01-02 06:00:00", 2),
                ("2026-01-03 23:00:00", 1),
                ("2026-02-01 00:00:00", 2),
                ("2026-03-01 12:00:00", 1),
            ]),
        ),
        Ruled::answer(
            List::CoreReads,
            84,
            "R1: buckets are rounded down",
            buckets(&[
                ("2026-01-01 00:00:00", 4),
                ("2026-01-02 00:00:00", 4),
                ("2026-01-03 00:00:00", 1),
                ("2026-02-01 00:00:00", 2),
                ("2026-03-01 00:00:00", 1),
            ]),
        ),
        Ruled::answer(
            List::CoreReads,
            85,
            "R1: buckets are rounded down",
            buckets(&[
                ("2026-01-01 00:00:00", 1),
                ("2026-01-01 00:14:00", 1),
                ("2026-01-01 00:15:00", 1),
                ("2026-01-01 13:30:00", 1),
                ("2026-01-02 00:00:00", 2),
                ("2026-01-02 06:00:00", 2),
                ("2026-01-03 23:59:00", 1),
                ("2026-02-01 00:00:00", 2),
                ("2026-03-01 12:00:00", 1),
            ]),
        ),
        Ruled::answer(
            List::CoreReads,
            88,
            "R10: the fleet's rows count, its file doesn't",
            json!({"total_logs": 12, "unique_attackers": 5, "active_deckies": 4, "deployed_deckies": 6}),
        ),
        Ruled::error(List::CoreMutations, 16, "R15: a missing field is invalid input", "invalid_input"),
        // Whether ids begin again is the engine's choice: document 10 §2, "Row ids".
        Ruled::answer(List::CoreMutations, 49, "document 10: ids may begin again", json!("a new id")),
    ]
}

/// The histogram's answer.
fn buckets(list: &[(&str, u64)]) -> Value {
    list.iter().map(|(time, count)| json!({"time": time, "count": count})).collect()
}
