//! Values, statements, units and errors, one connection at a time.

use decnet_db_core::sql::{Expect, Insert, Outcome, Receipt, Rows, Statement, Step, Unit, Value};
use decnet_db_core::{Error, Result};
use rusqlite::types::{Null, ValueRef};
use rusqlite::{Connection, ErrorCode};

use crate::dialect::Frozen;

pub(crate) fn transaction<T>(connection: &Connection, work: impl FnOnce() -> Result<T>) -> Result<T> {
    connection.execute_batch("BEGIN IMMEDIATE").map_err(translate)?;
    let done = work().and_then(|done| connection.execute_batch("COMMIT").map(|()| done).map_err(translate));
    if !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK").map_err(translate)?;
    }
    done
}

pub(crate) fn steps(connection: &Connection, unit: &Unit) -> Result<Receipt> {
    let mut receipt = Receipt::default();
    for step in unit.steps() {
        receipt.push(match step {
            Step::Guard(_) => Outcome::Affected(0),
            Step::Query(statement) => Outcome::Rows(query(connection, statement)?),
            Step::Execute(statement, expect) => {
                let affected = execute(connection, statement)?;
                expect.as_ref().map_or(Ok(()), |expect: &Expect| expect.check(affected))?;
                Outcome::Affected(affected)
            }
            Step::Insert(rows) => Outcome::Affected(insert(connection, rows)?),
            _ => return Err(Error::Unsupported("a step that is newer than this driver".to_owned())),
        });
    }
    Ok(receipt)
}

fn insert(connection: &Connection, rows: &Insert) -> Result<u64> {
    if rows.is_empty() {
        return Ok(0);
    }
    debug_assert_eq!(rows.len() * rows.columns().len(), rows.values().len());
    debug_assert_eq!(rows.iter().count(), rows.len());
    let mut affected = 0;
    for statement in rows.statements(&Frozen, 1 << 20) {
        affected += execute(connection, &statement).map_err(|error| error.within(rows.table().name))?;
    }
    Ok(affected)
}

fn execute(connection: &Connection, statement: &Statement) -> Result<u64> {
    let mut prepared = connection.prepare_cached(statement.text()).map_err(translate)?;
    bind(&mut prepared, statement.values()).map_err(translate)?;
    Ok(prepared.raw_execute().map_err(translate)? as u64)
}

pub(crate) fn query(connection: &Connection, statement: &Statement) -> Result<Rows> {
    let (text, values) = statement.clone().into_parts();
    let mut prepared = connection.prepare_cached(&text).map_err(translate)?;
    bind(&mut prepared, &values).map_err(translate)?;
    let width = prepared.column_count();
    let mut rows = Rows::new(width);
    let mut cursor = prepared.raw_query();
    while let Some(row) = cursor.next().map_err(translate)? {
        for column in 0..width {
            rows.push(match row.get_ref(column).map_err(translate)? {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(v) => v.into(),
                ValueRef::Real(v) => v.into(),
                ValueRef::Text(v) => String::from_utf8_lossy(v).into_owned().into(),
                ValueRef::Blob(v) => v.to_vec().into(),
            });
        }
    }
    Ok(rows)
}

fn bind(statement: &mut rusqlite::Statement<'_>, values: &[Value]) -> rusqlite::Result<()> {
    for (position, value) in (1..).zip(values) {
        // All kinds of values that there are: a new one breaks every driver.
        match value {
            Value::Null => statement.raw_bind_parameter(position, Null)?,
            Value::Bool(v) => statement.raw_bind_parameter(position, v)?,
            Value::Int(v) => statement.raw_bind_parameter(position, v)?,
            Value::Real(v) => statement.raw_bind_parameter(position, v)?,
            Value::Text(v) => statement.raw_bind_parameter(position, v)?,
            Value::Blob(v) => statement.raw_bind_parameter(position, v)?,
            Value::Time(v) => statement.raw_bind_parameter(position, v.to_sql_text())?,
        }
    }
    Ok(())
}

pub(crate) fn translate(error: rusqlite::Error) -> Error {
    let text = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => {
            Error::Conflict { message: format!("the write was refused: {text}"), source: Some(error.into()) }
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::DiskFull) => {
            Error::unavailable(format!("busy: {text}"), error)
        }
        Some(ErrorCode::CannotOpen | ErrorCode::NotADatabase | ErrorCode::ReadOnly) => {
            Error::configuration(format!("can't be opened: {text}"))
        }
        Some(ErrorCode::TooBig) => Error::invalid_input("", "too large"),
        _ if text.contains("no such table") => Error::Configuration(format!("no schema: {text}")),
        _ => Error::backend(format!("refused: {text}"), error),
    }
}

pub(crate) fn closed() -> Error {
    Error::Unavailable { message: "the repository is closed".to_owned(), source: None }
}
