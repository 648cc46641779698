//! Inserting rows by as few commands as the server allows.
//!
//! MariaDB takes a statement of one row together with the values of any number of rows (`COM_STMT_BULK_EXECUTE`), and treats
//! them as one statement: one round trip, one text that stays prepared, all rows or none, and errors that name the row.
//! MySQL does not know that command; there, and through proxies that don't, rows go in by statements of 512, 256, …, 2
//! and 1 rows: ten texts for a table, so that they stay prepared, where a statement for each number of rows would be
//! prepared anew each time (which costs an answer for each parameter).

use std::ops::Range;

use decnet_db_core::sql::{Column, ColumnKind, Dialect, Insert, OnDuplicate, Value};
use mysql_async::{Params, Statement};

use crate::codec::{Encoded, encode, size};
use crate::context::{Context, OVERHEAD};
use crate::error::Failure;
use crate::flavour::Flavour;
use crate::legacy::column_limits::with_limit;
use crate::read::connection::Connection;

/// More rows than that in one INSERT gain nothing, and cost memory on both sides.
const MAX_ROWS: usize = 512;
/// The same where the rows are no part of the text.
const MAX_BULK_ROWS: usize = 8_192;
/// Statements of any number of rows up to this one stay prepared.
const MAX_EXACT_ROWS: usize = 64;
/// More bytes than that in one INSERT gain nothing, unless one row has them.
const MAX_BYTES: usize = 1024 * 1024;

/// Rows for the same columns of one table, of one caller or of several.
#[derive(Debug)]
pub(crate) struct Batch<'u> {
    /// Where they come from: one, or several that are alike.
    inserts: Vec<&'u Insert>,
    rows: Vec<&'u [Value]>,
    bytes: usize,
    /// Whether the server numbers the rows.
    numbered: bool,
    /// Whether all rows have values of one kind in each column, as one list of types for all of them demands.
    uniform: bool,
}

