//! Running statements on one connection.

use decnet_db_core::Error;
use decnet_db_core::sql::{Dialect, Insert, Outcome, Receipt, Rows, Statement, Step, Unit, Value};
use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use crate::dialect::Mysql;
use crate::error::Failure;
use crate::floats::Floats;
use crate::limits::{argument, check_copied, table, with_limit};
use crate::values::{decode, params, size};

/// What a packet needs besides the values: the statement's number, the types, some room.
const OVERHEAD: usize = 16 * 1024;
/// More rows than that in one INSERT gain nothing, and cost memory on both sides.
const MAX_ROWS: usize = 512;
/// More bytes than that in one INSERT gain nothing, unless one row has them.
const MAX_BYTES: usize = 1024 * 1024;

/// What statements need to know about where they run.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub(crate) dialect: Mysql,
    /// The most bytes that one packet may have.
    pub(crate) max_packet: usize,
    /// The columns that hold numbers of 32 bits.
    pub(crate) floats: Floats,
}

/// Runs a query and reads all of its rows.
pub(crate) async fn query(
    conn: &mut Conn,
    context: &Context,
    statement: &Statement,
) -> Result<Rows, Failure> {
    context.check_size(statement.values())?;
    let mut result = conn.exec_iter(statement.text(), params(statement.values())).await?;
    let columns = result.columns();
    let columns = columns.as_deref().unwrap_or_default();
    let mut rows = Rows::new(columns.len());
    while let Some(row) = result.next().await? {
        for (value, column) in row.unwrap().into_iter().zip(columns) {
            rows.push(decode(value, column));
        }
    }
    drop(result);
    Ok(rows)
}

/// Runs a statement without rows and returns how many rows it affected: for an UPDATE those that it found, changed or
/// not; for an upsert of one row 1, as on other engines.
pub(crate) async fn execute(
    conn: &mut Conn,
    context: &Context,
    statement: &Statement,
) -> Result<u64, Failure> {
    context.check_size(statement.values())?;
    context.floats.check(statement)?;
    check_copied(conn, statement).await?;
    conn.exec_drop(statement.text(), params(statement.values())).await?;
    let affected = conn.affected_rows();
    Ok(if statement.text().starts_with("UPDATE ") {
        matched(&conn.info()).unwrap_or(affected)
    } else if affected <= 2 && statement.text().contains(" ON DUPLICATE KEY UPDATE ") {
        1
    } else {
        affected
    })
}

/// The first number of `Rows matched: 1  Changed: 0  Warnings: 0`, which the server may say in another language. The
/// connection flag that makes the server count so, `FOUND_ROWS`, would hide how many rows an INSERT left out.
fn matched(info: &str) -> Option<u64> {
    let digits = info.trim_start_matches(|c: char| !c.is_ascii_digit());
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().ok()
}

/// Runs all steps of a unit inside a transaction that is open.
pub(crate) async fn steps(conn: &mut Conn, context: &Context, unit: &Unit) -> Result<Receipt, Failure> {
    let mut receipt = Receipt::default();
    for step in unit.steps() {
        receipt.push(run_step(conn, context, step).await?);
    }
    Ok(receipt)
}

async fn run_step(conn: &mut Conn, context: &Context, step: &Step) -> Result<Outcome, Failure> {
    Ok(match step {
        // Guards were taken before the transaction began.
        Step::Guard(_) => Outcome::Affected(0),
        Step::Execute(statement, expect) => {
            let affected = match (execute(conn, context, statement).await, table(statement)) {
                (Ok(affected), _) => affected,
                (Err(failure), Some(table)) => return Err(with_limit(conn, table, None, failure).await),
                (Err(failure), None) => return Err(failure),
            };
            if let Some(expect) = expect {
                expect.check(affected)?;
            }
            Outcome::Affected(affected)
        }
        Step::Query(statement) => Outcome::Rows(query(conn, context, statement).await?),
        Step::Insert(rows) => Outcome::Affected(insert(conn, context, rows).await?),
        _ => {
            return Err(
                Error::Unsupported("the MySQL driver is older than a step of this unit".into()).into()
            );
        }
    })
}

