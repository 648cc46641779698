//! Several contract writes in one commit.

use async_trait::async_trait;

use crate::driver::{Bootstrap, Bootstrapped};
use crate::error::Result;
use crate::sql::{Dialect, Receipt, Rows, Sql, Statement, Unit};

/// What commits units, and for tools that move whole tables also reads: the repository, or a wrapper around it.
#[async_trait]
pub trait Committer: Send + Sync {
    /// The dialect that the unit's statements are written in.
    fn dialect(&self) -> &dyn Dialect;

    /// Commits one unit, all of its steps or none.
    ///
    /// # Errors
    /// As [`Backend::commit`](crate::driver::Backend::commit).
    async fn commit(&self, unit: Unit) -> Result<Receipt>;

    /// Runs one read.
    ///
    /// # Errors
    /// As [`Backend::query`](crate::driver::Backend::query).
    async fn query(&self, statement: Statement) -> Result<Rows>;

    /// Creates what the schema lacks.
    ///
    /// # Errors
    /// As [`Backend::bootstrap`](crate::driver::Backend::bootstrap).
    async fn bootstrap(&self, bootstrap: Bootstrap) -> Result<Bootstrapped>;
}

/// Contract writes that are committed together: all of them or none.
///
/// Its methods are the contract's writes of the same names. An argument that is refused makes
/// [`commit`](Self::commit) fail, and nothing is written. Nothing happens before `commit`.
///
/// Exactly-once ingestion, for example, stores a batch and the position behind it in one commit:
///
/// ```no_run
/// # use decnet_db_core::contract::{NewLog, Repository};
/// # async fn f(repository: &dyn Repository, batch: Vec<NewLog>) -> decnet_db_core::Result<()> {
/// repository
///     .unit()
///     .add_logs(batch)
///     .set_state("ingest_worker_position", serde_json::json!({"position": 4096}))
///     .commit()
///     .await
/// # }
/// ```
#[must_use = "nothing is written before `commit`"]
pub struct UnitOfWork<'r> {
    committer: &'r dyn Committer,
    unit: Result<Unit>,
}

impl<'r> UnitOfWork<'r> {
    pub(crate) fn new(committer: &'r dyn Committer) -> Self {
        Self { committer, unit: Ok(Unit::new()) }
    }

    /// Adds steps, unless an earlier argument was refused already.
    pub(super) fn add(mut self, plan: impl FnOnce(&mut Unit, &'r dyn Dialect) -> Result<()>) -> Self {
        self.unit = self.unit.and_then(|mut unit| {
            plan(&mut unit, self.committer.dialect())?;
            Ok(unit)
        });
        self
    }

    /// Adds one statement.
    pub(super) fn execute(self, write: impl FnOnce(&mut Sql<'r>) -> Result<()>) -> Self {
        self.add(|unit, dialect| {
            let mut sql = Sql::new(dialect);
            write(&mut sql)?;
            unit.execute(sql.finish());
            Ok(())
        })
    }

    /// Commits all writes, or none of them when one fails.
    ///
    /// # Errors
    /// `InvalidInput` of the first argument that was refused; `Conflict` when a write contradicts what is stored;
    /// `UnknownOutcome` when the connection was lost after COMMIT was sent.
    pub async fn commit(self) -> Result<()> {
        self.receipt().await.map(drop)
    }

    /// Commits, and says what each step did.
    pub(super) async fn receipt(self) -> Result<Receipt> {
        let unit = self.unit?;
        if unit.is_empty() { Ok(Receipt::default()) } else { self.committer.commit(unit).await }
    }
}

impl std::fmt::Debug for UnitOfWork<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let steps = self.unit.as_ref().map_or(0, |unit| unit.steps().len());
        f.debug_struct("UnitOfWork").field("steps", &steps).finish_non_exhaustive()
    }
}
