use decnet_db_core::ErrorKind;
use decnet_db_core::sql::{Column, ColumnKind, Expect, ForeignKey, Insert, Sql, Table, Value, Verb};

use rusqlite::hooks::{AuthAction, AuthContext, Authorization, TransactionOperation};

use super::*;
use crate::dialect::Sqlite;
use crate::session::{self, Role};

static PARENT: Table = Table {
    name: "parent",
    columns: &[Column::new("id", ColumnKind::Serial, false), Column::new("x", ColumnKind::Text, true)],
    primary_key: &["id"],
    uniques: &[],
    checks: &[],
    foreign_keys: &[],
    indexes: &[],
};

static CHILD: Table = Table {
    name: "child",
    columns: &[Column::new("id", ColumnKind::Int, false), Column::new("parent", ColumnKind::Int, false)],
    primary_key: &["id"],
    uniques: &[],
    checks: &[],
    foreign_keys: &[ForeignKey { column: "parent", table: "parent", references: "id", cascade: false }],
    indexes: &[],
};

fn shared() -> Shared {
    let connection = Connection::open_in_memory().unwrap();
    session::configure(&connection, Role::Writer, Duration::ZERO).unwrap();
    for table in [&PARENT, &CHILD] {
        connection.execute_batch(table.create(&Sqlite).text()).unwrap();
    }
    Shared {
        queue: WriteQueue::new(),
        connection: Mutex::new(Some(connection)),
        write_lock: Arc::default(),
        files: None,
        checkpointer: None,
        busy_timeout: Duration::ZERO,
        data_version: DataVersion::default(),
        errors: Errors::new("the test database"),
    }
}

fn parent(id: i64, x: impl Into<Value>) -> Unit {
    rows(&PARENT, &["id", "x"], vec![id.into(), x.into()])
}

fn child(id: i64, parent: impl Into<Value>) -> Unit {
    rows(&CHILD, &["id", "parent"], vec![id.into(), parent.into()])
}

fn rows(table: &'static Table, columns: &[&'static str], values: Vec<Value>) -> Unit {
    let mut unit = Unit::new();
    unit.insert(Insert::raw(table, columns.to_vec(), values).unwrap());
    unit
}

fn count(shared: &Shared, table: &str) -> i64 {
    shared
        .with(|connection| {
            assert!(connection.is_autocommit(), "a transaction was left open");
            let text = format!("SELECT COUNT(*) FROM {table}");
            Ok(connection.query_row(&text, [], |row| row.get(0)).unwrap())
        })
        .unwrap()
}

fn commit(shared: &Shared, units: &[Unit]) -> Vec<Result<Receipt>> {
    shared.commit(&units.iter().collect::<Vec<_>>())
}

fn kinds(results: &[Result<Receipt>]) -> Vec<Option<ErrorKind>> {
    results.iter().map(|result| result.as_ref().err().map(Error::kind)).collect()
}

#[test]
fn of_a_group_only_the_unit_that_fails_fails() {
    let shared = shared();
    let mut unmet = parent(5, "gone again");
    let mut sql = Sql::new(&Sqlite);
    sql.verb(Verb::Update).push("UPDATE parent SET x = ").bind("new").push(" WHERE id = ").bind(99);
    unmet.expect(sql.finish().unwrap(), Expect::one_row("no such row"));
    let units = [parent(1, "a"), parent(1, "duplicate"), parent(2, "b"), unmet, child(1, 77), child(2, 1)];
    let results = commit(&shared, &units);
    let conflict = Some(ErrorKind::Conflict);
    assert_eq!(kinds(&results), [None, conflict, None, conflict, conflict, None]);
    assert_eq!((count(&shared, "parent"), count(&shared, "child")), (2, 1));
    let text = |position: usize| results[position].as_ref().unwrap_err().to_string();
    assert_eq!(text(1), "parent.id: a row with the same value exists already");
    assert_eq!(text(3), "no such row");
    assert_eq!(text(4), "child.parent refers to a row of parent that does not exist (parent.id)");
}

