//! The recorded calls, made on our repository, against what the original returned.
//!
//! Where a ruling wants another answer, the call is listed with the ruling and the answer, never left out. What is left out
//! is what the contract does not have yet, which each domain lists (`cases/<domain>/golden.rs`).

use std::collections::BTreeSet;

use decnet_db_core::ErrorKind;
use decnet_db_core::call::call;
use decnet_db_core::contract::Repository;
use decnet_db_core::sql::{Sql, Unit};
use serde_json::{Value, json};

use super::coverage::{Ruled, coverage, methods_of_unfinished_domains, pending, ruled};
use super::dump::{self, dumped, leave_out_dangling};
use super::likeness::Likeness;
use super::recorded::Step;
use super::{List, Recorded, state};

/// Calls every read that was recorded, on a database that holds exactly the rows of [`CORE`](super::CORE), whoever made its
/// tables.
///
/// # Panics
/// With a list of the answers that differ.
pub async fn check_reads(repository: &dyn Repository) {
    check(replay(repository, List::CoreReads, None).await);
}

/// The same with the recorded writes, in their order. The database is another one afterwards.
///
/// # Panics
/// With a list of the answers that differ.
pub async fn check_writes(repository: &dyn Repository) {
    check(replay(repository, List::CoreMutations, None).await);
}

/// The reads of `lists`, one list after the other, on a database that holds the rows of their dump.
pub(crate) async fn check_lists(repository: &dyn Repository, lists: &[List]) {
    let mut wrong = Vec::new();
    for list in lists {
        wrong.extend(replay(repository, *list, None).await);
    }
    check(wrong);
}

/// The writes that made a dump, on an empty database, and what is in its tables afterwards.
pub(crate) async fn check_writes_from_the_start(repository: &dyn Repository, list: List, original: &str) {
    let mut likeness = Likeness::new();
    let unfinished: BTreeSet<_> = coverage()
        .filter(|(_, coverage)| !coverage.pending.is_empty())
        .flat_map(|(_, coverage)| coverage.tables)
        .collect();
    let mut tables = dumped(original);
    tables.retain(|dumped| unfinished.contains(&dumped.table.name));
    leave_out_dangling(&mut tables);
    repository.engine().commit(dump::unit(tables)).await.expect("the original's rows go in");

    let mut wrong = replay(repository, list, Some(&mut likeness)).await;
    wrong.extend(state::differences(repository, original, list, &mut likeness).await);
    check(wrong);
}

