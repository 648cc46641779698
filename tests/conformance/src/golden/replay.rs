//! Our answers on the database that the original wrote, against the original's.
//!
//! Where a ruling wants another answer, the call is listed with the ruling and the answer, never left out.

use std::collections::BTreeSet;

use decnet_db_core::call::{call, methods};
use decnet_db_core::contract::Repository;
use serde_json::{Value, json};

use super::{Recorded, recorded};

/// Calls every read that was recorded, on a database that holds exactly the rows of [`CORE`](super::CORE), whoever made its
/// tables.
///
/// # Panics
/// With a list of the answers that differ.
pub async fn check_reads(repository: &dyn Repository) {
    replay(repository, recorded("reads"), &reads_ruled()).await;
}

/// The same with the recorded writes, in their order. The database is another one afterwards.
///
/// # Panics
/// With a list of the answers that differ.
pub async fn check_writes(repository: &dyn Repository) {
    replay(repository, recorded("mutations"), &mutations_ruled()).await;
}

/// A call whose answer a ruling changes: its number, the ruling, our answer.
type Ruled = (u64, &'static str, Result<Value, &'static str>);

fn reads_ruled() -> Vec<Ruled> {
    let users = || {
        let by_uuid =
            recorded("reads").into_iter().find(|call| call.method == "list_users").expect("it is there");
        let mut users = by_uuid.outcome.expect("a list").as_array().expect("a list").clone();
        users.sort_by_key(|user| user["uuid"].to_string());
        Value::Array(users)
    };
    let buckets = |list: &[(&str, u64)]| {
        list.iter().map(|(time, count)| json!({"time": time, "count": count})).collect::<Value>()
    };
    // The original's answer to another call, or its rows in another order.
    let of = |n: u64, order: &[usize]| {
        let answer = recorded("reads").into_iter().find(|call| call.n == n).expect("it is there");
        let answer = answer.outcome.expect("a result");
        if order.is_empty() { answer } else { order.iter().map(|&row| answer[row].clone()).collect() }
    };
    vec![
        (9, "R6: no order is documented, so it is that of the key", Ok(users())),
        (36, "R5: an address is a substring", Ok(json!([3]))),
        (41, "R5: numbers match by their spelling", Ok(json!([2, 1]))),
        (42, "R5: true matches by its spelling", Ok(json!([1]))),
        (43, "R5: numbers match by their spelling", Ok(json!([3]))),
        (44, "R5: what begins with a digit is no key", Ok(json!([]))),
        (45, "R5: a key may have a dash", Ok(json!([11]))),
        (47, "R5: objects never match", Ok(json!([]))),
        (49, "R5: % is literal", Ok(json!([10, 3]))),
        (50, "R5: _ is literal", Ok(json!([10]))),
        (61, "R5: :: is an address", Ok(json!([3]))),
        (69, "R1: the end is an instant, inclusive", Ok(json!([3, 2, 1]))),
        (71, "R1: T makes no difference", Ok(json!([12, 11, 10, 9, 8, 7, 6, 5]))),
        (72, "R1: T makes no difference", Ok(json!([5, 4, 3, 2, 1]))),
        (73, "R1: Z is read", Ok(json!([12, 11, 10, 9, 8, 7, 6, 5, 4, 3]))),
        (75, "R1: a date is its midnight", Ok(json!([5, 4, 3, 2, 1]))),
        (
            82,
            "R1: buckets are rounded down",
            Ok(buckets(&[
                ("2026-01-01 00:00:00", 2),
                ("2026-01-01 00:15:00", 1),
                ("2026-01-01 13:30:00", 1),
                ("2026-01-02 00:00:00", 2),
                ("2026-01-02 06:00:00", 2),
                ("2026-01-03 23:45:00", 1),
                ("2026-02-01 00:00:00", 2),
                ("2026-03-01 12:00:00", 1),
            ])),
        ),
        (
            83,
            "R1: buckets are rounded down",
            Ok(buckets(&[
                ("2026-01-01 00:00:00", 3),
                ("2026-01-01 13:00:00", 1),
                ("2026-01-02 00:00:00", 2),
                ("2026-01-02 06:00:00", 2),
                ("2026-01-03 23:00:00", 1),
                ("2026-02-01 00:00:00", 2),
                ("2026-03-01 12:00:00", 1),
            ])),
        ),
        (
            84,
            "R1: buckets are rounded down",
            Ok(buckets(&[
                ("2026-01-01 00:00:00", 4),
                ("2026-01-02 00:00:00", 4),
                ("2026-01-03 00:00:00", 1),
                ("2026-02-01 00:00:00", 2),
                ("2026-03-01 00:00:00", 1),
            ])),
        ),
        (
            85,
            "R1: buckets are rounded down",
            Ok(buckets(&[
                ("2026-01-01 00:00:00", 1),
                ("2026-01-01 00:14:00", 1),
                ("2026-01-01 00:15:00", 1),
                ("2026-01-01 13:30:00", 1),
                ("2026-01-02 00:00:00", 2),
                ("2026-01-02 06:00:00", 2),
                ("2026-01-03 23:59:00", 1),
                ("2026-02-01 00:00:00", 2),
                ("2026-03-01 12:00:00", 1),
            ])),
        ),
        (
            88,
            "R10: the fleet's rows count, its file doesn't",
            Ok(json!({"total_logs": 12, "unique_attackers": 5, "active_deckies": 4, "deployed_deckies": 6})),
        ),
        (97, "R5: % is literal", Ok(json!(0))),
        (110, "R5: _ is literal", Ok(json!([]))),
        (
            137,
            "R7: the JSON value is compared",
            Ok(json!({
                "attacker_ip": "203.0.113.7", "decky": "decky-02", "event_type": "session_recorded",
                "fields": "{\"sid\": \"7b2d0f0e-9b1a-4c55-8d3e-000000000002\", \"service\": \"ssh\"}",
                "id": 6, "msg": null, "raw_line": "sess spaced json", "service": "ssh", "span_id": null,
                "timestamp": "2026-01-02T00:00:01Z", "trace_id": null
            })),
        ),
        (161, "R7: of several hosts the first by key", Ok(of(157, &[]))),
        (170, "R6: no order is documented, so it is that of the key", Ok(of(170, &[2, 0, 1]))),
        (172, "R6: no order is documented, so it is that of the key", Ok(of(172, &[0, 3, 1, 2, 4, 5]))),
    ]
}

