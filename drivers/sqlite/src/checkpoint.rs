//! The write-ahead log's way to the disk and into the database file, off the writer's path.

use std::cell::Cell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use rusqlite::{Connection, Result};

use crate::busy;

mod log;

pub(crate) use self::log::Log;

/// From how many pages of the log on something is done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// From here on the log is moved, beside the writer.
    start: i32,
    /// From here on the writer's turn is taken for a moment, to move the log to its end so that it starts anew. At twice
    /// that length the writer waits for an attempt that is under way: a slow disk must not let the log outgrow it.
    insist: i32,
}

/// 20 and 24 MiB: writers wait from 47 MiB on, which keeps the log near 60 while old events are deleted, unless readers stay. Measured:
/// commits are twice as fast with 8,000 pages as with SQLite's 1,000, and no slower with these than with 8,000 and 24,000.
pub(crate) const LIMITS: Limits = Limits { start: 5_000, insist: 6_000 };
/// How long the writer waits at most for readers of the old log, when the log has grown by half of `start`, and by a quarter.
const PATIENCE: Duration = Duration::from_millis(250);
/// How long it waits only for [`A_MOMENT`] after it has waited in vain: callers lose a twentieth of their time to readers that
/// stay, or a fourth where these have made the log long.
const AFTER_WAITING_IN_VAIN: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(1)];
/// So many times the length at which it insists is long: 750 MiB.
const LONG: i32 = 32;
/// Long enough to get between the commits of another process, and into a gap between readers that come one after the other.
const A_MOMENT: Duration = Duration::from_millis(10);
/// How long after a commit the log is synced. With the time that it takes, and what a checkpoint takes that is under way,
/// this stays below the second that is promised.
const SYNC_AFTER: Duration = Duration::from_millis(500);

thread_local! {
    static PAGES: Cell<i32> = const { Cell::new(0) };
}

/// From now on the connection's thread knows how long the log is after each commit: see [`pages`].
pub(crate) fn watch(connection: &Connection) {
    connection.wal_hook(Some(|_, pages| {
        PAGES.set(pages);
        Ok(())
    }));
}

/// The length of the log after this thread's last commit.
pub(crate) fn pages() -> i32 {
    PAGES.get()
}

/// The thread that moves the log, and sees to it that what was committed comes to the disk.
pub(crate) struct Checkpointer {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// The length that the writer reported last.
    last: AtomicI32,
}

struct Shared {
    state: Mutex<State>,
    woken: Condvar,
    done: Condvar,
    limits: Limits,
    /// Whether something was committed since the log was last synced, for the writer, who looks without the lock.
    unsynced: AtomicBool,
    log: Option<Log>,
}

#[derive(Default)]
struct State {
    wanted: bool,
    closed: bool,
    /// The length at which the next attempt is worth it.
    next: i32,
    /// When the log is to be synced.
    sync_at: Option<Instant>,
}

enum Work {
    Move,
    Sync,
    End,
}

impl Checkpointer {
    /// Starts the thread on a connection of its own. `write_lock` is what the writer holds while it writes. `log` is synced
    /// a moment after commits, unless the connections sync by themselves.
    pub(crate) fn start(
        connection: Connection,
        write_lock: Arc<Mutex<()>>,
        limits: Limits,
        log: Log,
    ) -> std::io::Result<Self> {
        let mut mover = Mover::new(connection, write_lock);
        Self::start_with(limits, Some(log), move |insist| mover.move_log(insist))
    }