#[test]
fn later_units_of_a_group_see_the_earlier_ones() {
    let shared = shared();
    let mut sql = Sql::new(&Sqlite);
    sql.push("SELECT COUNT(*) FROM parent");
    let mut look = Unit::new();
    let step = look.query(sql.finish().unwrap());
    let mut results = commit(&shared, &[parent(1, "a"), look]);
    let mut receipt = results.pop().unwrap().unwrap();
    assert_eq!(receipt.rows(step).scalar::<i64>().unwrap(), Some(1));
}

#[test]
fn a_unit_that_does_not_fit_does_not_take_others_with_it() {
    for group in [1, 3] {
        let shared = shared();
        shared.with(|c| Ok(c.pragma_update(None, "max_page_count", 20).is_ok())).unwrap();
        let units: Vec<_> = (0..group)
            .map(|id| parent(id, if id == group / 2 { "x".repeat(200_000) } else { "small".to_owned() }))
            .collect();
        let results = commit(&shared, &units);
        for (position, result) in results.iter().enumerate() {
            match result {
                Err(error) if position as i64 == group / 2 => {
                    assert!(
                        error.is_retryable() && error.to_string().contains("the disk is full"),
                        "{error}"
                    );
                }
                result => assert!(result.is_ok(), "{result:?}"),
            }
        }
        assert_eq!(count(&shared, "parent"), group - 1);
    }
}

/// What a full disk or an I/O error may do: the whole transaction is gone in the middle of a unit.
#[test]
fn a_transaction_lost_as_a_whole_is_replayed_unit_by_unit() {
    let shared = shared();
    shared
        .with(|c| {
            c.execute_batch(
                "CREATE TRIGGER lose BEFORE INSERT ON parent WHEN new.x = 'lose' \
                 BEGIN SELECT RAISE(ROLLBACK, 'lost'); END",
            )
            .unwrap();
            Ok(())
        })
        .unwrap();
    let results = commit(&shared, &[parent(1, "a"), parent(2, "lose"), parent(3, "c")]);
    assert_eq!(kinds(&results), [None, Some(ErrorKind::Conflict), None]);
    assert_eq!(count(&shared, "parent"), 2);
}

#[test]
fn a_group_that_can_not_begin_fails_as_a_whole_after_one_wait() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let mine = Connection::open(&path).unwrap();
    mine.execute_batch(PARENT.create(&Sqlite).text()).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let wait = Duration::from_millis(100);
    busy::install(&mine).unwrap();
    let shared = Shared { connection: Mutex::new(Some(mine)), busy_timeout: wait, ..shared() };
    let alone = Instant::now();
    assert_eq!(kinds(&commit(&shared, &[parent(1, "a")])), [Some(ErrorKind::Unavailable)]);
    assert!((wait..wait * 20).contains(&alone.elapsed()), "{:?}", alone.elapsed());
    let units: Vec<_> = (0..50).map(|id| parent(id, "a")).collect();
    let started = Instant::now();
    let results = commit(&shared, &units);
    assert!((wait..wait * 20).contains(&started.elapsed()), "{:?}", started.elapsed());
    for result in &results {
        let error = result.as_ref().unwrap_err();
        assert!(error.is_retryable() && error.to_string().contains("locked"), "{error}");
        assert!(std::error::Error::source(error).is_some());
    }
    other.execute_batch("COMMIT").unwrap();
    assert!(commit(&shared, &units).iter().all(Result::is_ok));
}

