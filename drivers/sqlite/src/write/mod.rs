//! The one connection that writes, and the thread that commits what callers have queued.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use decnet_db_core::driver::{BatchLimits, PoolStatus};
use decnet_db_core::sql::{Receipt, Unit};
use decnet_db_core::{Error, ErrorKind, Result};
use parking_lot::{Mutex, MutexGuard};
use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::busy;
use crate::checkpoint::{self, Checkpointer};
use crate::data_version::DataVersion;
use crate::error::Errors;
use crate::read::threads;
use crate::watch::FileWatch;

mod maintenance;
mod queue;
pub(crate) mod transaction;

pub(crate) use self::maintenance::WriterHandle;
use self::queue::WriteQueue;
use self::transaction::Executor;

/// What one commit takes at most: enough that its cost is spread thin, and little enough that the last caller's wait and
/// the lock that other programs wait for stay short.
const LIMITS: BatchLimits = BatchLimits { units: 512, rows: 5_000 };

/// How long the writer waits for the next of the callers of the last commits to come back: about what a commit of one row
/// costs.
const PATIENCE: Duration = Duration::from_micros(100);

/// SQLite's lock is not fair: who finds it taken sleeps up to 100 ms between attempts, while we take it again at once.
/// So a writer that is never idle pauses from time to time, or other programs would run into their time-outs.
const STRETCH: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(25);

/// The writer of one database.
pub(crate) struct Writer {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    queue: WriteQueue,
    /// `None` once closed. The thread has it while it writes; creating the schema, and all reads of a database in
    /// memory, take it in between.
    connection: Mutex<Option<Connection>>,
    /// Held while units are committed. The checkpointer takes it to keep the log from growing for a moment.
    write_lock: Arc<Mutex<()>>,
    /// `None` for a database in memory.
    files: Option<Arc<FileWatch>>,
    checkpointer: Option<Checkpointer>,
    /// How long a transaction waits for other programs' transactions before it begins.
    busy_timeout: Duration,
    data_version: DataVersion,
    errors: Errors,
}

/// Why a whole transaction came to nothing.
enum Lost {
    /// It could not begin: nothing of it ran, and another try would only wait once more.
    Refused(Error),
    /// It began and was given up; one of its units may be to blame.
    GivenUp,
}

