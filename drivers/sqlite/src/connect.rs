//! Opening a database: its file, its first connection, its threads.

use std::sync::Arc;
use std::time::Duration;

use decnet_db_core::config::{Config, PoolConfig};
use decnet_db_core::driver::{Backend, OpenFuture};
use decnet_db_core::{Error, Result};
use rusqlite::{Connection, OpenFlags, ffi};

use crate::backend::SqliteBackend;
use crate::checkpoint::{self, Checkpointer};
use crate::error::Errors;
use crate::file::DatabaseFile;
use crate::options;
use crate::read::{ReaderPool, blocking};
use crate::session::{self, Role};
use crate::write::Writer;

/// See [`DRIVER`](crate::DRIVER).
pub(crate) fn open(config: &Config) -> OpenFuture<'_> {
    Box::pin(async move {
        let busy_timeout = options::busy_timeout(&config.url)?;
        let path = config.url.database().to_owned();
        let (pool, create) = (config.pool.clone(), config.create_if_missing);
        let backend = blocking(move || match path.as_str() {
            ":memory:" => in_memory(),
            path => in_file(path, create, &pool, busy_timeout),
        })
        .await?;
        Ok(Arc::new(backend) as Arc<dyn Backend>)
    })
}

/// One connection for reads and writes. Several would need SQLite's shared cache, which fails instead of waiting.
fn in_memory() -> Result<SqliteBackend> {
    let errors = Errors::new("the database in memory");
    let connection = Connection::open_in_memory_with_flags(
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .and_then(|connection| {
        session::configure(&connection, Role::Writer, Duration::ZERO)?;
        Ok(connection)
    })
    .map_err(|error| errors.translate(error))?;
    let writer =
        Writer::start(connection, Arc::default(), None, None, Duration::ZERO, errors).map_err(no_thread)?;
    Ok(SqliteBackend { writer: Arc::new(writer), readers: None })
}

fn in_file(path: &str, create: bool, pool: &PoolConfig, busy_timeout: Duration) -> Result<SqliteBackend> {
    let file = DatabaseFile::prepare(path, create)?;
    let errors = Errors::new(format!("the database {}", file.shown()));
    let connection = connect(&file, Role::Writer, busy_timeout, &errors)?;
    let mode =
        session::write_ahead_log(&connection, busy_timeout).map_err(|error| cause(error, &file, &errors))?;
    let with_log = mode == "wal";
    if !with_log {
        tracing::warn!(
            path = %file.path().display(),
            journal_mode = mode,
            "the database can't have a write-ahead log here: reads and writes wait for each other"
        );
    }
    checkpoint::watch(&connection);
    let write_lock = Arc::default();
    let checkpointer = if with_log {
        let own = connect(&file, Role::Checkpointer, busy_timeout, &errors)?;
        Some(Checkpointer::start(own, Arc::clone(&write_lock), checkpoint::LIMITS).map_err(no_thread)?)
    } else {
        None
    };
    let readers = ReaderPool::new(&file, pool, busy_timeout, errors.clone());
    let writer = Writer::start(connection, write_lock, Some(file), checkpointer, busy_timeout, errors)
        .map_err(no_thread)?;
    Ok(SqliteBackend { writer: Arc::new(writer), readers: Some(readers) })
}

fn connect(file: &DatabaseFile, role: Role, busy_timeout: Duration, errors: &Errors) -> Result<Connection> {
    // No CREATE: the file is there, and if it is deleted later nobody makes an empty one in its place.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file.path(), flags)
        .and_then(|connection| {
            session::configure(&connection, role, busy_timeout)?;
            Ok(connection)
        })
        .map_err(|error| cause(error, file, errors))?;
    // SQLite opens a file that it may not write to for reading, without a word.
    if connection.is_readonly("main").map_err(|error| errors.translate(error))? {
        return Err(Error::configuration(format!(
            "{} is read-only for this user: allow writing to the file and to its folder",
            errors.database()
        )));
    }
    Ok(connection)
}

/// Why a database can't be opened: a matter of configuration, where later the same code is a matter of availability.
fn cause(error: rusqlite::Error, file: &DatabaseFile, errors: &Errors) -> Error {
    match error.sqlite_error().map(|code| code.extended_code & 0xff) {
        Some(ffi::SQLITE_CANTOPEN) => Error::configuration(format!(
            "{} can't be opened: this user must be able to read and write the file, and to write to the folder {} (where \
             SQLite keeps the files -wal and -shm)",
            errors.database(),
            file.path().parent().unwrap_or(file.path()).display()
        )),
        _ => errors.translate(error),
    }
}

fn no_thread(error: std::io::Error) -> Error {
    Error::unavailable("the system gives no thread for the database", error)
}
