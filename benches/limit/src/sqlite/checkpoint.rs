//! Moving the write-ahead log into the file beside the writer, at the lengths at which decnet-db's driver does it.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use anyhow::Result;
use parking_lot::Mutex;
use rusqlite::Connection;

/// In pages: from here on the log is moved.
const START: i32 = 8_000;
/// From here on the writer stops for a moment, so that the log starts anew.
const INSIST: i32 = 24_000;

thread_local! {
    static PAGES: Cell<i32> = const { Cell::new(0) };
}

/// The thread that moves the log.
pub(crate) struct Checkpointer {
    wake: SyncSender<()>,
    /// The length at which it is worth it.
    next: Arc<AtomicI32>,
}

impl Checkpointer {
    pub(crate) fn start(connection: Connection, writer: Arc<Mutex<Connection>>) -> Self {
        let (wake, woken) = sync_channel::<()>(1);
        let next = Arc::new(AtomicI32::new(START));
        let shared = next.clone();
        thread::spawn(move || {
            while woken.recv().is_ok() {
                let mut log = checkpoint(&connection, "PASSIVE").unwrap_or_default();
                if log >= INSIST {
                    let _pause = writer.lock();
                    log = checkpoint(&connection, "RESTART").unwrap_or_default();
                }
                shared.store((log + START / 2).max(START), Ordering::Relaxed);
            }
        });
        Self { wake, next }
    }

    /// After a commit: wakes the thread when the log has grown enough. One that is at work already sees to it.
    pub(crate) fn grown(&self) {
        let pages = PAGES.get();
        if pages < START {
            self.next.store(START, Ordering::Relaxed);
        } else if pages >= self.next.load(Ordering::Relaxed) {
            let _ = self.wake.try_send(());
        }
    }
}

/// From now on the length of the log is known after each commit.
pub(crate) fn watch(connection: &Connection) {
    connection.wal_hook(Some(|_, pages| {
        PAGES.set(pages);
        Ok(())
    }));
}

fn checkpoint(connection: &Connection, mode: &str) -> Result<i32> {
    Ok(connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| row.get(1))?)
}
