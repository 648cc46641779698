//! The connections that read.

use std::sync::Arc;
use std::time::{Duration, Instant};

use decnet_db_core::config::PoolConfig;
use decnet_db_core::driver::PoolStatus;
use decnet_db_core::sql::{Rows, Statement};
use decnet_db_core::{Error, Result};
use parking_lot::Mutex;
use r2d2::{ManageConnection, NopErrorHandler, Pool};
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{Connection, InterruptHandle, OpenFlags};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use self::threads::ReaderThreads;
use crate::error::{Errors, closed};
use crate::file::DatabaseFile;
use crate::session::{self, Role};
use crate::write::transaction::Executor;

mod threads;

/// How long a connection that nobody uses stays open.
const IDLE: Duration = Duration::from_secs(60);
/// More connections than this would not fit into a process.
const MOST: u32 = 10_000;
/// Longer waits than this are this long: an instant must be able to hold the end.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// A pool of reading connections, opened as they are needed.
pub(crate) struct ReaderPool {
    pool: Mutex<Option<Pool<Manager>>>,
    /// One for each connection: waiting for one holds no thread, and ends when the caller is gone.
    permits: Arc<Semaphore>,
    threads: ReaderThreads,
    max: u32,
    wait: Duration,
    errors: Errors,
}

impl ReaderPool {
    /// A pool for the file; opens no connection yet.
    pub(crate) fn new(
        file: &DatabaseFile,
        config: &PoolConfig,
        busy_timeout: Duration,
        errors: Errors,
    ) -> Self {
        let max = config.max_connections().min(MOST);
        let wait = config.wait_timeout.clamp(Duration::from_millis(1), LONGEST);
        let manager = Manager {
            inner: SqliteConnectionManager::file(file.path())
                .with_flags(OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
                .with_init(move |connection| session::configure(connection, Role::Reader, busy_timeout)),
            file: file.clone(),
            recycle: config.recycle,
        };
        let pool = Pool::builder()
            .max_size(max)
            .min_idle(Some(0))
            .connection_timeout(wait)
            .idle_timeout(Some(IDLE))
            .max_lifetime(Some(config.recycle.max(Duration::from_millis(1))))
            .test_on_check_out(config.pre_ping.unwrap_or(false))
            .error_handler(Box::new(NopErrorHandler))
            .build_unchecked(manager);
        Self {
            pool: Mutex::new(Some(pool)),
            permits: Arc::new(Semaphore::new(max as usize)),
            threads: ReaderThreads::new(max as usize),
            max,
            wait,
            errors,
        }
    }

    /// Runs one read on a thread of its own. When the future is dropped, the read is interrupted. `quiet` tells that nobody
    /// writes at the moment.
    pub(crate) async fn query(&self, statement: Statement, quiet: bool) -> Result<Rows> {
        Ok(self.query_then(statement, quiet, || ()).await?.0)
    }

    /// The same, and then `after` on the same thread.
    pub(crate) async fn query_then<T: Send + 'static>(
        &self,
        statement: Statement,
        quiet: bool,
        after: impl FnOnce() -> T + Send + 'static,
    ) -> Result<(Rows, T)> {
        let permit = self.permit().await?;
        let pool = self.pool.lock().clone().ok_or_else(closed)?;
        let (wait, errors) = (self.wait, self.errors.clone());
        let caller = Caller::default();
        let read = caller.read.clone();
        let work = move || {
            let rows = fetch(&pool, wait, &statement, &read, &errors);
            drop(pool);
            // Last, so that whoever has all permits knows that no connection is out.
            drop(permit);
            Ok((rows?, after()))
        };
        self.threads.run(quiet, work).await
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit> {
        if let Ok(permit) = self.permits.clone().try_acquire_owned() {
            return Ok(permit);
        }
        match tokio::time::timeout(self.wait, self.permits.clone().acquire_owned()).await {
            Ok(permit) => permit.map_err(|_| closed()),
            Err(_) => Err(self.exhausted()),
        }
    }

    fn exhausted(&self) -> Error {
        exhausted(&self.errors, self.max, self.wait)
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
        if self.permits.try_acquire_many(self.max).is_err() {
            // Whether they end in time or not, it is over then.
            let _ = tokio::time::timeout(self.wait, self.permits.acquire_many(self.max)).await;
        }
        self.permits.close();
        self.threads.close();
        drop(self.pool.lock().take());
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
    statement: &Statement,
    read: &Mutex<Read>,
    errors: &Errors,
) -> Result<Rows> {
    let mut reader = pool.get_timeout(wait).map_err(|_| exhausted(errors, pool.max_size(), wait))?;
    let connection = match &mut reader.connection {
        Ok(connection) => connection,
        Err(failure) => return Err(failure.take().map_or_else(closed, |failure| failure.into_error(errors))),
    };
    {
        let mut read = read.lock();
        if matches!(*read, Read::Abandoned) {
            return Err(closed());
        }
        *read = Read::Running(connection.get_interrupt_handle());
    }
    let rows = Executor::new(connection, errors).query(statement);
    // From here on an interrupt would hit the connection's next user.
    *read.lock() = Read::Done;
    rows
}

/// Runs what blocks on a thread where it may.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => {
            Err(Error::backend("a database call was cut short: the program is ending or it panicked", error))
        }
    }
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

impl Drop for Caller {
    fn drop(&mut self) {
        if let Read::Running(handle) = std::mem::replace(&mut *self.read.lock(), Read::Abandoned) {
            handle.interrupt();
        }
    }
}

/// What the pool holds: a connection, or why there is none.
///
/// r2d2 retries a failing connect until the caller's time is up and keeps only the error's text. A reader that failed
/// to open is handed out instead, so that the caller has the cause at once.
struct Reader {
    connection: std::result::Result<Connection, Option<Failure>>,
    opened: Instant,
}

enum Failure {
    Sqlite(rusqlite::Error),
    Replaced(Error),
}

impl Failure {
    fn into_error(self, errors: &Errors) -> Error {
        match self {
            Self::Sqlite(error) => errors.translate(error),
            Self::Replaced(error) => error,
        }
    }
}

/// r2d2_sqlite's manager, except for what it leaves out.
struct Manager {
    inner: SqliteConnectionManager,
    file: DatabaseFile,
    recycle: Duration,
}

impl ManageConnection for Manager {
    type Connection = Reader;
    type Error = rusqlite::Error;

    fn connect(&self) -> std::result::Result<Reader, rusqlite::Error> {
        let connection = match self.file.check() {
            Ok(()) => self.inner.connect().map_err(|error| Some(Failure::Sqlite(error))),
            Err(error) => Err(Some(Failure::Replaced(error))),
        };
        Ok(Reader { connection, opened: Instant::now() })
    }

    fn is_valid(&self, reader: &mut Reader) -> std::result::Result<(), rusqlite::Error> {
        match &reader.connection {
            Ok(connection) => {
                connection.query_row("SELECT 1 FROM sqlite_master LIMIT 1", [], |_| Ok(())).or_else(|error| {
                    if error == rusqlite::Error::QueryReturnedNoRows { Ok(()) } else { Err(error) }
                })
            }
            Err(_) => Ok(()),
        }
    }

    /// A connection that is still in a transaction would pin the write-ahead log and show old rows to its next user.
    fn has_broken(&self, reader: &mut Reader) -> bool {
        let usable = matches!(&reader.connection, Ok(connection) if connection.is_autocommit());
        !usable || reader.opened.elapsed() >= self.recycle
    }
}

#[cfg(test)]
mod tests;
