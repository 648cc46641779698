//! Running statements on one connection.

use decnet_db_core::Error;
use decnet_db_core::sql::{Outcome, Receipt, Rows, Statement, Step, Unit, Value};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Statement as Prepared};

use crate::dialect::Mysql;
use crate::error::Failure;
use crate::floats::Floats;
use crate::limits::{argument, check_copied, table, with_limit};
use crate::link::Link;
use crate::rows::Batch;
use crate::values::{decode, params, size};

/// What a packet needs besides the values: the statement's number, the types, some room.
pub(crate) const OVERHEAD: usize = 16 * 1024;

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
    let prepared = prepare(conn, context, statement).await?;
    execute_prepared(conn, &prepared, statement).await
}

/// Refuses what the server would take for something else, and prepares the statement.
pub(crate) async fn prepare(
    conn: &mut Conn,
    context: &Context,
    statement: &Statement,
) -> Result<Prepared, Failure> {
    context.check_size(statement.values())?;
    context.floats.check(statement)?;
    check_copied(conn, statement).await?;
    Ok(conn.prep(statement.text()).await?)
}

/// As [`execute`], of what [`prepare`] has prepared.
pub(crate) async fn execute_prepared(
    conn: &mut Conn,
    prepared: &Prepared,
    statement: &Statement,
) -> Result<u64, Failure> {
    if let Err(error) = conn.exec_drop(prepared, params(statement.values())).await {
        return Err(match table(statement) {
            Some(table) => with_limit(conn, table, None, error.into()).await,
            None => error.into(),
        });
    }
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
pub(crate) async fn steps(link: &mut Link, context: &Context, unit: &Unit) -> Result<Receipt, Failure> {
    let mut receipt = Receipt::default();
    for step in unit.steps() {
        receipt.push(run_step(link, context, step).await?);
    }
    Ok(receipt)
}

async fn run_step(link: &mut Link, context: &Context, step: &Step) -> Result<Outcome, Failure> {
    Ok(match step {
        // Guards were taken before the transaction began.
        Step::Guard(_) => Outcome::Affected(0),
        Step::Execute(statement, expect) => {
            let affected = execute(link, context, statement).await?;
            if let Some(expect) = expect {
                expect.check(affected)?;
            }
            Outcome::Affected(affected)
        }
        Step::Query(statement) => Outcome::Rows(query(link, context, statement).await?),
        Step::Insert(rows) => Outcome::Affected(Batch::of(&[rows]).insert(link, context).await?),
        _ => {
            return Err(
                Error::Unsupported("the MySQL driver is older than a step of this unit".into()).into()
            );
        }
    })
}

impl Context {
    /// Refuses before sending what the server would refuse by closing the connection.
    fn check_size(&self, values: &[Value]) -> Result<(), Error> {
        let bytes = values.iter().map(size).sum::<usize>() + OVERHEAD;
        if bytes <= self.max_packet { Ok(()) } else { Err(self.too_large("", bytes)) }
    }

    /// The same for rows, naming the column that has most of it.
    pub(crate) fn check_row_size(
        &self,
        rows: &[&[Value]],
        columns: &[&'static str],
        row: Option<usize>,
    ) -> Result<(), Error> {
        let values = || rows.iter().flat_map(|row| row.iter());
        let bytes = values().map(size).sum::<usize>() + OVERHEAD;
        if bytes <= self.max_packet {
            return Ok(());
        }
        let largest = values().zip(columns.iter().cycle()).max_by_key(|(value, _)| size(value));
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
    fn matched_rows_are_the_first_number_in_any_language() {
        assert_eq!(matched("Rows matched: 1  Changed: 0  Warnings: 0"), Some(1));
        assert_eq!(matched("Datensätze gefunden: 12  Geändert: 3  Warnungen: 0"), Some(12));
        assert_eq!(matched(""), None);
    }
}