impl Writer {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(
        connection: Connection,
        write_lock: Arc<Mutex<()>>,
        files: Option<Arc<FileWatch>>,
        checkpointer: Option<Checkpointer>,
        busy_timeout: Duration,
        errors: Errors,
    ) -> Result<Self> {
        let data_version = DataVersion::default();
        data_version
            .look(&connection)
            .and_then(|_| busy::install(&connection))
            .map_err(|error| errors.translate(error))?;
        let shared = Arc::new(Shared {
            queue: WriteQueue::new(),
            connection: Mutex::new(Some(connection)),
            write_lock,
            files,
            checkpointer,
            busy_timeout,
            data_version,
            errors,
        });
        let thread = thread::Builder::new()
            .name("decnet-sqlite-writer".to_owned())
            .spawn({
                let shared = shared.clone();
                move || shared.run()
            })
            .map_err(threads::none)?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    /// Queues the unit and waits for its receipt.
    pub(crate) async fn commit(&self, unit: Unit) -> Result<Receipt> {
        self.shared.queue.submit(unit).await
    }

    /// How many units wait.
    pub(crate) fn queued(&self) -> usize {
        self.shared.queue.len()
    }

    /// Whether nobody waits for a commit.
    pub(crate) fn is_quiet(&self) -> bool {
        self.shared.queue.callers() == 0
    }

    /// How the one connection stands; it is taken when someone writes (or, in memory, reads) at this moment.
    pub(crate) fn status(&self) -> PoolStatus {
        let (open, idle) = match self.shared.connection.try_lock() {
            Some(connection) => (connection.is_some(), connection.is_some()),
            None => (true, false),
        };
        PoolStatus::new(open.into(), idle.into(), 1)
    }

    /// A handle for work on the writer's connection that is no unit; its methods block.
    pub(crate) fn handle(&self) -> WriterHandle {
        WriterHandle(self.shared.clone())
    }

    /// Takes no more units. Those that wait are still committed; then the thread ends.
    pub(crate) fn finish(&self) {
        self.shared.queue.close();
        if let Some(checkpointer) = &self.shared.checkpointer {
            checkpointer.close();
        }
    }

    /// Waits until everything is committed and the threads have ended. Blocks.
    pub(crate) fn join(&self) {
        self.finish();
        // Held until the thread has ended, so that a second caller waits too.
        let mut thread = self.thread.lock();
        if let Some(thread) = thread.take() {
            // A panic is caught inside; it ended either way.
            let _ = thread.join();
        }
        if let Some(checkpointer) = &self.shared.checkpointer {
            checkpointer.join();
        }
    }

    /// Moves the log into the file and closes the connection: after it the file stands alone. Blocks.
    pub(crate) fn close(&self) {
        let Some(connection) = self.shared.connection.lock().take() else { return };
        if self.shared.files.is_some() {
            // Best effort: another program's reader may need the log, and the last one to leave moves it anyway.
            let _ = connection.busy_timeout(Duration::from_millis(500));
            if let Some(checkpointer) = self.shared.checkpointer.as_ref().filter(|one| one.is_doubtful())
                && let Err(error) = checkpointer.sync()
            {
                tracing::error!(%error, "the write-ahead log can't be put on the disk, and is not moved");
                // SQLite moves it by itself when the last connection is closed; why it must not, see `Log`.
                let _ = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
                return;
            }
            if let Err(error) = checkpoint::checkpoint(&connection, "TRUNCATE") {
                tracing::debug!(%error, "the write-ahead log stays behind");
                let synced = self.shared.checkpointer.as_ref().map_or(Ok(()), Checkpointer::sync);
                if let Err(error) = synced {
                    tracing::error!(%error, "the write-ahead log can't be put on the disk");
                }
            }
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.finish();
    }
}

impl Shared {
    fn run(&self) {
        let mut since = Instant::now();
        let mut expected = 1;
        loop {
            let asked = Instant::now();
            let Some(group) = self.queue.take(LIMITS, expected, PATIENCE) else { return };
            if asked.elapsed() >= PAUSE {
                since = Instant::now();
            } else if self.files.is_some() && since.elapsed() >= STRETCH {
                thread::sleep(PAUSE);
                since = Instant::now();
            }
            let units: Vec<&Unit> = group.iter().map(|pending| &pending.unit).collect();
            let results = catch_unwind(AssertUnwindSafe(|| self.commit(&units)));
            // Those that wait already, and those that are answered now.
            expected = self.queue.len() + group.len();
            match results {
                Ok(results) => {
                    for (pending, result) in group.into_iter().zip(results) {
                        pending.reply(result);
                    }
                }
                Err(_) => {
                    if let Some(connection) = &*self.connection.lock() {
                        self.rollback(connection);
                    }
                    for pending in group {
                        pending.reply(Err(panicked()));
                    }
                }
            }
            if let Some(checkpointer) = &self.checkpointer {
                checkpointer.committed(checkpoint::pages());
            }
        }
    }

    fn with<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        self.connection.lock().as_ref().map_or_else(|| Err(Error::closed()), work)
    }

    /// Whether a write may begin: the files are those that were opened, and no transaction is left open that it would
    /// become part of.
    fn check(&self, connection: &Connection) -> Result<()> {
        if let Some(files) = &self.files {
            files.check("nothing was written")?;
        }
        if self.checkpointer.as_ref().is_some_and(Checkpointer::is_doubtful) {
            return Err(Error::Unavailable {
                message: format!(
                    "{} can't put on the disk what was written last, and takes nothing more until it can: nothing was written; look \
                     for a failing device, and try again",
                    self.errors.database()
                ),
                source: None,
            });
        }
        self.rollback(connection);
        if connection.is_autocommit() {
            return Ok(());
        }
        Err(Error::Unavailable {
            message: format!(
                "{} is stuck in a transaction that can't be rolled back: nothing was written; open it again",
                self.errors.database()
            ),
            source: None,
        })
    }

    /// Commits the units together; if that fails as a whole, one by one, so that only those to blame fail.
    fn commit(&self, units: &[&Unit]) -> Vec<Result<Receipt>> {
        metrics::histogram!("decnet_db.sqlite.group.units").record(units.len() as f64);
        let write_lock = self.write_lock.lock();
        let guard = self.connection.lock();
        let results = match &*guard {
            Some(connection) => self.commit_on(connection, units),
            None => units.iter().map(|_| Err(Error::closed())).collect(),
        };
        // Whoever waits gets it now: a busy writer would take it again before they are awake.
        MutexGuard::unlock_fair(guard);
        MutexGuard::unlock_fair(write_lock);
        results
    }

    fn commit_on(&self, connection: &Connection, units: &[&Unit]) -> Vec<Result<Receipt>> {
        if let Err(error) = self.check(connection) {
            return refuse_all(units.len(), error);
        }
        if let [unit] = units
            && transaction::is_one_statement(unit)
        {
            // It is a transaction of its own without being told.
            busy::set_timeout(self.busy_timeout);
            return vec![
                Executor::new(connection, &self.errors).run(unit).map_err(|error| self.at_commit(error)),
            ];
        }
        match if units.len() > 1 { self.together(connection, units) } else { Err(Lost::GivenUp) } {
            Ok(results) => results,
            Err(Lost::Refused(error)) => refuse_all(units.len(), error),
            Err(Lost::GivenUp) => self.one_by_one(connection, units),
        }
    }

    fn together(&self, connection: &Connection, units: &[&Unit]) -> Result<Vec<Result<Receipt>>, Lost> {
        self.begin(connection).map_err(Lost::Refused)?;
        let mut runner = Executor::new(connection, &self.errors);
        let done: Result<Vec<_>> =
            units.iter().map(|unit| self.behind_savepoint(connection, &mut runner, unit)).collect();
        drop(runner);
        // The first pages of a log that starts anew wait for the disk. They go there while it is sure that nobody else commits,
        // so that whoever asks for foreign commits need not wait too; COMMIT reports what fails.
        let _ = connection.cache_flush();
        done.and_then(|results| self.commit_transaction(connection).map(|()| results)).map_err(|error| {
            self.rollback(connection);
            if error.kind() == ErrorKind::UnknownOutcome {
                // It may be in the log whole.
                return Lost::Refused(error);
            }
            tracing::debug!(%error, units = units.len(), "a common transaction was given up: its units run one by one");
            Lost::GivenUp
        })
    }

    /// # Errors
    /// When the unit can't be told apart from the others any more. A unit that failed alone is the inner error.
    fn behind_savepoint<'c>(
        &self,
        connection: &Connection,
        runner: &mut Executor<'c>,
        unit: &'c Unit,
    ) -> Result<Result<Receipt>> {
        if transaction::is_one_statement(unit) {
            return match runner.run(unit) {
                // It rolled back everything, and with it the units before this one.
                Err(error) if connection.is_autocommit() => Err(error),
                done => Ok(done),
            };
        }
        self.statement(connection, "SAVEPOINT unit")?;
        let done = runner.run(unit);
        if done.is_err() {
            // Some errors (a full disk, for one) roll back everything; then there is no savepoint any more.
            self.statement(connection, "ROLLBACK TO unit")?;
        }
        self.statement(connection, "RELEASE unit")?;
        Ok(done)
    }

