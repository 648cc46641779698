//! A database as it is at one moment, while others go on writing to it.

use std::path::Path;

use async_trait::async_trait;
use serde::Serialize;

use super::copy::{CopyOptions, CopyReport, copy_from, finished};
use super::page::PageLimits;
use super::verify::{Verification, compare};
use super::{CopyEvent, present_in};
use crate::contract::{Commits, Counted, Engine, LogFilter, Repository, ValueCounts};
use crate::driver::{Bootstrap, Bootstrapped, Finding, Snapshot, Space};
use crate::error::{Error, Result};
use crate::sql::{Dialect, Receipt, Rows, Statement, Table, Unit};
use crate::time::Timestamp;

/// A database as it is at one moment: what is copied from it, or compared with it, holds together whatever others write
/// meanwhile.
///
/// It is one snapshot of the engine, on a connection of its own. Dropping it lets go of that.
pub struct Moment<'r> {
    still: Still<'r>,
    taken: Timestamp,
}

/// What a backup has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BackupReport {
    /// The moment: what had been committed before is in the file.
    pub moment: Timestamp,
    /// The rows of DECNET's tables.
    pub rows: u64,
    /// The bytes of the file.
    pub bytes: u64,
    /// The comparison of the file with the snapshot that it was made from.
    pub verification: Verification,
}

impl BackupReport {
    /// Of a file of that size, which was compared.
    pub fn new(moment: Timestamp, bytes: u64, verification: Verification) -> Self {
        let rows = verification.tables.iter().map(|table| table.target.rows).sum();
        Self { moment, rows, bytes, verification }
    }
}

impl<'r> Moment<'r> {
    /// This moment.
    ///
    /// # Errors
    /// `Unsupported`, when the driver has no snapshots; otherwise why none could be begun.
    pub async fn of(repository: &'r dyn Repository) -> Result<Self> {
        let taken = Timestamp::now();
        let engine = repository.engine();
        let snapshot = engine.snapshot().await?;
        Ok(Self { still: Still { engine, snapshot }, taken })
    }

    /// When it was: what had been committed before is seen.
    pub fn taken(&self) -> Timestamp {
        self.taken
    }

    /// Copies everything into another database, as [`copy`](super::copy) does.
    ///
    /// # Errors
    /// As [`copy`](super::copy); `Unavailable` when the snapshot is over.
    pub async fn copy(
        &self,
        target: &dyn Repository,
        options: &CopyOptions,
        on: &mut (dyn FnMut(CopyEvent) + Send),
    ) -> Result<CopyReport> {
        let (rows, has) = present_in(&self.still).await?;
        copy_from((&self.still, rows, &has), target, options, on).await
    }

    /// Compares another database with it, as [`verify`](super::verify) does.
    ///
    /// # Errors
    /// What a read returns.
    pub async fn verify(
        &self,
        target: &dyn Repository,
        limits: PageLimits,
        on: &mut (dyn FnMut(CopyEvent) + Send),
    ) -> Result<Verification> {
        let (rows, has) = present_in(&self.still).await?;
        compare((&self.still, rows, &has), target.engine(), limits, false, on).await
    }

    /// Writes it into a file of the engine's own kind, where the engine has such files; `false` where it has none, and
    /// nothing was done.
    ///
    /// # Errors
    /// `Conflict` when it is the target of an unfinished copy; what the engine returns.
    pub async fn write_file(&self, path: &Path, on: &mut (dyn FnMut(CopyEvent) + Send)) -> Result<bool> {
        let (_, has) = present_in(&self.still).await?;
        finished(&self.still, &has).await?;
        self.still.snapshot.write_file(path, &mut |done, all| on(CopyEvent::Pages { done, all })).await
    }

    /// Ends it, and waits until the engine has let go of it.
    pub async fn end(self) {
        self.still.snapshot.end().await;
    }

    pub(super) fn engine(&self) -> &(dyn Engine + '_) {
        &self.still
    }
}

/// The engine with all reads in the snapshot.
struct Still<'r> {
    engine: &'r dyn Engine,
    snapshot: Box<dyn Snapshot>,
}

fn refused() -> Error {
    Error::Unsupported("a snapshot is only read".to_owned())
}

#[async_trait]
impl Engine for Still<'_> {
    fn dialect(&self) -> &dyn Dialect {
        self.engine.dialect()
    }

    async fn commit(&self, _: Unit) -> Result<Receipt> {
        Err(refused())
    }

    async fn query(&self, statement: Statement) -> Result<Rows> {
        self.snapshot.query(statement).await
    }

    fn commits(&self) -> &Commits {
        self.engine.commits()
    }

    async fn foreign_commits(&self) -> Option<u64> {
        None
    }

    async fn snapshot(&self) -> Result<Box<dyn Snapshot>> {
        Err(refused())
    }

    async fn bootstrap(&self, _: Bootstrap) -> Result<Bootstrapped> {
        Err(refused())
    }

    async fn value_counts(&self, _: Counted<'_>, _: &LogFilter, _: u64) -> Result<Option<ValueCounts>> {
        Ok(None)
    }

    async fn space(&self, table: &'static Table) -> Result<Option<Space>> {
        self.engine.space(table).await
    }

    async fn examine(&self, full: bool) -> Result<Vec<Finding>> {
        self.engine.examine(full).await
    }

    async fn tidy(&self) -> Result<bool> {
        Ok(false)
    }
}
