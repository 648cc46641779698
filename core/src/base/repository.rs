//! The repository over any backend.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::runtime::Handle;
use tracing::Instrument as _;

use super::logs::segments::{Changing, Segments};
use crate::config::{AttackCatalogue, SEARCH_MEMORY, SeedConfig};
use crate::contract::tables::SCHEMA;
use crate::contract::{
    Commits, Counted, Engine, LogFilter, Repository, Transactional, UnitOfWork, ValueCounts,
};
use crate::driver::{Backend, Bootstrap, Bootstrapped, Finding, PoolStatus, ServerInfo, Snapshot, Space};
use crate::error::{Error, ErrorKind, Result};
use crate::sql::{Dialect, Receipt, Rows, Statement, Table, Unit};

/// The contract, answered in portable SQL over one [`Backend`].
///
/// Programs get one, wrapped with telemetry, from [`Registry::connect`](crate::registry::Registry::connect).
pub(crate) struct SqlRepository {
    pub(super) backend: Arc<dyn Backend>,
    pub(super) seed: SeedConfig,
    pub(super) segments: Arc<Segments>,
    commits: Commits,
    pub(super) catalogue: AttackCatalogue,
}

impl SqlRepository {
    /// The contract over an open backend; `seed` says which administrator [`initialize`] creates.
    ///
    /// [`initialize`]: crate::contract::Lifecycle::initialize
    pub(crate) fn new(backend: Arc<dyn Backend>, seed: SeedConfig) -> Self {
        Self {
            backend,
            seed,
            segments: Arc::new(Segments::new(SEARCH_MEMORY)),
            commits: Commits::default(),
            catalogue: AttackCatalogue::default(),
        }
    }

    /// The same with so many bytes at most for n-gram filters of searches.
    pub(crate) fn with_search_memory(self, bytes: usize) -> Self {
        Self { segments: Arc::new(Segments::new(bytes)), ..self }
    }

    /// The same with names of ATT&CK techniques.
    pub(crate) fn with_catalogue(self, catalogue: AttackCatalogue) -> Self {
        Self { catalogue, ..self }
    }
}

impl Transactional for SqlRepository {
    fn unit(&self) -> UnitOfWork<'_> {
        UnitOfWork::new(self)
    }
}

#[async_trait]
impl Repository for SqlRepository {
    fn system(&self) -> &'static str {
        self.backend.dialect().system()
    }

    fn engine(&self) -> &dyn Engine {
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
                match self.number(sql).await {
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
            Ok(rows) => rows.decode(|row| row.value("version_num")),
            Err(error) if error.kind() == ErrorKind::Configuration => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    async fn close(&self) {
        self.commits.close();
        self.backend.close().await;
    }
}

#[async_trait]
impl Engine for SqlRepository {
    fn dialect(&self) -> &dyn Dialect {
        self.backend.dialect()
    }

    async fn commit(&self, unit: Unit) -> Result<Receipt> {
        let stores_events = Commits::may_store_events(&unit);
        let done = match Changing::events(&unit) {
            None => self.backend.commit(unit).await,
            Some(changing) => {
                let backend = Arc::clone(&self.backend);
                // Who asked may go away; what is known of the events is forgotten when the unit has ended, and not before.
                to_the_end(async move {
                    let _changing = changing;
                    backend.commit(unit).await
                })
                .await
            }
        };
        // Whoever waits looks for itself; what failed may have happened all the same.
        if stores_events {
            self.commits.committed();
        }
        done
    }

    fn commits(&self) -> &Commits {
        &self.commits
    }

    async fn foreign_commits(&self) -> Option<u64> {
        self.backend.foreign_commits().await
    }

    async fn query(&self, statement: Statement) -> Result<Rows> {
        self.backend.query(statement).await
    }

    async fn value_counts(
        &self,
        counted: Counted<'_>,
        filter: &LogFilter,
        limit: u64,
    ) -> Result<Option<ValueCounts>> {
        SqlRepository::value_counts(self, counted, filter, limit).await
    }

    async fn snapshot(&self) -> Result<Box<dyn Snapshot>> {
        self.backend.snapshot().await
    }

    async fn bootstrap(&self, bootstrap: Bootstrap) -> Result<Bootstrapped> {
        self.backend.bootstrap(bootstrap).await
    }

    async fn space(&self, table: &'static Table) -> Result<Option<Space>> {
        self.backend.space(table).await
    }

    async fn examine(&self, full: bool) -> Result<Vec<Finding>> {
        self.backend.examine(full).await
    }

    async fn tidy(&self) -> Result<bool> {
        self.backend.tidy().await
    }
}

/// Runs the work to its end, also when the caller is gone.
async fn to_the_end<T: Send + 'static>(work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
    // Without a runtime there is nobody to leave it to.
    let Ok(runtime) = Handle::try_current() else { return work.await };
    match runtime.spawn(work.in_current_span()).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => Err(Error::UnknownOutcome {
                message:
                    "the program's runtime was shut down while events were changed: look whether they were"
                        .into(),
                source: Some(anyhow::Error::from(error).into()),
            }),
        },
    }
}
