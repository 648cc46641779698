//! Moving the write-ahead log into the file beside the writer, at the lengths at which decnet-db's driver does it.

use std::cell::Cell;
use std::sync::Arc;
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
pub(crate) struct Checkpointer(SyncSender<()>);

impl Checkpointer {
    pub(crate) fn start(connection: Connection, writer: Arc<Mutex<Connection>>) -> Self {
        let (sender, receiver) = sync_channel::<()>(1);
        thread::spawn(move || {
            let mut next = START;
            while receiver.recv().is_ok() {
                let mut log = checkpoint(&connection, "PASSIVE").unwrap_or_default();
                if log < next && log >= START {
                    continue;
                }
                if log >= INSIST {
                    let _pause = writer.lock();
                    log = checkpoint(&connection, "RESTART").unwrap_or_default();
                }
                next = log + START / 2;
            }
        });
        Self(sender)
    }

    /// After a commit: wakes the thread if the log is long. One that is at work already sees to it.
    pub(crate) fn grown(&self) {
        if PAGES.get() >= START {
            let _ = self.0.try_send(());
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