/// Inserts rows by statements of 512, 256, …, 2 and 1 rows: ten texts for a table, so that they stay prepared, where a
/// statement for each number of rows would be prepared anew each time (which costs an answer for each parameter).
pub(crate) async fn insert(conn: &mut Conn, context: &Context, insert: &Insert) -> Result<u64, Failure> {
    let width = insert.columns().len().max(1);
    let limit = MAX_ROWS.min(context.dialect.max_parameters() / width).max(1);
    let several = insert.len() > 1;
    let mut rest = insert.values();
    let (mut done, mut affected) = (0, 0);
    context.floats.check_rows(insert)?;
    while !rest.is_empty() {
        let count = chunk(rest, width, limit, MAX_BYTES.min(context.max_packet - OVERHEAD));
        let (values, behind) = rest.split_at(count * width);
        let first = several.then_some(done);
        // One that is too large is alone.
        context.check_row_size(values, insert.columns(), first)?;
        if let Err(error) = conn.exec_drop(insert.text(&context.dialect, count), params(values)).await {
            return Err(with_limit(conn, insert.table().name, first, error.into()).await);
        }
        affected += conn.affected_rows();
        done += count;
        rest = behind;
    }
    Ok(affected)
}

/// How many rows the next statement takes: a power of two, at most `limit`, at most `max_bytes` bytes if not a single row
/// has more.
fn chunk(values: &[Value], width: usize, limit: usize, max_bytes: usize) -> usize {
    let mut bytes = 0;
    let fitting = values
        .chunks(width)
        .take(limit)
        .take_while(|row| {
            bytes += row.iter().map(size).sum::<usize>();
            bytes <= max_bytes
        })
        .count()
        .max(1);
    1 << fitting.ilog2()
}

impl Context {
    /// Refuses before sending what the server would refuse by closing the connection.
    fn check_size(&self, values: &[Value]) -> Result<(), Error> {
        let bytes = values.iter().map(size).sum::<usize>() + OVERHEAD;
        if bytes <= self.max_packet { Ok(()) } else { Err(self.too_large("", bytes)) }
    }

    /// The same for rows, naming the column that has most of it.
    fn check_row_size(
        &self,
        values: &[Value],
        columns: &[&'static str],
        row: Option<usize>,
    ) -> Result<(), Error> {
        let bytes = values.iter().map(size).sum::<usize>() + OVERHEAD;
        if bytes <= self.max_packet {
            return Ok(());
        }
        let largest = values.iter().zip(columns.iter().cycle()).max_by_key(|(value, _)| size(value));
        Err(self.too_large(&argument(row, largest.map_or("", |(_, column)| column)), bytes))
    }

    fn too_large(&self, argument: &str, bytes: usize) -> Error {
        Error::invalid_input(
            argument,
            format!(
                "about {bytes} bytes in one statement, of which the server takes {} at most: write less, or raise its \
                 max_allowed_packet",
                self.max_packet
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_powers_of_two_that_cover_all_rows() {
        let values = vec![Value::Int(1); 77 * 3];
        let mut rest = &values[..];
        let mut counts = Vec::new();
        while !rest.is_empty() {
            let count = chunk(rest, 3, 512, MAX_BYTES);
            counts.push(count);
            rest = &rest[count * 3..];
        }
        assert_eq!(counts, [64, 8, 4, 1]);
        assert_eq!(chunk(&vec![Value::Int(1); 5_000], 1, 512, MAX_BYTES), 512);
        let wide = vec![Value::Text("x".repeat(MAX_BYTES / 3)); 8];
        assert_eq!(chunk(&wide, 1, 512, MAX_BYTES), 2);
        let huge = vec![Value::Text("x".repeat(MAX_BYTES * 2)); 2];
        assert_eq!(chunk(&huge, 1, 512, MAX_BYTES), 1);
    }

    #[test]
    fn matched_rows_are_the_first_number_in_any_language() {
        assert_eq!(matched("Rows matched: 1  Changed: 0  Warnings: 0"), Some(1));
        assert_eq!(matched("Datensätze gefunden: 12  Geändert: 3  Warnungen: 0"), Some(12));
        assert_eq!(matched(""), None);
    }
}
