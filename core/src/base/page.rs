//! Pages by key.

use crate::contract::{Cursor, Page};
use crate::error::{Error, Result};
use crate::sql::{Record, Sql};

/// Appends, after `lead`, the condition that a row comes behind the cursor in the descending order of (`column`, key).
///
/// The first comparison is the range of the index on `column`; row values, which say the same, use no index on MySQL.
pub(super) fn behind<R: Record>(
    sql: &mut Sql<'_>,
    lead: &'static str,
    column: &'static str,
    cursor: &Cursor<R>,
) -> Result<()> {
    expect_order(column, cursor)?;
    sql.push(lead).identifier(column).push(" <= ").bind(cursor.sort().clone());
    sql.push(" AND (").identifier(column).push(" < ").bind(cursor.sort().clone()).push(" OR ");
    sql.identifiers(R::TABLE.primary_key.iter().copied()).push(" < ").bind(cursor.key().clone()).push(")");
    Ok(())
}

/// Refuses a cursor of a list in another order.
pub(super) fn expect_order<R: Record>(column: &str, cursor: &Cursor<R>) -> Result<()> {
    if cursor.column() == column {
        return Ok(());
    }
    Err(Error::invalid_input(
        "after",
        format!("comes from a list ordered by {}, this one is ordered by {column}", cursor.column()),
    ))
}

/// How many rows to read for a page: one more tells whether another page follows.
pub(super) fn rows_for(limit: u64) -> Result<u64> {
    if limit == 0 {
        return Err(Error::invalid_input("limit", "must be at least 1, a page without rows leads nowhere"));
    }
    Ok(limit.saturating_add(1))
}

/// The page that was read as [`rows_for`] says.
pub(super) fn page<T, C>(mut rows: Vec<T>, limit: u64, behind: impl Fn(&T) -> C) -> Page<T, C> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let next = if rows.len() > limit {
        rows.truncate(limit);
        rows.last().map(behind)
    } else {
        None
    };
    Page { data: rows, next }
}