fn mutations_ruled() -> Vec<Ruled> {
    vec![
        (1, "R15: a duplicate is a conflict", Err("conflict")),
        (16, "R15: a missing field is invalid input", Err("invalid_input")),
        (19, "R8: an unknown column", Err("invalid_input")),
        (20, "R15: a missing field is invalid input", Err("invalid_input")),
        (22, "R15: an unknown column is invalid input", Err("invalid_input")),
        (45, "R9: the cursor goes with the rows that it points to", Ok(Value::Null)),
        // Whether ids begin again is the engine's choice: document 10 §2, "Row ids".
        (49, "document 10: ids may begin again", Ok(json!("a new id"))),
        (50, "`initialize` and `reinitialize` seed as R11 says", Ok(Value::Null)),
    ]
}

/// Calls each recorded method that we have, in order, and compares.
async fn replay(repository: &dyn Repository, calls: Vec<Recorded>, ruled: &[Ruled]) {
    let known: BTreeSet<_> = methods().map(|method| method.name).collect();
    let mut wrong = Vec::new();
    let mut unused: BTreeSet<_> = ruled.iter().map(|(n, ..)| *n).collect();
    for recorded in calls.iter().filter(|recorded| known.contains(recorded.method.as_str())) {
        let ours = call(repository, &recorded.method, recorded.arguments.clone()).await;
        let ours = ours.map(|result| recorded.reduce(result.to_value().expect("the result is JSON")));
        let ours = ours.map_err(|error| error.kind().as_str());
        let ruling = ruled.iter().find(|(n, ..)| *n == recorded.n);
        let expected = match (ruling, &recorded.outcome, &recorded.pinned) {
            (Some((n, _, answer)), ..) => {
                unused.remove(n);
                answer.clone()
            }
            // R1: bounds are instants, so what the newest dependencies refuse is answered.
            (None, Err(_), Some(pinned)) => Ok(pinned.clone()),
            (None, Ok(result), _) => Ok(result.clone()),
            (None, Err(error), None) => panic!("{}: no ruling says what {error} becomes", recorded.n),
        };
        let ours = match (&expected, ours) {
            (Ok(Value::String(text)), Ok(id)) if text == "a new id" && id.as_u64() > Some(0) => {
                expected.clone()
            }
            (_, ours) => ours,
        };
        if ours != expected {
            let Recorded { n, method, arguments, .. } = recorded;
            wrong.push(format!("{n} {method} {arguments}\n  is       {ours:?}\n  expected {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} answers differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(unused.is_empty(), "rulings on calls that are not there: {unused:?}");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Methods of the golden file that the contract does not have yet.
    const PENDING: [&str; 0] = [];

    #[test]
    fn only_the_pending_methods_are_left_out() {
        let recorded = recorded("reads").into_iter().chain(recorded("mutations"));
        let left_out: BTreeSet<_> = recorded
            .map(|recorded| recorded.method)
            .filter(|name| methods().all(|method| method.name != name))
            .collect();
        assert_eq!(left_out, PENDING.iter().map(|&name| name.to_owned()).collect());
    }
}
