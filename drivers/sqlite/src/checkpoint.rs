//! Moving the write-ahead log into the database file, off the writer's path.

use std::cell::Cell;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use rusqlite::{Connection, Result};

/// From this many pages (32 MiB) the log is moved. Measured: commits are twice as fast as at SQLite's 1,000.
pub(crate) const START: i32 = 8_000;
/// From this many pages the writer has to wait until the log is moved to its end, and readers until it starts anew.
pub(crate) const INSIST: i32 = 3 * START;
/// How long the writer waits at most for readers of the old log, each time that the log has grown by [`START`].
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
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    woken: Condvar,
}

#[derive(Default)]
struct State {
    wanted: bool,
    closed: bool,
    /// The length at which the next attempt is worth it.
    next: i32,
}

impl Checkpointer {
    /// Starts the thread on a connection of its own. `writer` is what the writer locks while it writes.
    pub(crate) fn start(
        connection: Connection,
        writer: Arc<Mutex<Option<Connection>>>,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::new(State { next: START, ..State::default() }),
            ..Shared::default()
        });
        let thread = thread::Builder::new().name("decnet-sqlite-checkpoint".to_owned()).spawn({
            let shared = shared.clone();
            move || shared.run(&connection, &writer)
        })?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    /// The writer's word, after a commit, that the log has so many pages. Costs next to nothing while it is short.
    pub(crate) fn grown(&self, pages: i32) {
        if pages < START {
            return;
        }
        let mut state = self.shared.state.lock();
        if pages >= state.next && !state.wanted {
            state.wanted = true;
            self.shared.woken.notify_one();
        }
    }

    /// Lets the thread end, without waiting for it.
    pub(crate) fn close(&self) {
        self.shared.state.lock().closed = true;
        self.shared.woken.notify_one();
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
    fn run(&self, connection: &Connection, writer: &Mutex<Option<Connection>>) {
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
            let left = move_log(connection, writer).unwrap_or_else(|error| {
                tracing::warn!(%error, "the write-ahead log can't be moved into the database at the moment");
                START
            });
            let mut state = self.state.lock();
            state.wanted = false;
            // A log that was moved starts anew at the next commit; one that a reader holds is not worth another attempt
            // before it has grown again.
            state.next = START.max(left.saturating_add(START / 2));
        }
    }
}

/// Moves the log and returns how many pages could not be freed.
fn move_log(connection: &Connection, writer: &Mutex<Option<Connection>>) -> Result<i32> {
    let (mut log, mut moved) = checkpoint(connection, "PASSIVE")?;
    if log >= INSIST {
        // The writer is always a few pages ahead, and the log only starts anew when all of it was moved. Most of it is
        // moved by now: the rest is short.
        let _pause = writer.lock();
        connection.busy_timeout(PATIENCE)?;
        (log, moved) = checkpoint(connection, "RESTART")?;
    }
    metrics::gauge!("db.sqlite.wal.pages").set(f64::from(log));
    Ok(if moved >= log { 0 } else { log })
}

/// Runs a checkpoint; returns the length of the log and how much of it is in the database file.
pub(crate) fn checkpoint(connection: &Connection, mode: &str) -> Result<(i32, i32)> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| Ok((row.get(1)?, row.get(2)?)))
}
