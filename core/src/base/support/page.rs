//! Pages by key.

use crate::base::SqlRepository;
use crate::contract::limits::{check_limit, check_search};
use crate::contract::{Cursor, Page};
use crate::error::{Error, Result};
use crate::sql::{Col, Column, Record, Sql, Value};

/// A page by key, in the descending order of a column and the primary key.
pub(in crate::base) struct Pages {
    column: &'static Column,
    limit: u64,
}

impl Pages {
    /// The page of at most `limit` rows in the order of the column.
    ///
    /// # Errors
    /// Invalid input for a limit of 0, or one above [`MOST_ROWS`](crate::contract::limits::MOST_ROWS).
    pub(in crate::base) fn by(column: impl Into<&'static Column>, limit: u64) -> Result<Self> {
        if limit == 0 {
            return Err(Error::invalid_input(
                "limit",
                "must be at least 1, a page without rows leads nowhere",
            ));
        }
        Ok(Self { column: column.into(), limit: check_limit(limit)? })
    }

    /// Adds the condition that a row comes after the cursor.
    ///
    /// The first comparison is the range of the index on the column; row values, which say the same, use no index on MySQL.
    ///
    /// # Errors
    /// Invalid input for a cursor of a list in another order.
    pub(in crate::base) fn after<R: Record>(
        &self,
        sql: &mut Sql<'_>,
        cursor: Option<&Cursor<R>>,
    ) -> Result<()> {
        let Some(cursor) = cursor else { return Ok(()) };
        expect_order(self.column, cursor)?;
        sql.and().column(self.column).push(" <= ").bind(cursor.sort().clone());
        sql.push(" AND (").column(self.column).push(" < ").bind(cursor.sort().clone()).push(" OR ");
        sql.identifiers(R::TABLE.primary_key.iter().copied())
            .push(" < ")
            .bind(cursor.key().clone())
            .push(")");
        Ok(())
    }

    /// Adds the condition that a row comes after the cursor, in the ascending order of the primary key.
    ///
    /// # Errors
    /// Invalid input for a cursor of a list in another order.
    pub(in crate::base) fn after_key<R: Record>(
        &self,
        sql: &mut Sql<'_>,
        cursor: Option<&Cursor<R>>,
    ) -> Result<()> {
        let Some(cursor) = cursor else { return Ok(()) };
        expect_order(self.column, cursor)?;
        sql.and().column(self.column).push(" > ").bind(cursor.key().clone());
        Ok(())
    }

    /// Adds the limit: one row more than the page has tells whether another page follows.
    pub(in crate::base) fn limit(&self, sql: &mut Sql<'_>) {
        sql.page(self.limit.saturating_add(1), 0);
    }

    /// The page of the rows that were read; `place` gives a row's value in the column, and its key.
    pub(in crate::base) fn page<R: Record, T>(
        &self,
        mut rows: Vec<T>,
        place: impl Fn(&T) -> (Value, Value),
    ) -> Page<T, Cursor<R>> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().filter(|_| more).map(place);
        Page { next: last.map(|(sort, key)| Cursor::after(self.column, sort, key)), data: rows }
    }
}

impl SqlRepository {
    /// A page of the records that the clauses leave, in the ascending order of their key; `key_of` gives a record's.
    pub(in crate::base) async fn page_by_key<'r, R: Record, T, K: Into<Value>>(
        &'r self,
        key: Col<R, T>,
        key_of: impl Fn(&R) -> K,
        limit: u64,
        after: Option<Cursor<R>>,
        clauses: impl for<'s> FnOnce(&'s mut Sql<'r>) -> &'s mut Sql<'r>,
    ) -> Result<Page<R, Cursor<R>>> {
        let pages = Pages::by(key, limit)?;
        let mut sql = self.select::<R>();
        pages.after_key(clauses(&mut sql), after.as_ref())?;
        pages.limit(sql.asc(key));
        let records = self.read(sql).await?.records()?;
        Ok(pages.page(records, |last| (Value::Null, key_of(last).into())))
    }
}

impl Sql<'_> {
    /// ` LIMIT … OFFSET …` of a list that a caller asks for: refused above
    /// [`MOST_ROWS`](crate::contract::limits::MOST_ROWS).
    pub(in crate::base) fn part(&mut self, limit: u64, offset: u64) -> &mut Self {
        match check_limit(limit) {
            Ok(limit) => self.page(limit, offset),
            Err(error) => self.refuse(error),
        }
    }

    /// One more condition: one of the columns contains what a caller looks for, unless that is nothing; refused above
    /// [`LONGEST_SEARCH`](crate::contract::limits::LONGEST_SEARCH).
    pub(in crate::base) fn searched(
        &mut self,
        columns: &[&'static Column],
        search: Option<&str>,
    ) -> &mut Self {
        match search.map(|search| check_search("search", search)) {
            None | Some(Ok("")) => self,
            Some(Ok(search)) => self.and().contains_any(columns, search),
            Some(Err(error)) => self.refuse(error),
        }
    }
}

/// Refuses a cursor of a list in another order.
pub(in crate::base) fn expect_order<R: Record>(column: &'static Column, cursor: &Cursor<R>) -> Result<()> {
    if cursor.column() == column {
        return Ok(());
    }
    Err(Error::invalid_input(
        "after",
        format!(
            "comes from a list ordered by {}, this one is ordered by {}",
            cursor.column().name,
            column.name
        ),
    ))
}