#[test]
fn errors_name_columns_and_rows_and_never_values() {
    let shared = shared();
    let table = [
        (child(1, Value::Null), "parent: must not be null"),
        (
            rows(&CHILD, &["id", "parent"], vec![Value::Int(1), Value::Int(1), Value::Int(2), Value::Null]),
            "[1].parent: must not be null",
        ),
    ];
    commit(&shared, &[parent(1, "secret")]);
    for (unit, expected) in table {
        let error = commit(&shared, &[unit]).remove(0).unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::InvalidInput, expected));
    }
    assert_eq!(count(&shared, "child"), 0);
    commit(&shared, &[child(1, 1)]);
    let mut delete = Unit::new();
    let mut sql = Sql::new(&Sqlite);
    sql.verb(Verb::Delete).push("DELETE FROM parent WHERE x = ").bind("secret");
    delete.execute(sql.finish().unwrap());
    let error = commit(&shared, &[delete]).remove(0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(!format!("{error:?}").contains("secret"));
}

#[test]
fn integers_to_the_limits_and_large_text_come_back() {
    let shared = shared();
    let large = "\u{1f980}\0'".repeat(3 << 20);
    for (id, x) in [(i64::MIN, String::new()), (i64::MAX, "a\0b".into()), (0, large)] {
        let mut unit = parent(id, x.clone());
        let mut sql = Sql::new(&Sqlite);
        sql.push("SELECT x FROM parent WHERE id = ").bind(id);
        let step = unit.query(sql.finish().unwrap());
        let mut receipt = commit(&shared, &[unit]).remove(0).unwrap();
        assert!(receipt.rows(step).scalar::<String>().unwrap() == Some(x));
    }
}

#[test]
fn a_panic_reaches_the_callers_as_an_error_and_the_writer_goes_on() {
    let shared = Arc::new(shared());
    shared
        .with(|c| {
            let flags = rusqlite::functions::FunctionFlags::SQLITE_UTF8;
            c.create_scalar_function("explode", 0, flags, |_| -> rusqlite::Result<i64> { panic!("boom") })
                .unwrap();
            Ok(())
        })
        .unwrap();
    let mut sql = Sql::new(&Sqlite);
    sql.verb(Verb::Update).push("UPDATE parent SET x = explode()");
    let mut unit = parent(1, "a");
    unit.execute(sql.finish().unwrap());
    let results = commit(&shared, &[unit, parent(2, "b")]);
    assert!(results[0].is_err() && results[1].is_ok());
    assert_eq!(count(&shared, "parent"), 1);
}

/// What a failed ROLLBACK, or a panic at the wrong place, leaves behind.
#[test]
fn a_transaction_that_was_left_open_takes_no_write_with_it() {
    for group in [1, 2] {
        let shared = shared();
        shared
            .with(|c| {
                c.execute_batch("BEGIN; INSERT INTO parent VALUES (77, 'left')").unwrap();
                Ok(())
            })
            .unwrap();
        let units: Vec<_> = (0..group).map(|id| parent(id, "a")).collect();
        assert!(commit(&shared, &units).iter().all(Result::is_ok));
        assert_eq!(count(&shared, "parent"), group);
    }
}

fn no_rollback(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Transaction { operation: TransactionOperation::Rollback } => Authorization::Deny,
        _ => Authorization::Allow,
    }
}

#[test]
fn while_a_transaction_can_not_be_rolled_back_writes_are_refused() {
    let shared = shared();
    let deny = |deny: bool| {
        let set = |c: &rusqlite::Connection| {
            c.authorizer(deny.then_some(no_rollback)).unwrap();
            Ok(())
        };
        shared.with(|c| set(c)).unwrap();
    };
    shared
        .with(|c| {
            c.execute_batch("BEGIN; INSERT INTO parent VALUES (77, 'left')").unwrap();
            Ok(())
        })
        .unwrap();
    deny(true);
    for units in [&[parent(1, "a")][..], &[parent(1, "a"), parent(2, "b")]] {
        for result in commit(&shared, units) {
            let error = result.unwrap_err();
            assert!(error.is_retryable() && error.to_string().contains("stuck in a transaction"), "{error}");
        }
    }
    deny(false);
    assert!(commit(&shared, &[parent(1, "a")]).remove(0).is_ok());
    assert_eq!(count(&shared, "parent"), 1);
}
