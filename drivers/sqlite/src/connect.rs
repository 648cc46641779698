//! Opening a database: its file, its first connection, its threads.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use decnet_db_core::config::{Config, PoolConfig};
use decnet_db_core::driver::{Backend, OpenFuture};
use decnet_db_core::telemetry::PoolMetrics;
use decnet_db_core::{Error, Result};
use rusqlite::{Connection, OpenFlags, ffi};

use crate::backend::{Reads, SqliteBackend};
use crate::checkpoint::{self, Checkpointer, Log};
use crate::error::Errors;
use crate::file::DatabaseFile;
use crate::location::Location;
use crate::options::{Durability, Options};
use crate::read::threads::{ReaderThreads, detached, none};
use crate::read::{Manager, ReaderPool};
use crate::session::{self, Role};
use crate::snapshot::Snapshots;
use crate::watch::{Access, FileWatch};
use crate::write::Writer;

/// See [`DRIVER`](crate::DRIVER).
pub(crate) fn open(config: &Config) -> OpenFuture<'_> {
    Box::pin(async move {
        let options = Options::of(&config.url)?;
        let path = config.url.database().to_owned();
        let metrics = PoolMetrics::new(&config.url);
        let (pool, create) = (config.pool.clone(), config.create_if_missing && !options.read_only);
        let backend = detached(move || match path.as_str() {
            ":memory:" => in_memory(),
            path => in_file(path, create, &pool, options, metrics),
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
    let writer = Writer::start(connection, Arc::default(), None, None, Duration::ZERO, errors.clone())?;
    let reads = Reads::OfTheWriter(ReaderThreads::new(1), writer.handle());
    Ok(SqliteBackend { writer: Some(Arc::new(writer)), reads, snapshots: None, errors, file: None })
}

fn in_file(
    path: &str,
    create: bool,
    pool: &PoolConfig,
    options: Options,
    metrics: PoolMetrics,
) -> Result<SqliteBackend> {
    let file = DatabaseFile::prepare(path, create)?;
    let errors = Errors::new(format!("the database {}", file.shown()));
    if options.read_only {
        return read_only(&file, pool, options, &errors, metrics);
    }
    let location = Location::read_write(&file);
    let busy_timeout = options.busy_timeout;
    let opened = connect(&location, Role::Writer, busy_timeout).and_then(|connection| {
        // SQLite opens a file that it may not write to for reading, without a word.
        if connection.is_readonly("main")? {
            return Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_READONLY), None));
        }
        let mode = session::write_ahead_log(&connection, busy_timeout)?;
        // From here on the log is open.
        session::read_once(&connection)?;
        Ok((connection, mode))
    });
    let (connection, mode) = match opened {
        Ok(opened) => opened,
        Err(error) if may_be_readable(&error) => {
            let Ok(backend) = read_only(&file, pool, options, &errors, metrics) else {
                return Err(cause(error, &file, &errors));
            };
            tracing::warn!(path = %file.path().display(), %error, "the database can only be read here: writes will fail");
            return Ok(backend);
        }
        Err(error) => return Err(cause(error, &file, &errors)),
    };
    let with_log = mode == "wal";
    if !with_log {
        tracing::warn!(
            path = %file.path().display(),
            journal_mode = mode,
            "the database can't have a write-ahead log here: reads and writes wait for each other"
        );
    }
    let refused = |error| cause(error, &file, &errors);
    if options.durability == Durability::Commit {
        session::sync_commits(&connection).map_err(refused)?;
    }
    checkpoint::watch(&connection);
    let write_lock = Arc::default();
    let checkpointer = if with_log {
        let own = connect(&location, Role::Checkpointer, busy_timeout).map_err(refused)?;
        // Otherwise each commit syncs it.
        let log = Log::new(&file, options.durability == Durability::Second);
        let checkpointer =
            Checkpointer::start(own, Arc::clone(&write_lock), checkpoint::LIMITS, log).map_err(none)?;
        if options.durability == Durability::Commit {
            // SQLite syncs the folder of a log that it makes, but takes no notice when that fails, and does not make up for it
            // in a log that it finds: a power failure could take the log with all that was acknowledged.
            checkpointer.sync().map_err(|error| {
                let message = format!(
                    "{} can't be opened: its write-ahead log can't be put on the disk; look for a failing device",
                    errors.database()
                );
                Error::unavailable(message, error)
            })?;
        }
        Some(checkpointer)
    } else {
        None
    };
    let access = if with_log { Access::Log } else { Access::NoLog };
    let files = Arc::new(FileWatch::new(&file, access));
    let manager = Manager::new(&location, &files, busy_timeout, pool.recycle, metrics);
    let readers = ReaderPool::new(manager, pool, files.clone(), errors.clone())?;
    let snapshots = Some(Snapshots::new(&location, &files, busy_timeout, &errors));
    let writer =
        Writer::start(connection, write_lock, Some(files), checkpointer, busy_timeout, errors.clone())?;
    Ok(SqliteBackend {
        writer: Some(Arc::new(writer)),
        reads: Reads::Pool(readers),
        snapshots,
        errors,
        file: Some(file.path().to_owned()),
    })
}

/// A database that is only read: with its log and index, when they are there or can be, else as a file that nobody changes.
fn read_only(
    file: &DatabaseFile,
    pool: &PoolConfig,
    options: Options,
    errors: &Errors,
    metrics: PoolMetrics,
) -> Result<SqliteBackend> {
    let location = Location::read_only(file);
    let attempt = |location: &Location| {
        let connection = connect(location, Role::Reader, options.busy_timeout)?;
        session::read_once(&connection)?;
        Ok(connection)
    };
    // The connection stays open until the files are watched.
    let (location, access, _connection) = match attempt(&location) {
        Ok(connection) => (location, Access::NoLog, connection),
        // A log that holds something must not be passed over.
        Err(error) if has_content(&file.beside("-wal")) => return Err(cause(error, file, errors)),
        Err(error) => {
            let Some(location) = Location::immutable(file) else { return Err(cause(error, file, errors)) };
            let connection = attempt(&location).map_err(|error| cause(error, file, errors))?;
            (location, Access::Immutable, connection)
        }
    };
    let files = Arc::new(FileWatch::new(file, access));
    let manager = Manager::new(&location, &files, options.busy_timeout, pool.recycle, metrics);
    let snapshots = Some(Snapshots::new(&location, &files, options.busy_timeout, errors));
    let readers = ReaderPool::new(manager, pool, files, errors.clone())?;
    Ok(SqliteBackend {
        writer: None,
        reads: Reads::Pool(readers),
        snapshots,
        errors: errors.clone(),
        file: Some(file.path().to_owned()),
    })
}

fn connect(location: &Location, role: Role, busy_timeout: Duration) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(location.name(), location.flags())?;
    session::configure(&connection, role, busy_timeout)?;
    Ok(connection)
}

fn has_content(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| metadata.len() > 0)
}

/// Whether what was refused is writing, so that reading may work.
fn may_be_readable(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|code| {
        matches!(code.extended_code & 0xff, ffi::SQLITE_READONLY | ffi::SQLITE_CANTOPEN | ffi::SQLITE_PERM)
    })
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
