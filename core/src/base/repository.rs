//! The repository over any backend.

use std::sync::Arc;

use async_trait::async_trait;

use super::summary::LogSummary;
use super::{Committer, UnitOfWork};
use crate::config::SeedConfig;
use crate::contract::Repository;
use crate::contract::tables::SCHEMA;
use crate::driver::{Backend, Bootstrap, Bootstrapped, PoolStatus, ServerInfo};
use crate::error::{Error, ErrorKind, Result};
use crate::sql::{Dialect, Receipt, Record, Rows, Sql, Statement, Table, Unit, Value};

/// The contract, answered in portable SQL over one [`Backend`].
///
/// Programs get one, wrapped with telemetry, from [`Registry::connect`](crate::driver::Registry::connect).
pub struct SqlRepository {
    pub(super) backend: Arc<dyn Backend>,
    pub(super) seed: SeedConfig,
    pub(super) summary: LogSummary,
}

impl SqlRepository {
    /// The contract over an open backend; `seed` says which administrator [`initialize`] creates.
    ///
    /// [`initialize`]: crate::contract::Lifecycle::initialize
    pub fn new(backend: Arc<dyn Backend>, seed: SeedConfig) -> Self {
        Self { backend, seed, summary: LogSummary::default() }
    }

    /// An empty statement in the backend's dialect.
    pub(super) fn sql(&self) -> Sql<'_> {
        Sql::new(self.backend.dialect())
    }

    /// `SELECT` all columns of the record's table.
    pub(super) fn select<R: Record>(&self) -> Sql<'_> {
        let mut sql = self.sql();
        sql.select(R::TABLE);
        sql
    }

    pub(super) async fn read(&self, sql: Sql<'_>) -> Result<Rows> {
        let statement = sql.finish();
        self.backend.query(statement).await
    }

    /// The keys in lots that one statement takes, without those that are too long for the column and so find nothing
    /// (ruling R16).
    pub(super) fn lots<'k>(
        &self,
        table: &'static Table,
        column: &'static str,
        keys: impl IntoIterator<Item = &'k str>,
    ) -> Vec<Vec<&'k str>> {
        // Half a megabyte at most with 255 characters each, which is less than any server takes without being told.
        const LOT: usize = 500;
        let fits = |key: &&str| checked(table, column, *key).is_ok();
        let keys: Vec<_> = keys.into_iter().filter(fits).collect();
        keys.chunks(self.backend.dialect().max_parameters().min(LOT)).map(<[_]>::to_vec).collect()
    }

    /// A query for one number.
    pub(super) async fn count(&self, sql: Sql<'_>) -> Result<u64> {
        Ok(self.read(sql).await?.scalar()?.unwrap_or(0))
    }
}

/// The value, if the column can hold it.
///
/// # Errors
/// Invalid input that names the column, or the internal error that the table has no such column.
pub(super) fn checked(table: &'static Table, column: &'static str, value: impl Into<Value>) -> Result<Value> {
    let value = value.into();
    if let Some(column) = table.column(column) {
        table.check(column, &value)?;
    }
    Ok(value)
}

/// As [`checked`], for a value that the caller knows by another name than the column's.
pub(super) fn checked_as(
    argument: &str,
    table: &'static Table,
    column: &'static str,
    value: impl Into<Value>,
) -> Result<Value> {
    checked(table, column, value).map_err(|error| match error {
        Error::InvalidInput { reason, .. } => Error::invalid_input(argument, reason),
        other => other,
    })
}

#[async_trait]
impl Repository for SqlRepository {
    fn system(&self) -> &'static str {
        self.backend.dialect().system()
    }

    fn unit(&self) -> UnitOfWork<'_> {
        UnitOfWork::new(self)
    }

    fn committer(&self) -> &dyn Committer {
        self
    }

    async fn ping(&self) -> Result<ServerInfo> {
        self.backend.ping().await
    }

    fn pool(&self) -> PoolStatus {
        self.backend.pool()
    }

    async fn row_counts(&self) -> Result<Vec<(&'static str, Option<u64>)>> {
        let mut counts = Vec::with_capacity(SCHEMA.tables.len());
        for table in SCHEMA.tables {
            let mut sql = self.sql();
            sql.push("SELECT COUNT(*) FROM ").identifier(table.name);
            counts.push((
                table.name,
                match self.count(sql).await {
                    Ok(count) => Some(count),
                    Err(error) if error.kind() == ErrorKind::Configuration => None,
                    Err(error) => return Err(error),
                },
            ));
        }
        Ok(counts)
    }

    async fn revisions(&self) -> Result<Vec<String>> {
        match self.backend.query(SCHEMA.read_stamp(self.backend.dialect())).await {
            Ok(rows) => rows.decode(|row| row.read("alembic_version", "version_num")),
            Err(error) if error.kind() == ErrorKind::Configuration => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    async fn close(&self) {
        self.backend.close().await;
    }
}

#[async_trait]
impl Committer for SqlRepository {
    fn dialect(&self) -> &dyn Dialect {
        self.backend.dialect()
    }

    async fn commit(&self, unit: Unit) -> Result<Receipt> {
        let _around = self.summary.around(&unit);
        self.backend.commit(unit).await
    }

    async fn query(&self, statement: Statement) -> Result<Rows> {
        self.backend.query(statement).await
    }

    async fn bootstrap(&self, bootstrap: Bootstrap) -> Result<Bootstrapped> {
        self.backend.bootstrap(bootstrap).await
    }
}

/// How often a write starts again that decides by what it read before, when other writers come in between. Each round at
/// least one of them gets through.
pub(super) const RETRIES: usize = 256;

/// What the base answers when [`RETRIES`] rounds did not do.
pub(super) fn busy(what: &str) -> Error {
    Error::unavailable(
        format!("{what} changed {RETRIES} times while it was being written; try again"),
        anyhow::anyhow!("other writers were faster each time"),
    )
}

/// What the base answers when a driver breaks its promise.
pub(super) fn broken(message: &str) -> Error {
    Error::backend(message.to_owned(), anyhow::anyhow!("the driver's answer has another shape"))
}
