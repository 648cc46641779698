//! Running one unit on the writer's connection, inside a transaction that is open already.

use decnet_db_core::sql::{Dialect, Expect, Insert, Outcome, Receipt, Rows, Statement, Step, Unit, Value};
use decnet_db_core::{Error, Result};
use rusqlite::{CachedStatement, Connection, ffi};

use crate::codec::{bind, fetch};
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

/// Runs units one after the other on one connection.
pub(crate) struct Executor<'c> {
    connection: &'c Connection,
    errors: &'c Errors,
    scratch: String,
    /// The statement of the last rows: the units of a group mostly insert into the same table.
    last: Option<(&'c Insert, CachedStatement<'c>)>,
}

impl<'c> Executor<'c> {
    pub(crate) fn new(connection: &'c Connection, errors: &'c Errors) -> Self {
        Self { connection, errors, scratch: String::new(), last: None }
    }

    /// Runs the steps in order, up to the first that fails. What was done is for the caller to roll back.
    pub(crate) fn run(&mut self, unit: &'c Unit) -> Result<Receipt> {
        let mut receipt = Receipt::default();
        for step in unit.steps() {
            receipt.push(match step {
                Step::Execute(statement, expect) => {
                    Outcome::Affected(self.execute(statement, expect.as_ref())?)
                }
                Step::Query(statement) => Outcome::Rows(self.query(statement)?),
                Step::Insert(rows) => Outcome::Affected(self.insert(rows)?),
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
    pub(crate) fn query(&mut self, statement: &Statement) -> Result<Rows> {
        let rows = self.connection.prepare_cached(statement.text()).and_then(|mut prepared| {
            bind(&mut prepared, statement.values(), &mut self.scratch)?;
            fetch(&mut prepared)
        });
        rows.map_err(|error| self.errors.translate(error))
    }

    fn execute(&mut self, statement: &Statement, expect: Option<&Expect>) -> Result<u64> {
        let affected = self.connection.prepare_cached(statement.text()).and_then(|mut prepared| {
            bind(&mut prepared, statement.values(), &mut self.scratch)?;
            prepared.raw_execute()
        });
        let affected = affected.map_err(|error| self.errors.translate(error))? as u64;
        if let Some(expect) = expect {
            expect.check(affected)?;
        }
        Ok(affected)
    }

    /// One prepared statement, bound once for each row: SQLite has no round trips to save.
    fn insert(&mut self, rows: &'c Insert) -> Result<u64> {
        if rows.is_empty() {
            return Ok(0);
        }
        let mut prepared = match self.last.take() {
            Some((last, prepared)) if rows.is_like(last) => prepared,
            _ => {
                let text = rows.text(&Sqlite, 1);
                self.connection.prepare_cached(&text).map_err(|error| self.errors.translate(error))?
            }
        };
        let mut affected = 0;
        for (position, row) in rows.iter().enumerate() {
            let done = bind(&mut prepared, row, &mut self.scratch).and_then(|()| prepared.raw_execute());
            affected += done.map_err(|error| {
                let error = refused(self.connection, rows, row, error, self.errors);
                if rows.len() > 1 { error.within(&format!("[{position}]")) } else { error }
            })? as u64;
        }
        self.last = Some((rows, prepared));
        Ok(affected)
    }
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