impl<'u> Batch<'u> {
    /// The rows of one insert, or of several that go into the same columns of one table.
    pub(crate) fn of(inserts: &[&'u Insert]) -> Self {
        let rows: Vec<_> = inserts.iter().flat_map(|insert| insert.iter()).collect();
        let bytes = rows.iter().flat_map(|row| row.iter()).map(size).sum();
        let uniform = rows.len() > 1 && uniform(&rows);
        let numbered = inserts.first().is_some_and(|insert| {
            let is_serial = |column: &Column| column.kind == ColumnKind::Serial;
            insert.serial().is_none() && insert.table().columns.iter().any(is_serial)
        });
        Self { inserts: inserts.to_vec(), rows, bytes, numbered, uniform }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether one command is sure to do it: then the rows are all in or none is, without a transaction around them.
    pub(crate) fn is_one_command(&self, connection: &Connection, context: &Context) -> bool {
        let (way, rows) = self.next(0, connection, context);
        rows.len() == self.rows.len() && (way == Way::Statement || connection.bulk() == Some(true))
    }

    /// How the rows from `start` on go in, and how many of them with the next command.
    fn next(&self, start: usize, connection: &Connection, context: &Context) -> (Way, Range<usize>) {
        let max_bytes = MAX_BYTES.min(context.max_packet - OVERHEAD);
        let rest = &self.rows[start..];
        let bulk = self.uniform
            && self.inserts.iter().all(|insert| insert.duplicates() == OnDuplicate::Fail)
            && context.dialect.flavour() == Flavour::MariaDb
            && connection.bulk() != Some(false);
        if bulk {
            let count = fitting(rest, MAX_BULK_ROWS, max_bytes);
            if count > 1 && !self.numbered {
                return (Way::Bulk, start..start + count);
            }
            if count > MAX_EXACT_ROWS {
                return (Way::Bulk, start..start + without_gap(count));
            }
        }
        let width = self.columns().len().max(1);
        let limit = MAX_ROWS.min(context.dialect.max_parameters() / width).max(1);
        let count = fitting(rest, limit, max_bytes);
        let count = if count <= MAX_EXACT_ROWS { count } else { 1 << count.ilog2() };
        (Way::Statement, start..start + count)
    }

    /// Refuses what can't go in, and prepares the next command.
    pub(crate) async fn prepare(
        &self,
        start: usize,
        connection: &mut Connection,
        context: &Context,
    ) -> Result<Command, Failure> {
        if start == 0 {
            self.inserts.iter().try_for_each(|insert| context.floats.check_rows(insert))?;
        }
        let (way, rows) = self.next(start, connection, context);
        let first = self.first_name(start);
        // A row that is too large is alone.
        context.check_row_size(&self.rows[rows.clone()], self.columns(), first)?;
        let texts = if way == Way::Bulk { 1 } else { rows.len() };
        let text = self.inserts.first().map(|insert| insert.text(&context.dialect, texts));
        let statement = connection.prep(&text.unwrap_or_default()).await?;
        Ok(Command { way, rows, statement })
    }

    /// Runs the command and returns how many rows went in.
    pub(crate) async fn run(&self, command: &Command, connection: &mut Connection) -> Result<u64, Failure> {
        let rows = &self.rows[command.rows.clone()];
        let sent = match command.way {
            Way::Statement => {
                let values = rows.iter().flat_map(|row| row.iter()).map(encode).collect();
                connection.exec_drop(&command.statement, Params::Positional(values)).await
            }
            Way::Bulk => {
                let rows = rows.iter().map(|row| Params::Positional(row.iter().map(encode).collect()));
                connection.exec_batch(&command.statement, rows.collect()).await
            }
        };
        match sent {
            Ok(()) => {}
            Err(error) => match self.inserts[..] {
                [insert] => {
                    let first = self.first_name(command.rows.start);
                    return Err(with_limit(connection, insert.table().name, first, error.into()).await);
                }
                // Of several callers: it only says that they must go in one by one.
                _ => return Err(error.into()),
            },
        }
        let affected = connection.affected_rows();
        if command.way == Way::Statement {
            return Ok(affected);
        }
        // Where the command is not known, the library runs the statement for each row, and this is the last one's answer.
        connection.set_bulk(affected == rows.len() as u64);
        Ok(rows.len() as u64)
    }

    /// Inserts all rows, inside a transaction that is open.
    pub(crate) async fn insert(
        &self,
        connection: &mut Connection,
        context: &Context,
    ) -> Result<u64, Failure> {
        let (mut done, mut affected) = (0, 0);
        while done < self.rows.len() {
            let command = self.prepare(done, connection, context).await?;
            affected += self.run(&command, connection).await?;
            done = command.rows.end;
        }
        Ok(affected)
    }

    fn columns(&self) -> &[&'static str] {
        self.inserts.first().map_or(&[], |insert| insert.columns())
    }

    /// The position of a command's first row among those of the caller, if there are several.
    fn first_name(&self, start: usize) -> Option<usize> {
        (self.rows.len() > 1).then_some(start)
    }
}

/// The next rows of a batch, ready to be sent.
#[derive(Debug)]
pub(crate) struct Command {
    way: Way,
    rows: Range<usize>,
    statement: Statement,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// A statement that has a placeholder for every value.
    Statement,
    /// A statement of one row, with the values of all rows.
    Bulk,
}

/// How many rows have at most so many bytes together: one at least.
fn fitting(rows: &[&[Value]], limit: usize, max_bytes: usize) -> usize {
    let mut bytes = 0;
    rows.iter()
        .take(limit)
        .take_while(|row| {
            bytes += row.iter().map(size).sum::<usize>();
            bytes <= max_bytes
        })
        .count()
        .max(1)
}

/// The largest 1 + 2 + 4 + … up to a number: see the top of this file.
fn without_gap(rows: usize) -> usize {
    (1 << (rows + 1).ilog2()) - 1
}

/// Whether each column has values of one kind, or none.
fn uniform(rows: &[&[Value]]) -> bool {
    let Some(first) = rows.first() else { return true };
    let mut kinds: Vec<Option<Encoded>> = first.iter().map(Encoded::of).collect();
    rows.iter().all(|row| {
        kinds.iter_mut().zip(row.iter()).all(|(kind, value)| match (*kind, Encoded::of(value)) {
            (_, None) => true,
            (None, found) => {
                *kind = found;
                true
            }
            (kind, found) => kind == found,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_leave_no_numbers_over() {
        for (rows, expected) in [(1, 1), (2, 1), (3, 3), (6, 3), (7, 7), (500, 255), (510, 255), (511, 511)] {
            assert_eq!(without_gap(rows), expected);
        }
    }

    #[test]
    fn rows_that_fit_are_counted_by_number_and_bytes() {
        let small = vec![vec![Value::Int(1); 3]; 5_000];
        let small: Vec<_> = small.iter().map(Vec::as_slice).collect();
        assert_eq!(fitting(&small, 512, MAX_BYTES), 512);
        assert_eq!(fitting(&small[..77], 512, MAX_BYTES), 77);
        let wide = [Value::Text("x".repeat(MAX_BYTES / 3))];
        assert_eq!(fitting(&[&wide[..]; 8], 512, MAX_BYTES), 2);
        let huge = [Value::Text("x".repeat(MAX_BYTES * 2))];
        assert_eq!(fitting(&[&huge[..]; 2], 512, MAX_BYTES), 1);
    }

    #[test]
    fn rows_are_uniform_when_no_column_has_values_of_two_kinds() {
        let rows =
            |values: [[Value; 2]; 3]| uniform(&values.iter().map(<[Value; 2]>::as_slice).collect::<Vec<_>>());
        let text = || Value::Text("x".into());
        assert!(rows([
            [Value::Null, text()],
            [Value::Int(1), Value::Blob(vec![])],
            [Value::Bool(true), text()]
        ]));
        assert!(!rows([[Value::Null, text()], [Value::Int(1), text()], [text(), text()]]));
        assert!(!rows([[Value::Int(1), text()], [Value::Real(1.0), text()], [Value::Int(1), text()]]));
    }
}