    fn start_with(
        limits: Limits,
        log: Option<Log>,
        move_log: impl FnMut(i32) -> Result<i32> + Send + 'static,
    ) -> std::io::Result<Self> {
        let state = Mutex::new(State { next: limits.start, ..State::default() });
        let shared = Arc::new(Shared {
            state,
            woken: Condvar::new(),
            done: Condvar::new(),
            limits,
            unsynced: AtomicBool::new(false),
            log,
        });
        if shared.syncs() {
            // A process that was killed may have left commits that never came to the disk.
            shared.unsynced.store(true, Ordering::Release);
            shared.sync_later(SYNC_AFTER);
        }
        let thread = thread::Builder::new().name("decnet-sqlite-checkpoint".to_owned()).spawn({
            let shared = shared.clone();
            move || shared.run(move_log)
        })?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)), last: AtomicI32::new(0) })
    }

    /// The writer's word, after a commit and outside of the write lock, that the log has so many pages. Costs next to
    /// nothing while it is short.
    pub(crate) fn committed(&self, pages: i32) {
        if self.shared.syncs() && !self.shared.unsynced.swap(true, Ordering::AcqRel) {
            self.shared.sync_later(SYNC_AFTER);
        }
        let anew = pages < self.last.swap(pages, Ordering::Relaxed);
        let limits = self.shared.limits;
        if !anew && pages < limits.start {
            return;
        }
        let mut state = self.shared.state.lock();
        if anew {
            state.next = limits.start;
        }
        if pages >= state.next && !state.wanted {
            state.wanted = true;
            self.shared.woken.notify_one();
        }
        while pages >= limits.insist.saturating_mul(2) && state.wanted && !state.closed {
            self.shared.done.wait(&mut state);
        }
    }

    /// Puts what was committed so far on the disk. Blocks.
    ///
    /// # Errors
    /// When the log can't be synced; nothing is lost unless the power fails.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.shared.sync()
    }

    /// A sync of the log failed, which SQLite made by itself: what was committed may not come to the disk any more, and no write
    /// is accepted until the log was written once more.
    pub(crate) fn doubt(&self) {
        if let Some(log) = &self.shared.log {
            log.doubt();
            self.shared.sync_later(Duration::ZERO);
        }
    }

    /// Whether what was committed comes to the disk, as far as anybody knows.
    pub(crate) fn is_doubtful(&self) -> bool {
        self.shared.log.as_ref().is_some_and(Log::is_doubtful)
    }

    /// Lets the thread end, without waiting for it.
    pub(crate) fn close(&self) {
        self.shared.state.lock().closed = true;
        self.shared.woken.notify_all();
        self.shared.done.notify_all();
    }

    /// Waits for the thread's end.
    pub(crate) fn join(&self) {
        self.close();
        if let Some(thread) = self.thread.lock().take() {
            // It ended either way.
            let _ = thread.join();
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    fn run(&self, mut move_log: impl FnMut(i32) -> Result<i32>) {
        loop {
            match self.wait() {
                Work::End => {
                    if self.unsynced.load(Ordering::Acquire) {
                        self.sync_or_say();
                    }
                    return;
                }
                Work::Sync => self.sync_or_say(),
                Work::Move => {
                    // Whatever happens, the writer must not wait for it for ever.
                    let limits = self.limits;
                    // What is not on the disk in the log must not come into the file in parts.
                    let is_doubtful = || self.log.as_ref().is_some_and(Log::is_doubtful);
                    if is_doubtful() {
                        self.sync_or_say();
                    }
                    let moved = match is_doubtful() {
                        true => Ok(Ok(0)),
                        false => catch_unwind(AssertUnwindSafe(|| move_log(limits.insist))),
                    };
                    let log = match moved {
                        Ok(Ok(log)) => log,
                        Ok(Err(error)) => {
                            if let Some(log) = self.log.as_ref().filter(|_| log::is_failed_sync(&error)) {
                                log.doubt();
                                self.sync_later(Duration::ZERO);
                            }
                            tracing::warn!(
                                %error,
                                "the write-ahead log can't be moved into the database at the moment"
                            );
                            0
                        }
                        Err(_) => {
                            tracing::error!("moving the write-ahead log into the database panicked");
                            0
                        }
                    };
                    let mut state = self.state.lock();
                    state.wanted = false;
                    self.done.notify_all();
                    // Until it starts anew, which needs a moment without writer and readers, another attempt is worth it
                    // only when it has grown, and by the more the longer somebody holds it.
                    let more = (limits.start / 2).max((log / 4).min(limits.insist));
                    state.next = log.saturating_add(more).max(limits.start);
                }
            }
        }
    }

    fn wait(&self) -> Work {
        let mut state = self.state.lock();
        loop {
            if state.closed {
                return Work::End;
            }
            let due = state.sync_at;
            if due.is_some_and(|due| due <= Instant::now()) {
                state.sync_at = None;
                return Work::Sync;
            }
            if state.wanted {
                return Work::Move;
            }
            match due {
                Some(due) => {
                    self.woken.wait_until(&mut state, due);
                }
                None => self.woken.wait(&mut state),
            }
        }
    }

    /// Whether the log is synced here, and not by each commit.
    fn syncs(&self) -> bool {
        self.log.as_ref().is_some_and(|log| log.is_synced_later())
    }

    fn sync_later(&self, after: Duration) {
        let mut state = self.state.lock();
        let at = Instant::now() + after;
        if state.sync_at.is_none_or(|due| at < due) {
            state.sync_at = Some(at);
            self.woken.notify_one();
        }
    }

    fn sync_or_say(&self) {
        let failure = match catch_unwind(AssertUnwindSafe(|| self.sync())) {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "a panic".to_owned(),
        };
        metrics::counter!("decnet_db.sqlite.log.sync_failures").increment(1);
        tracing::error!(
            error = failure,
            "the write-ahead log can't be put on the disk: a power failure would lose what was committed; no write is accepted until it can"
        );
    }

    fn sync(&self) -> io::Result<()> {
        // First: what is committed from here on needs another one.
        self.unsynced.store(false, Ordering::Release);
        let done = self.log.as_ref().map_or(Ok(()), Log::sync);
        if done.is_err() {
            // It is tried again: nothing says that it won't go better then.
            self.unsynced.store(true, Ordering::Release);
            self.sync_later(SYNC_AFTER);
        }
        done
    }
}

/// Moves the log into the database file, on a connection of its own.
struct Mover {
    connection: Connection,
    /// What the writer holds while it writes.
    write_lock: Arc<Mutex<()>>,
    /// Until when readers are waited for a moment only.
    impatient_until: Option<Instant>,
}

impl Mover {
    const fn new(connection: Connection, write_lock: Arc<Mutex<()>>) -> Self {
        Self { connection, write_lock, impatient_until: None }
    }

    /// Moves the log and returns how long it is.
    fn move_log(&mut self, insist: i32) -> Result<i32> {
        let mut log = checkpoint(&self.connection, "PASSIVE")?.log;
        if log >= insist {
            // The writer is always a few pages ahead, and the log only starts anew when all of it was moved. Most of it is
            // moved by now: the rest is short.
            let _pause = self.write_lock.lock();
            if log < insist.saturating_mul(2) {
                // Then the writer starts it anew by itself, unless someone reads the old one just then. If this connection did,
                // the writer would take it for a foreign commit and read all of its pages again.
                log = checkpoint(&self.connection, "PASSIVE")?.log;
            } else {
                let impatient = self.impatient_until.is_some_and(|until| Instant::now() < until);
                busy::install(&self.connection)?;
                busy::set_timeout(if impatient { A_MOMENT } else { PATIENCE });
                let moved = checkpoint(&self.connection, "RESTART")?;
                log = moved.log;
                if !impatient {
                    let is_long = log >= insist.saturating_mul(LONG);
                    let pause = AFTER_WAITING_IN_VAIN[usize::from(is_long)];
                    self.impatient_until = moved.was_stopped.then(|| Instant::now() + pause);
                }
            }
        }
        metrics::gauge!("decnet_db.sqlite.wal.pages").set(f64::from(log));
        Ok(log)
    }
}

/// What a checkpoint has done.
#[derive(Debug)]
pub(crate) struct Moved {
    /// Whether readers or writers were in the way.
    was_stopped: bool,
    /// The length of the log, in pages.
    log: i32,
}

/// Runs a checkpoint.
pub(crate) fn checkpoint(connection: &Connection, mode: &str) -> Result<Moved> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| {
        Ok(Moved { was_stopped: row.get(0)?, log: row.get(1)? })
    })
}

#[cfg(test)]
mod tests;
