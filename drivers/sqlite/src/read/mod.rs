//! The connections that read.

use std::future::poll_fn;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use decnet_db_core::config::PoolConfig;
use decnet_db_core::driver::PoolStatus;
use decnet_db_core::sql::{Rows, Statement};
use decnet_db_core::telemetry::{PoolMetrics, Waiting};
use decnet_db_core::{Error, Result};
use parking_lot::Mutex;
use r2d2::{NopErrorHandler, Pool};
use rusqlite::InterruptHandle;

use self::threads::ReaderThreads;
use crate::error::Errors;
use crate::watch::FileWatch;
use crate::write::transaction::Executor;

mod connections;
pub(crate) mod threads;

pub(crate) use self::connections::Manager;

/// How long a connection that nobody uses stays open.
const IDLE: Duration = Duration::from_secs(60);
/// How many threads r2d2 starts for itself.
const POOL_THREADS: usize = 3;
/// More connections than this would not fit into a process.
const MOST: u32 = 10_000;
/// Longer waits than this are this long: an instant must be able to hold the end.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// A pool of reading connections, opened as they are needed.
pub(crate) struct ReaderPool {
    pool: Mutex<Option<Pool<Manager>>>,
    /// As many as connections at most, so that none of them ever waits for one.
    threads: ReaderThreads,
    max: u32,
    wait: Duration,
    files: Arc<FileWatch>,
    errors: Errors,
    metrics: PoolMetrics,
}

impl ReaderPool {
    /// A pool for the file; opens no connection yet.
    ///
    /// # Errors
    /// `Unavailable`, when the system gives no threads.
    pub(crate) fn new(
        file: Manager,
        config: &PoolConfig,
        files: Arc<FileWatch>,
        errors: Errors,
    ) -> Result<Self> {
        let max = config.max_connections().min(MOST);
        let metrics = file.metrics.clone();
        let wait = config.wait_timeout.clamp(Duration::from_millis(1), LONGEST);
        let builder = Pool::builder()
            .max_size(max)
            .min_idle(Some(0))
            .connection_timeout(wait)
            .idle_timeout(Some(IDLE))
            .max_lifetime(Some(config.recycle.max(Duration::from_millis(1))))
            .test_on_check_out(config.pre_ping.unwrap_or(false))
            .error_handler(Box::new(NopErrorHandler));
        // The pool starts threads of its own, and panics when it gets none. Twice as many, since a thread that was tried may
        // be counted for a moment after its end; the pool's are not the last that are needed anyway.
        threads::are_there(2 * POOL_THREADS)?;
        let pool = catch_unwind(AssertUnwindSafe(|| builder.build_unchecked(file)));
        let pool = pool.map_err(|_| threads::none(io::Error::other("the pool of connections panicked")))?;
        Ok(Self {
            pool: Mutex::new(Some(pool)),
            threads: ReaderThreads::new(max as usize),
            max,
            wait,
            files,
            errors,
            metrics,
        })
    }

    /// Runs one read on a thread of its own. When the future is dropped, the read is interrupted. `quiet` tells that nobody
    /// writes at the moment.
    pub(crate) async fn query(&self, statement: Statement, quiet: bool) -> Result<Rows> {
        let pool = self.pool.lock().clone().ok_or_else(Error::closed)?;
        let (wait, files, errors) = (self.wait, self.files.clone(), self.errors.clone());
        let waiting = self.metrics.wait();
        let caller = Caller::default();
        let read = caller.read.clone();
        let work = move |now| {
            if matches!(*read.lock(), Read::Abandoned) {
                return Err(Error::closed());
            }
            files.check_now_and_then(now)?;
            let rows = fetch(&pool, wait, waiting, &statement, &read, &errors);
            drop(pool);
            rows
        };
        let mut answer = pin!(self.threads.run(quiet, work));
        if let Poll::Ready(result) = poll_fn(|context| Poll::Ready(answer.as_mut().poll(context))).await {
            return result;
        }
        if self.threads.callers() <= self.max as usize {
            // There is a thread for each.
            return answer.await;
        }
        match tokio::time::timeout(self.wait, &mut answer).await {
            Ok(result) => result,
            Err(_) if caller.waits() => {
                self.metrics.timed_out();
                Err(exhausted(&self.errors, self.max, self.wait))
            }
            Err(_) => answer.await,
        }
    }

    /// Runs some other short work on one of the threads.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.threads.run(false, |_| work()).await
    }

    /// Whether it was not closed.
    pub(crate) fn is_open(&self) -> bool {
        self.pool.lock().is_some()
    }

    /// How the connections stand.
    pub(crate) fn status(&self) -> PoolStatus {
        match &*self.pool.lock() {
            Some(pool) => {
                let state = pool.state();
                PoolStatus::new(state.connections, state.idle_connections, self.max)
            }
            None => PoolStatus::new(0, 0, self.max),
        }
    }

    /// Lets the reads that are under way end, for as long as a caller would wait, and closes the connections.
    pub(crate) async fn close(&self) {
        let pool = self.pool.lock().take();
        self.threads.close();
        if !self.threads.have_ended() {
            // Whether they end in time or not, it is over then.
            let _ = tokio::time::timeout(self.wait, self.threads.ended()).await;
        }
        drop(pool);
    }
}

fn exhausted(errors: &Errors, max: u32, wait: Duration) -> Error {
    Error::Unavailable {
        message: format!(
            "all {max} reading connections of {} were in use for {wait:?}; try again, or raise DECNET_DB_POOL_SIZE",
            errors.database()
        ),
        source: None,
    }
}

fn fetch(
    pool: &Pool<Manager>,
    wait: Duration,
    waiting: Waiting,
    statement: &Statement,
    read: &Mutex<Read>,
    errors: &Errors,
) -> Result<Rows> {
    let mut reader = pool.get_timeout(wait).map_err(|_| {
        waiting.timed_out();
        exhausted(errors, pool.max_size(), wait)
    })?;
    let _used = waiting.over();
    let connection = match &mut reader.connection {
        Ok(connection) => connection,
        Err(failure) => {
            return Err(failure.take().map_or_else(Error::closed, |failure| failure.into_error(errors)));
        }
    };
    {
        let mut read = read.lock();
        if matches!(*read, Read::Abandoned) {
            return Err(Error::closed());
        }
        *read = Read::Running(connection.get_interrupt_handle());
    }
    let rows = Executor::new(connection, errors).query(statement);
    // From here on an interrupt would hit the connection's next user.
    *read.lock() = Read::Done;
    rows
}

/// How far a read is.
#[derive(Default)]
enum Read {
    #[default]
    Waiting,
    Running(InterruptHandle),
    Done,
    Abandoned,
}

/// The caller's end of a read.
#[derive(Default)]
struct Caller {
    read: Arc<Mutex<Read>>,
}

impl Caller {
    /// Whether the read has not begun.
    fn waits(&self) -> bool {
        matches!(*self.read.lock(), Read::Waiting)
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        if let Read::Running(handle) = std::mem::replace(&mut *self.read.lock(), Read::Abandoned) {
            handle.interrupt();
        }
    }
}

#[cfg(test)]
mod tests;
