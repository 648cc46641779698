//! Telemetry: what every opened repository tells `tracing` and `metrics`, by OpenTelemetry's conventions for databases (v1.44).
//!
//! Whoever wants OpenTelemetry's own signals bridges both; `examples/telemetry` is a program that does, and its test compares
//! all names with the conventions' list. Values that are stored, and users, passwords and options of URLs, are nowhere.
//!
//! # Spans
//!
//! A contract method is a span `db.<method>` of the level INFO. Inside are the spans of what it sends to the engine: `db.query`, one
//! statement, and `db.unit`, a unit of work. `otel.name` has the name that the conventions ask for: `get_logs logs`,
//! `SELECT logs`, `BATCH INSERT logs`. Beside the methods there are `snapshot`, `bootstrap`, `space`, `examine` and `tidy`.
//!
//! | attribute | of methods | of statements |
//! |---|---|---|
//! | `db.system.name` | `sqlite`, `mysql`, `mariadb` | the same |
//! | `db.namespace` | the database; for SQLite the file's name without its folder, or `:memory:` | the same |
//! | `server.address`, `server.port` | what the URL says, where it names one server: of several, any may be in use | the same |
//! | `db.operation.name` | the method | `SELECT`, `INSERT`, …; of a batch `BATCH INSERT`, or `BATCH` |
//! | `db.collection.name` | its table, where it has one alone | the table that is written, where it is one alone |
//! | `db.operation.batch.size` | records, where a method takes two or more | statements and rows, where these are two or more |
//! | `db.query.summary` | | operation and first table |
//! | `db.query.text` | | with placeholders; of several statements each text once, of rows the text for one |
//! | `db.response.returned_rows` | where the method returns rows | of a query |
//! | `db.response.status_code` | the engine's code ([`Error::code`]), where it failed and has one | the same |
//! | `error.type` | only where it failed: the engine's code, else the [kind](crate::ErrorKind) | the same |
//!
//! `otel.kind` is `client`, and `otel.status_code` is `ERROR` where it failed. What is known before the call is there when the span
//! begins, so that samplers can decide by it.
//!
//! # Metrics
//!
//! | metric | kind, unit | labels beside those of the database |
//! |---|---|---|
//! | `db.client.operation.duration` | histogram, seconds | `db.operation.name`, `db.collection.name`; `error.type` and `db.response.status_code` where it failed |
//! | `db.client.connection.count` | gauge | `db.client.connection.state`: `idle` or `used` |
//! | `db.client.connection.max` | gauge | |
//! | `db.client.connection.pending_requests` | gauge | |
//! | `db.client.connection.timeouts` | counter | |
//! | `db.client.connection.create_time`, `.wait_time`, `.use_time` | histograms, seconds | |
//! | `decnet_db.replays` | counter | `reason`: units that were run again |
//! | `decnet_db.failovers` | counter | MySQL: another host of the URL was chosen |
//! | `decnet_db.sqlite.…` | | the page of the SQLite driver has them |
//!
//! The duration has the labels `db.system.name`, `db.namespace`, `server.address` and `server.port`, and counts calls too: a unit that
//! the program commits is the operation `unit`. [`DURATION_BOUNDARIES`] are the buckets that the conventions ask for.
//!
//! The metrics of connections have the label `db.client.connection.pool.name`, such as `db1:3306/decnet` or `captures.db`. `count` and
//! `max` are set when a call ends, once in five seconds, and whenever [`Repository::pool`] is called: an exporter that is asked for its
//! numbers calls it before it answers.
//! A SQLite file's pool is that of its readers. Its one writer is no pool, so it has no waits and no times; neither has a database in
//! memory. A driver reports waits and times by [`PoolMetrics`].
//!
//! The metrics are described when a repository is opened, so a recorder is installed before.
//!
//! # Slow statements
//!
//! With [`Config::slow_after`](crate::config::Config::slow_after) (`DECNET_DB_SLOW_MS`) a statement or unit that takes so long is a
//! warning with the target `decnet_db::slow`: its summary, milliseconds, and rows.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use metrics::{Level, Metadata};
use tracing::{Instrument, Span};

