//! Moving the write-ahead log into the database file, off the writer's path.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use rusqlite::{Connection, Result};

/// From how many pages of the log on something is done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// From here on the log is moved, beside the writer.
    start: i32,
    /// From here on the writer's turn is taken for a moment, to move the log to its end so that it starts anew. At twice
    /// that length the writer waits for an attempt that is under way: a slow disk must not let the log outgrow it.
    insist: i32,
}

/// 32 and 96 MiB. Measured: commits are twice as fast with 8,000 pages as with SQLite's 1,000.
pub(crate) const LIMITS: Limits = Limits { start: 8_000, insist: 24_000 };
/// How long the writer waits at most for readers of the old log, each time that the log has grown by half of `start`.
const PATIENCE: Duration = Duration::from_millis(250);

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

/// The thread that moves the log.
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
}

#[derive(Default)]
struct State {
    wanted: bool,
    closed: bool,
    /// The length at which the next attempt is worth it.
    next: i32,
}

impl Checkpointer {
    /// Starts the thread on a connection of its own. `write_lock` is what the writer holds while it writes.
    pub(crate) fn start(
        connection: Connection,
        write_lock: Arc<Mutex<()>>,
        limits: Limits,
    ) -> std::io::Result<Self> {
        let state = Mutex::new(State { next: limits.start, ..State::default() });
        let shared = Arc::new(Shared { state, woken: Condvar::new(), done: Condvar::new(), limits });
        let thread = thread::Builder::new().name("decnet-sqlite-checkpoint".to_owned()).spawn({
            let shared = shared.clone();
            move || shared.run(&connection, &write_lock)
        })?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)), last: AtomicI32::new(0) })
    }

    /// The writer's word, after a commit and outside of the write lock, that the log has so many pages. Costs next to nothing
    /// while it is short.
    pub(crate) fn grown(&self, pages: i32) {
        let anew = pages < self.last.swap(pages, Ordering::Relaxed);
        if !anew && pages < self.shared.limits.start {
            return;
        }
        let mut state = self.shared.state.lock();
        if anew {
            state.next = self.shared.limits.start;
        }
        if pages >= state.next && !state.wanted {
            state.wanted = true;
            self.shared.woken.notify_one();
        }
        while pages >= self.shared.limits.insist.saturating_mul(2) && state.wanted && !state.closed {
            self.shared.done.wait(&mut state);
        }
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

impl Shared {
    fn run(&self, connection: &Connection, write_lock: &Mutex<()>) {
        loop {
            {
                let mut state = self.state.lock();
                while !state.wanted && !state.closed {
                    self.woken.wait(&mut state);
                }
                if state.closed {
                    return;
                }
            }
            let log = move_log(connection, write_lock, self.limits.insist).unwrap_or_else(|error| {
                tracing::warn!(%error, "the write-ahead log can't be moved into the database at the moment");
                0
            });
            let mut state = self.state.lock();
            state.wanted = false;
            self.done.notify_all();
            // Until it starts anew, which needs a moment without writer and readers, another attempt is worth it only
            // when it has grown.
            state.next = log.saturating_add(self.limits.start / 2).max(self.limits.start);
        }
    }
}

/// Moves the log and returns how long it is.
fn move_log(connection: &Connection, write_lock: &Mutex<()>, insist: i32) -> Result<i32> {
    let (mut log, _) = checkpoint(connection, "PASSIVE")?;
    if log >= insist {
        // The writer is always a few pages ahead, and the log only starts anew when all of it was moved. Most of it is
        // moved by now: the rest is short.
        let _pause = write_lock.lock();
        if log < insist.saturating_mul(2) {
            // Then the writer starts it anew by itself, unless someone reads the old one just then. If this connection did,
            // the writer would take it for a foreign commit and read all of its pages again.
            (log, _) = checkpoint(connection, "PASSIVE")?;
        } else {
            connection.busy_timeout(PATIENCE)?;
            (log, _) = checkpoint(connection, "RESTART")?;
        }
    }
    metrics::gauge!("db.sqlite.wal.pages").set(f64::from(log));
    Ok(log)
}

/// Runs a checkpoint; returns the length of the log and how much of it is in the database file.
pub(crate) fn checkpoint(connection: &Connection, mode: &str) -> Result<(i32, i32)> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| Ok((row.get(1)?, row.get(2)?)))
}

#[cfg(test)]
mod tests;
