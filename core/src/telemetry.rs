//! The wrapper that every opened repository gets: a span and metrics for each contract method.

use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use tracing::{Instrument, Span};

use crate::contract::{
    Commits, Counted, Engine, LogFilter, Repository, Transactional, UnitOfWork, ValueCounts,
};
use crate::driver::{Bootstrap, Bootstrapped, Finding, PoolStatus, ServerInfo, Snapshot, Space};
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

/// Forwards each contract method to the repository inside it, in a span `db.<method>` with OpenTelemetry's database
/// attributes (`db.system.name`, `db.operation.name`, `db.response.returned_rows`, `error.type`), and counts it:
/// counter `db.client.operations`, histogram `db.client.operation.duration` (seconds), both with the labels
/// `db.system.name`, `db.operation.name` and `error.type` (empty when the call succeeded).
///
/// The forwarding methods are made by the contract attribute, for provided methods too.
pub(crate) struct Instrumented {
    inner: Arc<dyn Repository>,
    /// In a test: what stands before the repository, instead of telemetry.
    interceptor: Option<Arc<dyn Interceptor>>,
}

/// The span of one call; a macro because a span's name must be known when its call site is compiled.
macro_rules! span {
    ($name:literal, $operation:literal, $this:expr) => {
        tracing::info_span!(
            $name,
            otel.kind = "client",
            db.system.name = $this.system(),
            db.operation.name = $operation,
            db.response.returned_rows = tracing::field::Empty,
            error.type = tracing::field::Empty,
            otel.status_code = tracing::field::Empty,
        )
    };
}
pub(crate) use span;

impl Instrumented {
    /// Wraps the repository.
    pub(crate) fn new(inner: impl Repository + 'static) -> Self {
        Self { inner: Arc::new(inner), interceptor: None }
    }

    pub(crate) fn intercepted(inner: Arc<dyn Repository>, interceptor: Arc<dyn Interceptor>) -> Self {
        Self { inner, interceptor: Some(interceptor) }
    }

    pub(crate) fn inner(&self) -> &dyn Repository {
        &*self.inner
    }

    pub(crate) fn system(&self) -> &'static str {
        self.inner.system()
    }

    pub(crate) async fn observe<T>(
        &self,
        operation: &'static str,
        span: Span,
        call: impl Future<Output = Result<T>>,
        rows: impl FnOnce(&T) -> Option<usize>,
    ) -> Result<T> {
        if let Some(interceptor) = &self.interceptor {
            interceptor.before(operation).await?;
            let result = call.await;
            interceptor.after(operation, result.as_ref().err()).await?;
            return result;
        }
        let started = Instant::now();
        let result = if span.is_disabled() { call.await } else { call.instrument(span.clone()).await };
        let error = match &result {
            Ok(value) => {
                if let Some(rows) = rows(value) {
                    span.record("db.response.returned_rows", rows);
                }
                ""
            }
            Err(error) => {
                span.record("error.type", error.kind().as_str());
                span.record("otel.status_code", "ERROR");
                error.kind().as_str()
            }
        };
        let labels =
            [("db.system.name", self.system()), ("db.operation.name", operation), ("error.type", error)];
        metrics::counter!("db.client.operations", &labels).increment(1);
        metrics::histogram!("db.client.operation.duration", &labels).record(started.elapsed().as_secs_f64());
        result
    }
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
        self.inner.pool()
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
        let span = span!("db.unit", "unit", self);
        self.observe("unit", span, self.inner.engine().commit(unit), |_| None).await
    }

    async fn query(&self, statement: Statement) -> Result<Rows> {
        let span = span!("db.query", "query", self);
        self.observe("query", span, self.inner.engine().query(statement), |rows| Some(rows.len())).await
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
        let span = span!("db.query", "query", self);
        let counts = self.inner.engine().value_counts(counted, filter, limit);
        self.observe("query", span, counts, |counts| counts.as_ref().map(|counts| counts.values.len())).await
    }

    async fn snapshot(&self) -> Result<Box<dyn Snapshot>> {
        let span = span!("db.snapshot", "snapshot", self);
        self.observe("snapshot", span, self.inner.engine().snapshot(), |_| None).await
    }

    async fn bootstrap(&self, bootstrap: Bootstrap) -> Result<Bootstrapped> {
        let span = span!("db.bootstrap", "bootstrap", self);
        self.observe("bootstrap", span, self.inner.engine().bootstrap(bootstrap), |_| None).await
    }
    async fn space(&self, table: &'static Table) -> Result<Option<Space>> {
        let span = span!("db.space", "space", self);
        self.observe("space", span, self.inner.engine().space(table), |_| None).await
    }

    async fn examine(&self, full: bool) -> Result<Vec<Finding>> {
        let span = span!("db.examine", "examine", self);
        self.observe("examine", span, self.inner.engine().examine(full), |_| None).await
    }

    async fn tidy(&self) -> Result<bool> {
        let span = span!("db.tidy", "tidy", self);
        self.observe("tidy", span, self.inner.engine().tidy(), |_| None).await
    }
}