use crate::base::SqlRepository;
use crate::contract::{
    Commits, Counted, Engine, LogFilter, Repository, Transactional, UnitOfWork, ValueCounts,
};
use crate::driver::{Backend, Bootstrap, Bootstrapped, Finding, PoolStatus, ServerInfo, Snapshot, Space};
use crate::error::{Error, Result};
use crate::sql::{Dialect, Receipt, Rows, Statement, Table, Unit};

/// An interceptor: what stands between a program and its repository in a test.
///
/// `method` is the contract method's name, or `unit` where a [`UnitOfWork`] is committed.
#[async_trait]
pub trait Interceptor: Send + Sync + 'static {
    /// Called before the method; an error is what the caller gets, and the repository is not asked.
    ///
    /// # Errors
    /// Whatever the test wants the caller to get.
    async fn before(&self, method: &'static str) -> Result<()> {
        let _ = method;
        Ok(())
    }

    /// Called after the method was carried out, with its error if it failed; an error is what the caller gets instead of the
    /// answer, such as [`UnknownOutcome`](Error::UnknownOutcome) for a write that did happen.
    ///
    /// # Errors
    /// Whatever the test wants the caller to get.
    async fn after(&self, method: &'static str, failed: Option<&Error>) -> Result<()> {
        let _ = (method, failed);
        Ok(())
    }
}

mod collections;
mod names;
mod operation;
mod pool;
mod statements;

pub use names::DURATION_BOUNDARIES;
use operation::Keys;
pub(crate) use operation::{Database, Operation};
pub use pool::{InUse, PoolMetrics, Waiting};
pub(crate) use statements::Traced;

static METADATA: Metadata<'static> = Metadata::new("decnet_db", Level::INFO, Some("decnet_db"));

/// Forwards each contract method to the repository inside it, in a span, and records how long it takes.
///
/// The forwarding methods are made by the contract attribute, for provided methods too.
pub(crate) struct Instrumented {
    inner: Arc<dyn Repository>,
    database: Database,
    keys: Keys,
    reports: pool::Reports,
    /// In a test: what stands before the repository, instead of telemetry.
    interceptor: Option<Arc<dyn Interceptor>>,
}

/// The span of one call; a macro because a span's name must be known when its call site is compiled.
macro_rules! span {
    ($name:literal, $operation:expr, $this:expr, $records:expr) => {
        tracing::info_span!(
            $name,
            otel.name = $operation.title(),
            otel.kind = "client",
            db.system.name = $this.system(),
            db.namespace = $this.database().namespace(),
            server.address = $this.database().address(),
            server.port = $this.database().port(),
            db.collection.name = $operation.collection(),
            db.operation.name = $operation.name(),
            db.operation.batch.size = Some($records).filter(|records| *records >= 2),
            db.response.returned_rows = tracing::field::Empty,
            db.response.status_code = tracing::field::Empty,
            error.type = tracing::field::Empty,
            otel.status_code = tracing::field::Empty,
        )
    };
}
pub(crate) use span;

/// Says on the span how the work failed: by the engine's code, else by our kind.
fn record_failure(span: &Span, error: &Error) {
    if span.is_disabled() {
        return;
    }
    span.record("otel.status_code", "ERROR");
    match error.code() {
        Some(code) => {
            let code = code.to_string();
            span.record("error.type", &*code).record("db.response.status_code", &*code);
        }
        None => {
            span.record("error.type", error.kind().as_str());
        }
    }
}

impl Instrumented {
    /// The contract over a backend, with telemetry; `set_up` says what else the repository has.
    pub(crate) fn over(
        backend: Arc<dyn Backend>,
        database: Database,
        slow_after: Option<Duration>,
        set_up: impl FnOnce(Arc<dyn Backend>) -> SqlRepository,
    ) -> Arc<Self> {
        names::describe();
        let traced = Arc::new(Traced::new(backend, database.clone(), slow_after));
        let inner = Arc::new(set_up(traced));
        let reports = pool::Reports::new();
        Arc::new(Self { inner, database, keys: Keys::new(), reports, interceptor: None })
    }

    pub(crate) fn intercepted(inner: Arc<dyn Repository>, interceptor: Arc<dyn Interceptor>) -> Self {
        let (database, reports) = (Database::default(), pool::Reports::new());
        Self { inner, database, keys: Keys::none(), reports, interceptor: Some(interceptor) }
    }

    pub(crate) fn inner(&self) -> &dyn Repository {
        &*self.inner
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    pub(crate) fn system(&self) -> &'static str {
        self.inner.system()
    }

