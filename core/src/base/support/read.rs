//! Reads that are a select, a condition and an order.

use crate::base::SqlRepository;
use crate::error::Result;
use crate::sql::{Col, FromValue, Record, Rows, Sql, Value};

impl SqlRepository {
    /// An empty statement in the backend's dialect.
    pub(in crate::base) fn sql(&self) -> Sql<'_> {
        Sql::new(self.backend.dialect())
    }

    /// `SELECT` all columns of the record's table.
    pub(in crate::base) fn select<R: Record>(&self) -> Sql<'_> {
        let mut sql = self.sql();
        sql.select(R::TABLE);
        sql
    }

    /// The rows of a query.
    pub(in crate::base) async fn read(&self, sql: Sql<'_>) -> Result<Rows> {
        let statement = sql.finish()?;
        self.backend.query(statement).await
    }

    /// The records that the clauses leave, in the order that they give.
    pub(in crate::base) async fn list<'r, R: Record>(
        &'r self,
        clauses: impl for<'s> FnOnce(&'s mut Sql<'r>) -> &'s mut Sql<'r>,
    ) -> Result<Vec<R>> {
        let mut sql = self.select::<R>();
        clauses(&mut sql);
        self.read(sql).await?.records()
    }

    /// The first of the records that the clauses leave.
    pub(in crate::base) async fn first<'r, R: Record>(
        &'r self,
        clauses: impl for<'s> FnOnce(&'s mut Sql<'r>) -> &'s mut Sql<'r>,
    ) -> Result<Option<R>> {
        let mut sql = self.select::<R>();
        clauses(&mut sql).page(1, 0);
        self.read(sql).await?.first()
    }

    /// The record whose column, which is unique, has this value.
    pub(in crate::base) async fn by<R: Record, T>(
        &self,
        column: Col<R, T>,
        value: impl Into<Value>,
    ) -> Result<Option<R>> {
        let mut sql = self.select::<R>();
        sql.only(column, value);
        self.read(sql).await?.first()
    }

    /// How many rows of the record's table the clauses leave.
    pub(in crate::base) async fn count<'r, R: Record>(
        &'r self,
        clauses: impl for<'s> FnOnce(&'s mut Sql<'r>) -> &'s mut Sql<'r>,
    ) -> Result<u64> {
        let mut sql = self.sql();
        clauses(sql.push("SELECT COUNT(*)").from::<R>());
        self.number(sql).await
    }

    /// A query for one number; 0 when there is none.
    pub(in crate::base) async fn number(&self, sql: Sql<'_>) -> Result<u64> {
        Ok(self.read(sql).await?.scalar()?.unwrap_or(0))
    }

    /// The column's value in the first row that the clauses leave.
    pub(in crate::base) async fn value_of<'r, R: Record, T: FromValue>(
        &'r self,
        column: Col<R, T>,
        clauses: impl for<'s> FnOnce(&'s mut Sql<'r>) -> &'s mut Sql<'r>,
    ) -> Result<Option<T>> {
        let mut sql = self.sql();
        clauses(sql.push("SELECT ").column(column).from::<R>());
        Ok(self.read(sql).await?.decode(|row| row.read(column))?.into_iter().next())
    }

    /// The keys in chunks that one statement takes, without those that are too long for the column and so find nothing
    /// (ruling R16).
    pub(in crate::base) fn chunks<'k, R: Record, T>(
        &self,
        column: Col<R, T>,
        keys: impl IntoIterator<Item = &'k str>,
    ) -> Vec<Vec<&'k str>> {
        // Half a megabyte at most with 255 characters each, which is less than any server takes without being told.
        const CHUNK: usize = 512;
        let fits = |key: &&str| R::TABLE.check(column.column(), &Value::from(*key)).is_ok();
        let keys: Vec<_> = keys.into_iter().filter(fits).collect();
        keys.chunks(self.backend.dialect().max_parameters().min(CHUNK)).map(<[_]>::to_vec).collect()
    }
}

impl Sql<'_> {
    /// One more condition: the column equals the value, if one is given; an empty text is one.
    pub(in crate::base) fn only_given<R, T>(
        &mut self,
        column: Col<R, T>,
        value: Option<impl Into<Value>>,
    ) -> &mut Self {
        match value {
            Some(value) => self.only(column, value),
            None => self,
        }
    }
}
