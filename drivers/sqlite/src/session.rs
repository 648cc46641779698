//! What every connection is told before it is used.

use std::thread;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, Result};

use crate::functions;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The one that writes.
    Writer,
    /// One of the pool.
    Reader,
    /// The one that moves the write-ahead log into the file.
    Checkpointer,
}

/// The most that a log which was emptied keeps of its file, in bytes: above it the file is cut.
const JOURNAL_SIZE_LIMIT: i64 = 64 << 20;

/// Prepared statements per connection: more than the contract has methods that one program uses often.
const STATEMENTS: usize = 128;

/// Sets what is not stored in the file. Explicitly, whatever the linked library's defaults are.
pub(crate) fn configure(connection: &Connection, role: Role, busy_timeout: Duration) -> Result<()> {
    connection.busy_timeout(busy_timeout)?;
    // Else a statement whose LIMIT is bound is prepared anew each time, for a plan that depends on the number.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // In a write-ahead log NORMAL loses at most the last commits at a power failure, and nothing at a crash.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    // Functions that a foreign schema calls in triggers and views can't be used against us.
    connection.pragma_update(None, "trusted_schema", false)?;
    // A mapped file turns I/O errors into SIGBUS.
    connection.pragma_update(None, "mmap_size", 0)?;
    // Negative: KiB.
    let cache = match role {
        // The indexes of the busiest table stay in memory: doubled the rate of inserts when measured.
        Role::Writer => -64 * 1024,
        // Times 60 connections at most; the system's page cache stands behind it.
        Role::Reader => -8 * 1024,
        Role::Checkpointer => -1024,
    };
    connection.pragma_update(None, "cache_size", cache)?;
    match role {
        Role::Writer => {
            // DECNET leaves references unchecked; what we write is checked (ruling R15). The setting is not stored, so
            // DECNET's own writes go on as they are.
            connection.pragma_update(None, "foreign_keys", true)?;
            // A savepoint's undo information goes to memory, not to a file.
            connection.pragma_update(None, "temp_store", "MEMORY")?;
            connection.pragma_update(None, "journal_size_limit", JOURNAL_SIZE_LIMIT)?;
            connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        }
        Role::Reader => connection.pragma_update(None, "query_only", true)?,
        Role::Checkpointer => connection.pragma_update(None, "wal_autocheckpoint", 0)?,
    }
    if role != Role::Checkpointer {
        functions::register(connection)?;
    }
    Ok(())
}

/// From now on each commit is on the disk before it returns.
pub(crate) fn sync_commits(connection: &Connection) -> Result<()> {
    connection.pragma_update(None, "synchronous", "FULL")
}

/// Reads something, so that the log is open.
pub(crate) fn read_once(connection: &Connection) -> Result<()> {
    connection.query_row("SELECT COUNT(*) FROM sqlite_master", [], |_| Ok(()))
}

/// Switches the file to a write-ahead log, which it then stays in; returns the mode that it is in.
///
/// The switch needs a moment in which nobody else uses the file, and SQLite does not wait for it by itself.
pub(crate) fn write_ahead_log(connection: &Connection, patience: Duration) -> Result<String> {
    let deadline = Instant::now() + patience;
    let mut pause = Duration::from_millis(1);
    loop {
        let mode = || connection.pragma_query_value(None, "journal_mode", |row| row.get::<_, String>(0));
        let attempt = match mode() {
            Ok(mode) if mode == "wal" => Ok(mode),
            Ok(_) => connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0)),
            Err(error) => Err(error),
        };
        match attempt {
            Err(error) if is_busy(&error) && Instant::now() < deadline => {
                thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(50));
            }
            done => return done,
        }
    }
}

/// Whether another connection is in the way. SQLite reports extended codes: the low byte is the kind.
pub(crate) fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| matches!(error.extended_code & 0xff, 5 | 6))
}