    pub(crate) async fn observe<T>(
        &self,
        operation: &Operation,
        span: Span,
        call: impl Future<Output = Result<T>>,
        rows: impl FnOnce(&T) -> Option<usize>,
    ) -> Result<T> {
        if let Some(interceptor) = &self.interceptor {
            interceptor.before(operation.name()).await?;
            let result = call.await;
            interceptor.after(operation.name(), result.as_ref().err()).await?;
            return result;
        }
        let started = Instant::now();
        let result = if span.is_disabled() { call.await } else { call.instrument(span.clone()).await };
        let ended = Instant::now();
        let taken = ended.duration_since(started).as_secs_f64();
        match &result {
            Ok(value) => {
                if let Some(rows) = rows(value) {
                    span.record("db.response.returned_rows", rows);
                }
            }
            Err(error) => record_failure(&span, error),
        }
        self.keys.with(self.system(), &self.database, operation, result.as_ref().err(), |key| {
            metrics::with_recorder(|to| to.register_histogram(key, &METADATA).record(taken));
        });
        if self.reports.is_due(ended) {
            Repository::pool(self);
        }
        result
    }
}

/// An operation beside the contract's methods, whose statements have spans of their own.
macro_rules! measured {
    ($this:expr, $name:literal, $call:expr) => {{
        static OPERATION: Operation = Operation::new($name);
        $this.observe(&OPERATION, Span::none(), $call, |_| None).await
    }};
}

/// An operation beside the contract's methods, in a span.
macro_rules! observed {
    ($this:expr, $span:literal, $name:literal, $call:expr) => {{
        static OPERATION: Operation = Operation::new($name);
        let span = span!($span, OPERATION, $this, 0_usize);
        $this.observe(&OPERATION, span, $call, |_| None).await
    }};
}

impl Transactional for Instrumented {
    fn unit(&self) -> UnitOfWork<'_> {
        UnitOfWork::new(self)
    }
}

#[async_trait]
impl Repository for Instrumented {
    fn system(&self) -> &'static str {
        self.inner.system()
    }

    fn engine(&self) -> &dyn Engine {
        self
    }

    async fn ping(&self) -> Result<ServerInfo> {
        self.inner.ping().await
    }

    fn pool(&self) -> PoolStatus {
        let status = self.inner.pool();
        pool::report(&self.database, status);
        status
    }

    async fn row_counts(&self) -> Result<Vec<(&'static str, Option<u64>)>> {
        self.inner.row_counts().await
    }

    async fn revisions(&self) -> Result<Vec<String>> {
        self.inner.revisions().await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

#[async_trait]
impl Engine for Instrumented {
    fn dialect(&self) -> &dyn Dialect {
        self.inner.engine().dialect()
    }

    async fn commit(&self, unit: Unit) -> Result<Receipt> {
        measured!(self, "unit", self.inner.engine().commit(unit))
    }

    async fn query(&self, statement: Statement) -> Result<Rows> {
        measured!(self, "query", self.inner.engine().query(statement))
    }

    fn commits(&self) -> &Commits {
        self.inner.engine().commits()
    }

    async fn foreign_commits(&self) -> Option<u64> {
        self.inner.engine().foreign_commits().await
    }

    async fn value_counts(
        &self,
        counted: Counted<'_>,
        filter: &LogFilter,
        limit: u64,
    ) -> Result<Option<ValueCounts>> {
        measured!(self, "query", self.inner.engine().value_counts(counted, filter, limit))
    }

    async fn snapshot(&self) -> Result<Box<dyn Snapshot>> {
        observed!(self, "db.snapshot", "snapshot", self.inner.engine().snapshot())
    }

    async fn bootstrap(&self, bootstrap: Bootstrap) -> Result<Bootstrapped> {
        observed!(self, "db.bootstrap", "bootstrap", self.inner.engine().bootstrap(bootstrap))
    }

    async fn space(&self, table: &'static Table) -> Result<Option<Space>> {
        observed!(self, "db.space", "space", self.inner.engine().space(table))
    }

    async fn examine(&self, full: bool) -> Result<Vec<Finding>> {
        observed!(self, "db.examine", "examine", self.inner.engine().examine(full))
    }

    async fn tidy(&self) -> Result<bool> {
        observed!(self, "db.tidy", "tidy", self.inner.engine().tidy())
    }
}
