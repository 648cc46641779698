//! The spans of single statements and units, inside of those of the methods; and what is said of slow ones.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tracing::{Instrument, Level, Span, info_span, span_enabled, warn};

use super::{Database, record_failure};
use crate::driver::{Backend, Bootstrap, Bootstrapped, Finding, PoolStatus, ServerInfo, Snapshot, Space};
use crate::error::Result;
use crate::sql::{Dialect, Receipt, Rows, Statement, Step, StepId, Table, Unit, Verb};

/// A backend whose statements and units have spans. Where nobody listens it hands on what the backend does, and adds nothing.
pub(crate) struct Traced {
    backend: Arc<dyn Backend>,
    database: Database,
    slow_after: Option<Duration>,
}

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// What a statement or a unit does, in a few words without data.
#[derive(Debug, Clone, Copy, Default)]
struct Kind {
    /// None where a unit has several.
    verb: Option<Verb>,
    table: Option<&'static Table>,
    /// Whether the table is one that it writes: of a query others may be read too.
    writes: bool,
    /// Statements, and rows of those that insert several.
    size: usize,
}

impl Kind {
    fn of_query(statement: &Statement) -> Self {
        Self { verb: Some(Verb::Select), table: statement.source(), writes: false, size: 1 }
    }

    fn of_unit(unit: &Unit) -> Self {
        let steps = unit.steps().iter().filter_map(|step| match step {
            Step::Execute(statement, _) => {
                let (verb, table) = (Some(statement.verb()), statement.table());
                Some(Self { verb, table: table.or(statement.source()), writes: table.is_some(), size: 1 })
            }
            Step::Query(statement) => Some(Self::of_query(statement)),
            Step::Insert(insert) => Some(Self {
                verb: Some(Verb::Insert),
                table: Some(insert.table()),
                writes: true,
                size: insert.len(),
            }),
            Step::Guard(_) => None,
        });
        let same = |one: Option<Verb>, two: Option<Verb>| {
            one.filter(|one| two.is_some_and(|two| one.as_str() == two.as_str()))
        };
        let both = |one: Self, two: Self| Self {
            verb: same(one.verb, two.verb),
            table: one.table.filter(|one| two.table.is_some_and(|two| one.name == two.name)),
            writes: one.writes && two.writes,
            size: one.size + two.size,
        };
        steps.reduce(both).unwrap_or_default()
    }

    /// The number of parts of a batch; none of what is no batch.
    fn batch(self) -> Option<usize> {
        Some(self.size).filter(|size| *size >= 2)
    }

    /// By the conventions `BATCH INSERT`, or `BATCH` where the parts differ.
    fn operation(self) -> String {
        let verb = self.verb.map_or("", Verb::as_str);
        let batch = if self.batch().is_some() { "BATCH" } else { "" };
        [batch, verb].join(" ").trim().to_owned()
    }

    /// The operation, and on what.
    fn summary(self, operation: &str) -> String {
        match self.table.filter(|_| self.verb.is_some()) {
            Some(table) => format!("{operation} {}", table.name),
            None => operation.to_owned(),
        }
    }

    fn collection(self) -> Option<&'static str> {
        self.table.filter(|_| self.writes).map(|table| table.name)
    }
}

/// The texts of a unit's statements, each once, without a value; of rows that are inserted, the text for one.
fn texts(unit: &Unit, dialect: &dyn Dialect) -> String {
    let mut texts: Vec<String> = Vec::new();
    for step in unit.steps() {
        let text = match step {
            Step::Execute(statement, _) | Step::Query(statement) => statement.text().to_owned(),
            Step::Insert(insert) => insert.text(dialect, 1),
            Step::Guard(_) => continue,
        };
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts.join("; ")
}

/// The span of a statement or a unit.
macro_rules! inner_span {
    ($name:literal, $this:expr, $kind:expr, $text:expr) => {{
        let operation = $kind.operation();
        let summary = $kind.summary(&operation);
        info_span!(
            $name,
            otel.name = summary,
            otel.kind = "client",
            db.system.name = $this.backend.dialect().system(),
            db.namespace = $this.database.namespace(),
            server.address = $this.database.address(),
            server.port = $this.database.port(),
            db.collection.name = $kind.collection(),
            db.operation.name = operation,
            db.operation.batch.size = $kind.batch(),
            db.query.summary = summary,
            db.query.text = $text,
            db.response.returned_rows = tracing::field::Empty,
            db.response.status_code = tracing::field::Empty,
            error.type = tracing::field::Empty,
            otel.status_code = tracing::field::Empty,
        )
    }};
}

impl Traced {
    pub(crate) fn new(backend: Arc<dyn Backend>, database: Database, slow_after: Option<Duration>) -> Self {
        Self { backend, database, slow_after }
    }

    fn is_watched(&self) -> bool {
        self.slow_after.is_some() || span_enabled!(Level::INFO)
    }

    async fn watch<T>(
        &self,
        span: Span,
        kind: Kind,
        work: impl Future<Output = Result<T>>,
        rows: impl FnOnce(&T) -> u64,
    ) -> Result<T> {
        let started = Instant::now();
        let result = if span.is_disabled() { work.await } else { work.instrument(span.clone()).await };
        if let Err(error) = &result {
            record_failure(&span, error);
        }
        let rows = result.as_ref().ok().map(rows);
        if kind.verb == Some(Verb::Select) {
            span.record("db.response.returned_rows", rows);
        }
        let taken = started.elapsed();
        if self.slow_after.is_some_and(|limit| taken >= limit) {
            let summary = kind.summary(&kind.operation());
            let milliseconds = taken.as_secs_f64() * 1_000.0;
            warn!(target: "decnet_db::slow", summary, milliseconds, rows, "a slow statement");
        }
        result
    }
}

#[async_trait]
impl Backend for Traced {
    fn dialect(&self) -> &dyn Dialect {
        self.backend.dialect()
    }

    // Written out, so that an unwatched call allocates nothing beside what the backend does.
    fn query<'s: 'a, 'a>(&'s self, statement: Statement) -> Answer<'a, Rows>
    where
        Self: 'a,
    {
        if !self.is_watched() {
            return self.backend.query(statement);
        }
        let kind = Kind::of_query(&statement);
        let span = inner_span!("db.query", self, kind, statement.text());
        let work = self.backend.query(statement);
        Box::pin(self.watch(span, kind, work, |rows| rows.len() as u64))
    }

    fn commit<'s: 'a, 'a>(&'s self, unit: Unit) -> Answer<'a, Receipt>
    where
        Self: 'a,
    {
        if !self.is_watched() {
            return self.backend.commit(unit);
        }
        let (kind, steps) = (Kind::of_unit(&unit), unit.steps().len());
        let span = inner_span!("db.unit", self, kind, texts(&unit, self.dialect()));
        let affected = move |receipt: &Receipt| (0..steps).map(|at| receipt.affected(StepId::at(at))).sum();
        Box::pin(self.watch(span, kind, self.backend.commit(unit), affected))
    }

    async fn foreign_commits(&self) -> Option<u64> {
        self.backend.foreign_commits().await
    }

    async fn snapshot(&self) -> Result<Box<dyn Snapshot>> {
        self.backend.snapshot().await
    }

    async fn bootstrap(&self, bootstrap: Bootstrap) -> Result<Bootstrapped> {
        self.backend.bootstrap(bootstrap).await
    }

    async fn ping(&self) -> Result<ServerInfo> {
        self.backend.ping().await
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

    fn pool(&self) -> PoolStatus {
        self.backend.pool()
    }

    async fn close(&self) {
        self.backend.close().await;
    }
}
