//! Running statements on one connection.

use decnet_db_core::sql::{Rows, Statement, Verb};
use mysql_async::Statement as Prepared;

use crate::codec::params;
use crate::context::Context;
use crate::error::{Failure, is_denied};
use crate::legacy::column_limits::{check_copied, with_limit};
use crate::read::connection::Connection;

/// Runs a query and reads all of its rows.
pub(crate) async fn query(
    connection: &mut Connection,
    context: &Context,
    statement: &Statement,
) -> Result<Rows, Failure> {
    context.check_size(statement.values())?;
    Ok(connection.exec(statement.text(), params(statement.values())).await?)
}

/// Runs a statement without rows and returns how many rows it affected: for an UPDATE those that it found, changed or
/// not; for an upsert of one row 1, as on other engines.
pub(crate) async fn execute(
    connection: &mut Connection,
    context: &Context,
    statement: &Statement,
) -> Result<u64, Failure> {
    let prepared = prepare(connection, context, statement).await?;
    execute_prepared(connection, &prepared, statement).await
}

/// Refuses what the server would take for something else, and prepares the statement.
pub(crate) async fn prepare(
    connection: &mut Connection,
    context: &Context,
    statement: &Statement,
) -> Result<Prepared, Failure> {
    context.check_size(statement.values())?;
    context.floats.check(statement)?;
    check_copied(connection, statement).await?;
    Ok(connection.prep(statement.text()).await?)
}

/// As [`execute`], of what [`prepare`] has prepared.
pub(crate) async fn execute_prepared(
    connection: &mut Connection,
    prepared: &Prepared,
    statement: &Statement,
) -> Result<u64, Failure> {
    if let Err(error) = connection.exec_drop(prepared, params(statement.values())).await {
        if statement.verb() == Verb::Ddl && is_denied(&error) {
            // Setting the counter of a key back. InnoDB's follows the largest number by itself, so it may stay.
            tracing::debug!(statement = statement.text(), "refused to this account, and not needed");
            return Ok(0);
        }
        return Err(match statement.table() {
            Some(table) => with_limit(connection, table.name, None, error.into()).await,
            None => error.into(),
        });
    }
    let affected = connection.affected_rows();
    Ok(match statement.verb() {
        Verb::Update => matched(&connection.info()).unwrap_or(affected),
        Verb::Upsert if affected <= 2 => 1,
        _ => affected,
    })
}

/// The first number of `Rows matched: 1  Changed: 0  Warnings: 0`, which the server may say in another language. The
/// connection flag that makes the server count so, `FOUND_ROWS`, would hide how many rows an INSERT left out.
fn matched(info: &str) -> Option<u64> {
    let digits = info.trim_start_matches(|c: char| !c.is_ascii_digit());
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().ok()
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
