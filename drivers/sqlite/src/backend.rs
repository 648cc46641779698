//! The driver's side of the interface: hands reads to the pool and writes to the writer.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use decnet_db_core::driver::{
    Backend, Bootstrap, Bootstrapped, Finding, PoolStatus, ServerInfo, Snapshot, Space,
};
use decnet_db_core::sql::{Dialect, Receipt, Rows, Sql, Statement, Table, Unit};
use decnet_db_core::{Error, Result};

use crate::dialect::Sqlite;
use crate::error::Errors;
use crate::examine;
use crate::read::ReaderPool;
use crate::read::threads::{ReaderThreads, detached};
use crate::snapshot::{Snapshots, begin};
use crate::write::{Writer, WriterHandle};

/// An open SQLite database.
pub(crate) struct SqliteBackend {
    /// `None` for a database that can only be read.
    pub(crate) writer: Option<Arc<Writer>>,
    pub(crate) reads: Reads,
    /// How a snapshot is opened; none in memory.
    pub(crate) snapshots: Option<Snapshots>,
    pub(crate) errors: Errors,
    /// `None` in memory.
    pub(crate) file: Option<PathBuf>,
}

/// Where reads run.
pub(crate) enum Reads {
    /// On connections of their own.
    Pool(ReaderPool),
    /// On the writer's connection: a database in memory has only one.
    OfTheWriter(ReaderThreads, WriterHandle),
}

impl SqliteBackend {
    fn writer(&self) -> Result<&Arc<Writer>> {
        self.writer.as_ref().ok_or_else(|| self.errors.read_only())
    }

    /// The room that the file takes.
    async fn room(&self) -> Result<Option<Space>> {
        let mut sql = Sql::new(&Sqlite);
        sql.push("SELECT page_count, freelist_count, page_size, auto_vacuum FROM pragma_page_count(), ")
            .push("pragma_freelist_count(), pragma_page_size(), pragma_auto_vacuum()");
        let rows = self.query(sql.finish()?).await?.decode(|row| {
            let [pages, free, size, mode]: [u64; 4] =
                [row.value("pages")?, row.value("pages")?, row.value("bytes")?, row.value("mode")?];
            let used = pages.saturating_sub(free).saturating_mul(size);
            let space = Space::new(used, free.saturating_mul(size)).current();
            // A copy of what is in use, which goes through the log.
            Ok(if mode == 0 { space.rebuilt_by("VACUUM", used.saturating_mul(2)) } else { space })
        })?;
        Ok(rows.into_iter().next())
    }

    /// Whether nobody writes at the moment.
    fn is_quiet(&self) -> bool {
        self.writer.as_ref().is_none_or(|writer| writer.is_quiet())
    }
}

#[async_trait]
impl Backend for SqliteBackend {
    fn dialect(&self) -> &dyn Dialect {
        &Sqlite
    }

    async fn query(&self, statement: Statement) -> Result<Rows> {
        match &self.reads {
            Reads::Pool(readers) => readers.query(statement, self.is_quiet()).await,
            Reads::OfTheWriter(threads, handle) => {
                let handle = handle.clone();
                threads.run(self.is_quiet(), move |_| handle.query(&statement)).await
            }
        }
    }

    async fn foreign_commits(&self) -> Option<u64> {
        match (&self.reads, &self.writer) {
            (Reads::Pool(readers), Some(writer)) => {
                let handle = writer.handle();
                readers.run(move || Ok(handle.foreign_commits())).await.ok()?
            }
            (Reads::Pool(_), None) => None,
            // Nobody else can write to this memory.
            (Reads::OfTheWriter(..), _) => Some(0),
        }
    }

    async fn snapshot(&self) -> Result<Box<dyn Snapshot>> {
        match (&self.reads, &self.snapshots) {
            (Reads::Pool(readers), Some(snapshots)) if readers.is_open() => begin(snapshots.clone()).await,
            (Reads::Pool(_), Some(_)) => Err(Error::closed()),
            _ => Err(Error::Unsupported(
                "a database in memory has one connection: it has no snapshots and no backup; copy it into a file"
                    .to_owned(),
            )),
        }
    }

    async fn commit(&self, unit: Unit) -> Result<Receipt> {
        self.writer()?.commit(unit).await
    }

    async fn bootstrap(&self, bootstrap: Bootstrap) -> Result<Bootstrapped> {
        let handle = self.writer()?.handle();
        detached(move || handle.bootstrap(bootstrap)).await
    }

    async fn ping(&self) -> Result<ServerInfo> {
        let mut sql = Sql::new(&Sqlite);
        // Reads the first page of the file, which a constant would not.
        sql.push("SELECT sqlite_version() FROM (SELECT COUNT(*) FROM sqlite_master)");
        match self.query(sql.finish()?).await {
            Ok(rows) => Ok(ServerInfo::new("sqlite", rows.scalar::<String>()?.unwrap_or_default())),
            Err(error @ Error::Unavailable { .. }) => Err(error),
            Err(error) => Err(Error::unavailable(error.to_string(), error)),
        }
    }

    async fn space(&self, _table: &'static Table) -> Result<Option<Space>> {
        self.room().await
    }

    async fn examine(&self, full: bool) -> Result<Vec<Finding>> {
        let texts = async |text: &'static str| {
            let mut sql = Sql::new(&Sqlite);
            sql.push(text);
            self.query(sql.finish()?).await?.decode(|row| row.value::<String>("text"))
        };
        let mode = texts("SELECT journal_mode FROM pragma_journal_mode()").await?;
        let mut findings = vec![examine::journal(mode.first().map_or("unknown", String::as_str))];
        if let Some(path) = &self.file {
            findings.extend(examine::file_system(path));
            if let (Some(space), Some(free)) = (self.room().await?, examine::free_on_disk(path)) {
                findings.push(examine::free_disk(free, space.used));
            }
        }
        let check = if full {
            texts("SELECT integrity_check FROM pragma_integrity_check()").await
        } else {
            texts("SELECT quick_check FROM pragma_quick_check()").await
        };
        findings.push(match check {
            Ok(rows) => examine::integrity(&rows, full),
            Err(error @ Error::Unavailable { .. }) => return Err(error),
            Err(error) => examine::integrity(&[error.to_string()], full),
        });
        Ok(findings)
    }

    async fn tidy(&self) -> Result<bool> {
        let handle = self.writer()?.handle();
        detached(move || handle.tidy()).await
    }

    fn pool(&self) -> PoolStatus {
        let status = match (&self.reads, &self.writer) {
            (Reads::OfTheWriter(..), Some(writer)) => writer.status(),
            (Reads::OfTheWriter(..), None) => PoolStatus::default(),
            (Reads::Pool(readers), _) => readers.status(),
        };
        let queued = self.writer.as_ref().map_or(0, |writer| writer.queued());
        status.queued(u32::try_from(queued).unwrap_or(u32::MAX))
    }

    async fn close(&self) {
        if let Some(writer) = &self.writer {
            writer.finish();
            run_to_the_end(writer, Writer::join).await;
        }
        match &self.reads {
            Reads::Pool(readers) => readers.close().await,
            Reads::OfTheWriter(threads, _) => threads.close(),
        }
        if let Some(writer) = &self.writer {
            run_to_the_end(writer, Writer::close).await;
        }
    }
}

/// Runs what blocks; if the caller drops this future, it goes on.
async fn run_to_the_end(writer: &Arc<Writer>, work: fn(&Writer)) {
    let own = writer.clone();
    let done = detached(move || {
        work(&own);
        Ok(())
    });
    if done.await.is_err() {
        // Without a thread for it, it blocks this one.
        work(writer);
    }
}