    fn one_by_one(&self, connection: &Connection, units: &[&Unit]) -> Vec<Result<Receipt>> {
        let mut results = Vec::with_capacity(units.len());
        for unit in units {
            match self.alone(connection, unit) {
                Ok(result) => results.push(result),
                Err(error) => {
                    results.extend(refuse_all(units.len() - results.len(), error));
                    break;
                }
            }
        }
        results
    }

    /// # Errors
    /// When the transaction can't even begin: the next unit would wait as long for nothing.
    fn alone(&self, connection: &Connection, unit: &Unit) -> Result<Result<Receipt>> {
        self.begin(connection)?;
        let done = Executor::new(connection, &self.errors)
            .run(unit)
            .and_then(|receipt| self.commit_transaction(connection).map(|()| receipt));
        if done.is_err() {
            self.rollback(connection);
        }
        Ok(done)
    }

    /// IMMEDIATE waits for other writers here, once. A transaction that begins as a reader and becomes a writer later
    /// fails at once when someone else has written meanwhile.
    fn begin(&self, connection: &Connection) -> Result<()> {
        busy::set_timeout(self.busy_timeout);
        self.statement(connection, "BEGIN IMMEDIATE")?;
        let seen = self.data_version.begun(connection).map_err(|error| self.errors.translate(error));
        if seen.is_err() {
            self.rollback(connection);
        }
        seen
    }

    fn commit_transaction(&self, connection: &Connection) -> Result<()> {
        self.data_version.ending();
        self.statement(connection, "COMMIT").map_err(|error| self.at_commit(error))
    }

    /// A sync that failed leaves the log in doubt, whoever made it.
    fn at_commit(&self, error: Error) -> Error {
        if let (ErrorKind::UnknownOutcome, Some(checkpointer)) = (error.kind(), &self.checkpointer) {
            checkpointer.doubt();
        }
        self.errors.at_commit(error)
    }

    /// Ends the transaction, if there is one still.
    fn rollback(&self, connection: &Connection) {
        self.data_version.ending();
        if !connection.is_autocommit()
            && let Err(error) = connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "a transaction can't be rolled back");
        }
    }

    fn statement(&self, connection: &Connection, text: &str) -> Result<()> {
        prepared(connection, text).map_err(|error| self.errors.translate(error))
    }
}

fn prepared(connection: &Connection, text: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(text)?.raw_execute().map(drop)
}

/// The same error for several callers.
fn refuse_all(count: usize, error: Error) -> Vec<Result<Receipt>> {
    std::iter::repeat_n(error, count).map(Err).collect()
}

fn panicked() -> Error {
    Error::backend(
        "a write failed: the writer panicked; nothing was written",
        anyhow::anyhow!("a panic was caught"),
    )
}

#[cfg(test)]
mod tests;
