//! Running one unit on the writer's connection, inside a transaction that is open already.

use decnet_db_core::sql::{Dialect, Expect, Insert, Outcome, Receipt, Rows, Statement, Step, Unit, Value};
use decnet_db_core::{Error, Result};
use rusqlite::{Connection, ffi};

use crate::bind::{bind, fetch};
use crate::dialect::Sqlite;
use crate::error::Errors;

/// Whether the unit is a single statement: one that fails undoes itself, and needs no savepoint for that. Guards do nothing
/// here.
pub(crate) fn is_one_statement(unit: &Unit) -> bool {
    let mut statements = unit.steps().iter().filter(|step| !matches!(step, Step::Guard(_)));
    let single = match statements.next() {
        Some(Step::Execute(_, expect)) => expect.is_none(),
        Some(Step::Insert(rows)) => rows.len() == 1,
        _ => false,
    };
    single && statements.next().is_none()
}

/// Runs the steps in order, up to the first that fails. What was done is for the caller to roll back.
pub(crate) fn run(connection: &Connection, unit: &Unit, errors: &Errors) -> Result<Receipt> {
    let mut receipt = Receipt::default();
    let mut scratch = String::new();
    for step in unit.steps() {
        receipt.push(match step {
            Step::Execute(statement, expect) => {
                Outcome::Affected(execute(connection, statement, expect.as_ref(), &mut scratch, errors)?)
            }
            Step::Query(statement) => Outcome::Rows(query(connection, statement, &mut scratch, errors)?),
            Step::Insert(rows) => Outcome::Affected(insert(connection, rows, &mut scratch, errors)?),
            // The writer is alone in the file.
            Step::Guard(_) => Outcome::Affected(0),
            _ => {
                return Err(Error::Unsupported(
                    "the SQLite driver does not know a step of the unit".to_owned(),
                ));
            }
        });
    }
    Ok(receipt)
}

/// Runs one statement and takes its rows.
pub(crate) fn query(
    connection: &Connection,
    statement: &Statement,
    scratch: &mut String,
    errors: &Errors,
) -> Result<Rows> {
    let rows = connection.prepare_cached(statement.text()).and_then(|mut prepared| {
        bind(&mut prepared, statement.values(), scratch)?;
        fetch(&mut prepared)
    });
    rows.map_err(|error| errors.translate(error))
}

fn execute(
    connection: &Connection,
    statement: &Statement,
    expect: Option<&Expect>,
    scratch: &mut String,
    errors: &Errors,
) -> Result<u64> {
    let affected = connection
        .prepare_cached(statement.text())
        .and_then(|mut prepared| {
            bind(&mut prepared, statement.values(), scratch)?;
            prepared.raw_execute()
        })
        .map_err(|error| errors.translate(error))? as u64;
    if let Some(expect) = expect {
        expect.check(affected)?;
    }
    Ok(affected)
}

/// One prepared statement, bound once for each row: SQLite has no round trips to save.
fn insert(connection: &Connection, rows: &Insert, scratch: &mut String, errors: &Errors) -> Result<u64> {
    if rows.is_empty() {
        return Ok(0);
    }
    let text = rows.text(&Sqlite, 1);
    let mut prepared = connection.prepare_cached(&text).map_err(|error| errors.translate(error))?;
    let mut affected = 0;
    for (position, row) in rows.iter().enumerate() {
        let done = bind(&mut prepared, row, scratch).and_then(|()| prepared.raw_execute());
        affected += done.map_err(|error| {
            let error = refused(connection, rows, row, error, errors);
            if rows.len() > 1 { error.within(&format!("[{position}]")) } else { error }
        })? as u64;
    }
    Ok(affected)
}

/// Why the row was refused; SQLite does not say which reference is broken.
fn refused(
    connection: &Connection,
    rows: &Insert,
    row: &[Value],
    error: rusqlite::Error,
    errors: &Errors,
) -> Error {
    let is_reference =
        error.sqlite_error().is_some_and(|code| code.extended_code == ffi::SQLITE_CONSTRAINT_FOREIGNKEY);
    match is_reference.then(|| broken_reference(connection, rows, row)).flatten() {
        Some(message) => Error::Conflict { message, source: Some(error.into()) },
        None => errors.translate(error),
    }
}

fn broken_reference(connection: &Connection, rows: &Insert, row: &[Value]) -> Option<String> {
    let table = rows.table();
    let mut scratch = String::new();
    table.foreign_keys.iter().find_map(|key| {
        let position = rows.columns().iter().position(|column| *column == key.column)?;
        let value = row.get(position).filter(|value| !value.is_null())?;
        let text = format!(
            "SELECT 1 FROM {} WHERE {} = ?",
            Sqlite.identifier(key.table),
            Sqlite.identifier(key.references)
        );
        let mut prepared = connection.prepare(&text).ok()?;
        bind(&mut prepared, std::slice::from_ref(value), &mut scratch).ok()?;
        fetch(&mut prepared).ok()?.is_empty().then(|| {
            format!(
                "{}.{} refers to a row of {} that does not exist ({}.{})",
                table.name, key.column, key.table, key.table, key.references
            )
        })
    })
}
