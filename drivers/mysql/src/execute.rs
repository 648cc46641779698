//! Running statements on one connection.

use decnet_db_core::sql::{Rows, Statement};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Statement as Prepared};

use crate::codec::{decode, params};
use crate::context::Context;
use crate::error::Failure;
use crate::legacy::column_limits::{check_copied, with_limit};
use crate::legacy::statement_text::table;

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