fn check(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

/// Runs the entries of a list, in order, and returns the differences; with a likeness what the original generated may be
/// generated anew.
async fn replay(repository: &dyn Repository, list: List, mut likeness: Option<&mut Likeness>) -> Vec<String> {
    let ruled = ruled(list);
    let missing = if likeness.is_some() { methods_of_unfinished_domains() } else { pending() };
    let mut wrong = Vec::new();
    let mut left_out = false;
    for step in list.steps() {
        let recorded = match step {
            Step::Sql(statement) => {
                execute(repository, &statement).await;
                continue;
            }
            // What the call before it did.
            Step::Check(..) if left_out => continue,
            Step::Check(query, expected) => {
                let is = number(repository, &query).await;
                if is != expected {
                    wrong.push(format!("{list:?}: {query}\n  is       {is}\n  expected {expected}"));
                }
                continue;
            }
            Step::Call(recorded) => recorded,
        };
        left_out = missing.contains(recorded.method.as_str());
        if left_out {
            continue;
        }
        let mut arguments = recorded.arguments();
        if let Some(likeness) = &likeness {
            arguments = likeness.argument(arguments);
        }
        let ours = call(repository, &recorded.method, arguments.clone()).await;
        let ours = ours.map(|result| recorded.reduce(result.to_value().expect("the result is JSON")));
        let ruling = ruled.iter().find(|ruled| ruled.n == recorded.n);
        let expected = expected(&recorded, ruling);
        let alike = match (&expected, &ours) {
            (Ok(expected), Ok(ours)) => alike(&recorded, expected, ours, likeness.as_deref_mut()),
            (Err(expected), Err(ours)) => expected == ours.kind().as_str(),
            _ => false,
        };
        if !alike {
            let Recorded { n, method, .. } = &*recorded;
            let by = ruling.map(|ruled| format!(" ({})", ruled.ruling)).unwrap_or_default();
            let shown = |outcome: Result<Value, String>| {
                outcome.map_or_else(|error| error, |value| value.to_string())
            };
            let ours = shown(ours.map_err(|error| format!("{}: {error}", error.kind().as_str())));
            let expected = shown(expected);
            wrong.push(format!(
                "{list:?} {n} {method} {arguments}{by}\n  is       {ours}\n  expected {expected}"
            ));
        }
    }
    wrong
}

/// What the original returned, or what a ruling has instead.
fn expected(recorded: &Recorded, ruling: Option<&Ruled>) -> Result<Value, String> {
    match (ruling, &recorded.outcome, &recorded.pinned) {
        (Some(Ruled { outcome, .. }), ..) => outcome.clone().map_err(str::to_owned),
        // R1: bounds are instants, so what the newest dependencies refuse is answered.
        (None, Err(_), Some(pinned)) => Ok(pinned.clone()),
        (None, Ok(result), _) => Ok(result.clone()),
        (None, Err(exception), None) => Err(kind_of(exception)),
    }
}

/// The kind of error that ruling R15 has for an exception of the original; of some it depends on the call.
fn kind_of(exception: &str) -> String {
    let conflict = ["IntegrityError", "VersionConflict", "TopologyNotEditable"].contains(&exception);
    if conflict { "conflict".to_owned() } else { format!("{exception}: no ruling says what becomes of it") }
}

fn alike(recorded: &Recorded, expected: &Value, ours: &Value, likeness: Option<&mut Likeness>) -> bool {
    let (mut expected, mut ours) = (expected.clone(), ours.clone());
    if recorded.unordered {
        in_one_order(&mut expected);
        in_one_order(&mut ours);
    }
    match likeness {
        // The result is the key that the database counts up.
        Some(likeness) if recorded.method == "upsert_credential" => {
            likeness.learn(&json!({"id": expected}), &json!({"id": ours}))
        }
        Some(likeness) => likeness.learn(&expected, &ours),
        None if expected == "a new id" => ours.as_u64() > Some(0),
        None => numbers(expected) == numbers(ours),
    }
}

/// Lists whose order means nothing: the result itself, and lists of objects in it.
fn in_one_order(value: &mut Value) {
    fn sort(value: &mut Value, outermost: bool) {
        match value {
            Value::Array(list) => {
                list.iter_mut().for_each(|value| sort(value, false));
                if outermost || list.iter().all(Value::is_object) {
                    list.sort_by_key(Value::to_string);
                }
            }
            Value::Object(map) => map.values_mut().for_each(|value| sort(value, false)),
            _ => {}
        }
    }
    sort(value, true);
}

/// R19: whole floats may come back as integers.
fn numbers(value: Value) -> Value {
    match value {
        Value::Number(number) => match number.as_f64() {
            #[expect(clippy::cast_possible_truncation, reason = "a whole number in these bounds")]
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 9e15 => {
                json!(float as i64)
            }
            _ => Value::Number(number),
        },
        Value::Array(list) => list.into_iter().map(numbers).collect(),
        Value::Object(map) => map.into_iter().map(|(key, value)| (key, numbers(value))).collect(),
        other => other,
    }
}

/// Runs a statement of SQLite that is one of any engine but for its bytes, `X'…'`. One of them makes a row refer to a ghost,
/// which no engine does for us (ruling R15).
async fn execute(repository: &dyn Repository, statement: &str) {
    let mut sql = Sql::new(repository.engine().dialect());
    let mut rest = statement;
    while let Some((text, bytes)) = rest.split_once("X'") {
        let (bytes, end) = bytes.split_once('\'').expect("the end of the bytes");
        sql.push(text.to_owned().leak()).bind(dump::bytes(bytes));
        rest = end;
    }
    sql.push(rest.to_owned().leak());
    let mut unit = Unit::new();
    unit.execute(sql.finish().expect("a statement"));
    match repository.engine().commit(unit).await {
        Err(error) if statement.contains("'ghost'") => {
            assert_eq!(error.kind(), ErrorKind::Conflict, "{error}")
        }
        ran => drop(ran.expect("the statement runs")),
    }
}

/// The one number of a query.
async fn number(repository: &dyn Repository, query: &str) -> i64 {
    let mut sql = Sql::new(repository.engine().dialect());
    sql.push(query.to_owned().leak());
    let mut unit = Unit::new();
    let step = unit.query(sql.finish().expect("a query"));
    let mut receipt = repository.engine().commit(unit).await.expect("the query runs");
    receipt.rows(step).scalar().expect("a number").expect("a row")
}
