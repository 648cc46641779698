//! What the steps of a unit do, count and expect.

use decnet_db_core::ErrorKind;
use decnet_db_core::contract::StateEntry;
use decnet_db_core::sql::{Expect, Insert, OnDuplicate, Record, Sql, Statement, Unit, Value};
use serde_json::json;

use crate::database::Database;
use crate::json::called;

fn statement(db: &Database, write: impl FnOnce(&mut Sql<'_>)) -> Statement {
    let mut sql = Sql::new(db.engine().dialect());
    write(&mut sql);
    sql.finish().unwrap()
}

/// Sets the value of a key that is there.
fn update(db: &Database, key: &str, value: &str) -> Statement {
    statement(db, |sql| {
        sql.update::<StateEntry>().set(StateEntry::VALUE, value).only(StateEntry::KEY, key);
    })
}

fn entries(rows: &[(&str, &str)]) -> Insert {
    let values = rows.iter().flat_map(|(key, value)| [Value::from(*key), Value::from(*value)]).collect();
    Insert::raw(StateEntry::TABLE, vec!["key", "value"], values).unwrap()
}

async fn state(db: &Database) -> Vec<(String, String)> {
    let select = statement(db, |sql| {
        sql.push("SELECT ").identifiers(["key", "value"]).push(" FROM state ORDER BY ").identifier("key");
    });
    let rows = db.engine().query(select).await.unwrap();
    let text = |value: &Value| if let Value::Text(text) = value { text.clone() } else { panic!("{value:?}") };
    rows.iter().map(|row| (text(&row[0]), text(&row[1]))).collect()
}

fn pairs(rows: &[(&str, &str)]) -> Vec<(String, String)> {
    rows.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

pub(crate) async fn affected_rows_are_those_that_were_found(db: Database) {
    let mut unit = Unit::new();
    unit.insert(entries(&[("a", "1"), ("b", "1")]));
    // A row that is found counts, changed or not.
    let same = unit.expect(update(&db, "a", "1"), Expect::one_row("no such row"));
    let missing = unit.execute(update(&db, "x", "1"));
    let all = unit.execute(statement(&db, |sql| {
        sql.update::<StateEntry>().set(StateEntry::VALUE, "2");
    }));
    let ignored = unit.insert(entries(&[("b", "x"), ("c", "x")]).on_duplicate(OnDuplicate::Ignore));
    let read = unit.query(statement(&db, |sql| {
        sql.push("SELECT value").from::<StateEntry>().only(StateEntry::KEY, "c");
    }));
    let mut receipt = db.engine().commit(unit).await.unwrap();
    assert_eq!([same, missing, all, ignored].map(|step| receipt.affected(step)), [1, 0, 2, 1]);
    assert_eq!(receipt.rows(read).iter().next().unwrap(), [Value::from("x")]);
    assert_eq!(state(&db).await, pairs(&[("a", "2"), ("b", "2"), ("c", "x")]));
}

pub(crate) async fn an_unmet_expectation_rolls_everything_back(db: Database) {
    db.set_state("a", json!(1).into()).await.unwrap();
    for expect in [Expect::one_row("somebody was faster"), Expect::rows(2..=5, "somebody was faster")] {
        let mut unit = Unit::new();
        unit.insert(entries(&[("b", "1")]));
        unit.execute(update(&db, "a", "2"));
        unit.expect(update(&db, "missing", "3"), expect);
        unit.insert(entries(&[("c", "1")]));
        let error = db.engine().commit(unit).await.unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Conflict, "somebody was faster"));
        assert_eq!(state(&db).await, pairs(&[("a", "1")]));
    }
    let mut unit = Unit::new();
    unit.expect(update(&db, "missing", "3"), Expect::rows(0..=0, "it is there"));
    db.engine().commit(unit).await.unwrap();
}

pub(crate) async fn a_guard_keeps_units_apart(db: Database) {
    // Read, then write what was read plus one: without the guard, counts are lost.
    db.set_state("count", json!(0).into()).await.unwrap();
    let add = |db: Database| async move {
        for _ in 0..8 {
            loop {
                let before = called(&*db, "get_state", json!({"key": "count"})).await.as_i64().unwrap();
                let mut unit = Unit::new();
                unit.guard("conformance", "count");
                let replace = statement(&db, |sql| {
                    sql.update::<StateEntry>().set(StateEntry::VALUE, (before + 1).to_string());
                    sql.only(StateEntry::KEY, "count").only(StateEntry::VALUE, before.to_string());
                });
                unit.expect(replace, Expect::one_row("somebody was faster"));
                match db.engine().commit(unit).await {
                    Ok(_) => break,
                    Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict, "{error}"),
                }
            }
        }
    };
    let other = db.beside().await;
    let tasks: Vec<_> = (0..8)
        .map(|number| tokio::spawn(add(if number % 2 == 0 { db.clone() } else { other.clone() })))
        .collect();
    for task in tasks {
        task.await.expect("each count arrives");
    }
    assert_eq!(called(&*db, "get_state", json!({"key": "count"})).await, 64);
}

pub(crate) async fn queries_in_a_unit_see_its_writes(db: Database) {
    let mut unit = Unit::new();
    let count = |db: &Database| {
        statement(db, |sql| {
            sql.push("SELECT COUNT(*) FROM state");
        })
    };
    let before = unit.query(count(&db));
    unit.insert(entries(&[("a", "1"), ("b", "1")]));
    let between = unit.query(count(&db));
    unit.execute(statement(&db, |sql| {
        sql.delete::<StateEntry>().only(StateEntry::KEY, "a");
    }));
    let after = unit.query(count(&db));
    let mut receipt = db.engine().commit(unit).await.unwrap();
    let counts = [before, between, after].map(|step| receipt.rows(step).scalar::<i64>().unwrap());
    assert_eq!(counts, [Some(0), Some(2), Some(1)]);
}
