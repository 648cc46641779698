//! Units of work: several contract writes in one commit.

use async_trait::async_trait;

use super::{Commits, Counted, LogFilter, ValueCounts};
use crate::driver::{Bootstrap, Bootstrapped, Finding, Snapshot, Space};
use crate::error::{Error, Result};
use crate::sql::{Dialect, Expect, Insert, Receipt, RowReader, Rows, Sql, Statement, StepId, Table, Unit};

/// What commits units, and for tools that move whole tables also reads: the repository, or a wrapper around it.
#[async_trait]
pub trait Engine: Send + Sync {
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

    /// The commits of this repository, for those who wait for events.
    fn commits(&self) -> &Commits;

    /// As [`Backend::foreign_commits`](crate::driver::Backend::foreign_commits).
    async fn foreign_commits(&self) -> Option<u64>;

    /// The most frequent values of events, counted exactly by the engine; none where it can't do that.
    ///
    /// # Errors
    /// As [`Backend::query`](crate::driver::Backend::query).
    async fn value_counts(
        &self,
        counted: Counted<'_>,
        filter: &LogFilter,
        limit: u64,
    ) -> Result<Option<ValueCounts>>;

    /// Begins a snapshot: several reads of one moment.
    ///
    /// # Errors
    /// As [`Backend::snapshot`](crate::driver::Backend::snapshot).
    async fn snapshot(&self) -> Result<Box<dyn Snapshot>>;

    /// Creates what the schema lacks.
    ///
    /// # Errors
    /// As [`Backend::bootstrap`](crate::driver::Backend::bootstrap).
    async fn bootstrap(&self, bootstrap: Bootstrap) -> Result<Bootstrapped>;

    /// The room that the database takes, and this table in it.
    ///
    /// # Errors
    /// As [`Backend::space`](crate::driver::Backend::space).
    async fn space(&self, table: &'static Table) -> Result<Option<Space>>;

    /// Looks at what is the engine's own.
    ///
    /// # Errors
    /// As [`Backend::examine`](crate::driver::Backend::examine).
    async fn examine(&self, full: bool) -> Result<Vec<Finding>>;

    /// Puts things in order between the units of a long deletion.
    ///
    /// # Errors
    /// As [`Backend::tidy`](crate::driver::Backend::tidy).
    async fn tidy(&self) -> Result<bool>;
}

/// Where units of work begin: a part of every [`Repository`](super::Repository).
pub trait Transactional: Send + Sync {
    /// Several writes that are committed together: all of them or none.
    fn unit(&self) -> UnitOfWork<'_>;
}

/// A unit of work: contract writes that are committed together, all of them or none.
///
/// Its methods are the contract's writes of the same names. An argument that is refused makes
/// [`commit`](Self::commit) fail, and nothing is written. Nothing happens before `commit`, which answers as the last of
/// the methods does.
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
pub struct UnitOfWork<'r, T = ()> {
    engine: &'r dyn Engine,
    planned: Result<Planned<T>>,
}

/// The steps, and what the last method makes of their receipt.
struct Planned<T> {
    unit: Unit,
    explanations: Vec<Explanation>,
    answer: Answer<T>,
}

/// What makes of an unmet expectation an error that shows what is stored: an expectation is written before that is known.
struct Explanation {
    /// The words of the error that it is for.
    refusal: String,
    query: Statement,
    explain: Explain,
}

type Explain = Box<dyn FnMut(&mut RowReader) -> Result<Option<Error>> + Send>;

type Answer<T> = Box<dyn FnOnce(&mut Receipt) -> Result<T> + Send>;

impl<'r> UnitOfWork<'r> {
    pub(crate) fn new(engine: &'r dyn Engine) -> Self {
        Self {
            engine,
            planned: Ok(Planned {
                unit: Unit::new(),
                explanations: Vec::new(),
                answer: Box::new(|_| Ok(())),
            }),
        }
    }
}

impl<'r, T> UnitOfWork<'r, T> {
    /// Adds the steps of a method that answers nothing.
    pub(crate) fn steps(self, plan: impl FnOnce(&mut Steps<'r>) -> Result<()>) -> UnitOfWork<'r> {
        self.returning(|steps| {
            plan(steps)?;
            Ok(|_: &mut Receipt| Ok(()))
        })
    }

    /// Adds the one statement of a method that answers nothing.
    pub(crate) fn execute(
        self,
        write: impl for<'s> FnOnce(&'s mut Sql<'r>) -> &'s mut Sql<'r>,
    ) -> UnitOfWork<'r> {
        self.steps(|steps| steps.execute(write).map(drop))
    }

    /// Adds the steps of a method that answers; `plan` returns what it makes of the receipt. After an argument that was
    /// refused nothing more is planned.
    pub(crate) fn returning<U, A>(self, plan: impl FnOnce(&mut Steps<'r>) -> Result<A>) -> UnitOfWork<'r, U>
    where
        A: FnOnce(&mut Receipt) -> Result<U> + Send + 'static,
    {
        let engine = self.engine;
        let planned = self.planned.and_then(|Planned { unit, explanations, .. }| {
            let mut steps = Steps { unit, explanations, dialect: engine.dialect() };
            let answer = plan(&mut steps)?;
            let Steps { unit, explanations, .. } = steps;
            Ok(Planned { unit, explanations, answer: Box::new(answer) })
        });
        UnitOfWork { engine, planned }
    }

    /// Commits all writes, or none of them when one fails.
    ///
    /// # Errors
    /// `InvalidInput` of the first argument that was refused; `Conflict` when a write contradicts what is stored;
    /// `UnknownOutcome` when the connection was lost after COMMIT was sent.
    pub async fn commit(self) -> Result<T> {
        let Planned { unit, explanations, answer } = self.planned?;
        if unit.is_empty() {
            return answer(&mut Receipt::default());
        }
        match self.engine.commit(unit).await {
            Ok(mut receipt) => answer(&mut receipt),
            Err(error) => Err(explained(self.engine, explanations, error).await),
        }
    }
}

impl<T> std::fmt::Debug for UnitOfWork<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let steps = self.planned.as_ref().map_or(0, |planned| planned.unit.steps().len());
        f.debug_struct("UnitOfWork").field("steps", &steps).finish_non_exhaustive()
    }
}

/// What is stored says more than the error; where it has changed since, or can't be read, the error stands.
async fn explained(engine: &dyn Engine, explanations: Vec<Explanation>, error: Error) -> Error {
    let refusal = error.to_string();
    for explanation in explanations.into_iter().filter(|explanation| explanation.refusal == refusal) {
        let rows = engine.query(explanation.query).await.and_then(|rows| rows.decode(explanation.explain));
        if let Some(explained) = rows.into_iter().flatten().flatten().next() {
            return explained;
        }
    }
    error
}

/// The steps of one method while it plans them.
pub(crate) struct Steps<'d> {
    unit: Unit,
    explanations: Vec<Explanation>,
    dialect: &'d dyn Dialect,
}

impl<'d> Steps<'d> {
    /// Adds a statement without rows.
    pub(crate) fn execute(
        &mut self,
        write: impl for<'s> FnOnce(&'s mut Sql<'d>) -> &'s mut Sql<'d>,
    ) -> Result<StepId> {
        let statement = self.statement(write)?;
        Ok(self.unit.execute(statement))
    }

    /// Adds a statement that must affect so many rows.
    pub(crate) fn expect(
        &mut self,
        expect: Expect,
        write: impl for<'s> FnOnce(&'s mut Sql<'d>) -> &'s mut Sql<'d>,
    ) -> Result<StepId> {
        let statement = self.statement(write)?;
        Ok(self.unit.expect(statement, expect))
    }

    /// Lets a unit that fails because of `expect` answer with the first error that `explain` makes of a row of a query.
    pub(crate) fn explain(
        &mut self,
        expect: &Expect,
        query: impl for<'s> FnOnce(&'s mut Sql<'d>) -> &'s mut Sql<'d>,
        explain: impl FnMut(&mut RowReader) -> Result<Option<Error>> + Send + 'static,
    ) -> Result<()> {
        let (refusal, query) = (expect.error().to_string(), self.statement(query)?);
        self.explanations.push(Explanation { refusal, query, explain: Box::new(explain) });
        Ok(())
    }

    /// Adds a query, which sees what the steps before it wrote.
    pub(crate) fn query(
        &mut self,
        write: impl for<'s> FnOnce(&'s mut Sql<'d>) -> &'s mut Sql<'d>,
    ) -> Result<StepId> {
        let statement = self.statement(write)?;
        Ok(self.unit.query(statement))
    }

    /// Adds rows; nothing when there are none.
    pub(crate) fn insert(&mut self, rows: Insert) -> StepId {
        self.unit.insert(rows)
    }

    /// Keeps units with the same guard apart, where no unique key does: see [`Unit::guard`].
    pub(crate) fn guard(&mut self, domain: &'static str, key: &str) {
        self.unit.guard(domain, key);
    }

    fn statement(&self, write: impl for<'s> FnOnce(&'s mut Sql<'d>) -> &'s mut Sql<'d>) -> Result<Statement> {
        let mut sql = Sql::new(self.dialect);
        write(&mut sql);
        sql.finish()
    }
}

/// The answer of a method that says whether the step affected any row.
pub(crate) fn any(step: StepId) -> impl FnOnce(&mut Receipt) -> Result<bool> + Send + 'static {
    move |receipt| Ok(receipt.affected(step) > 0)
}

/// The answer of a method that says how many rows the step affected.
pub(crate) fn count(step: StepId) -> impl FnOnce(&mut Receipt) -> Result<u64> + Send + 'static {
    move |receipt| Ok(receipt.affected(step))
}
