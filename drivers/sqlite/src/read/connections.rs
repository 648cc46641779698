//! The connections of the pool.

use std::sync::Arc;
use std::time::{Duration, Instant};

use decnet_db_core::Error;
use decnet_db_core::telemetry::PoolMetrics;
use r2d2::ManageConnection;
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::Connection;

use crate::error::Errors;
use crate::location::Location;
use crate::session::{self, Role};
use crate::watch::FileWatch;

/// What the pool holds: a connection, or why there is none.
///
/// r2d2 retries a failing connect until the caller's time is up and keeps only the error's text. A reader that failed
/// to open is handed out instead, so that the caller has the cause at once.
pub(crate) struct Reader {
    pub(super) connection: std::result::Result<Connection, Option<Failure>>,
    opened: Instant,
}

pub(crate) enum Failure {
    Sqlite(rusqlite::Error),
    Replaced(Error),
}

impl Failure {
    pub(super) fn into_error(self, errors: &Errors) -> Error {
        match self {
            Self::Sqlite(error) => errors.translate(error),
            Self::Replaced(error) => error,
        }
    }
}

/// r2d2_sqlite's manager, except for what it leaves out.
pub(crate) struct Manager {
    inner: SqliteConnectionManager,
    files: Arc<FileWatch>,
    recycle: Duration,
    pub(super) metrics: PoolMetrics,
}

impl Manager {
    /// Opens connections to the file as `location` says.
    pub(crate) fn new(
        location: &Location,
        files: &Arc<FileWatch>,
        busy_timeout: Duration,
        recycle: Duration,
        metrics: PoolMetrics,
    ) -> Self {
        let inner = SqliteConnectionManager::file(location.name())
            .with_flags(location.flags())
            .with_init(move |connection| session::configure(connection, Role::Reader, busy_timeout));
        Self { inner, files: files.clone(), recycle, metrics }
    }
}

impl ManageConnection for Manager {
    type Connection = Reader;
    type Error = rusqlite::Error;

    fn connect(&self) -> std::result::Result<Reader, rusqlite::Error> {
        let started = Instant::now();
        let connection = match self.files.check("nothing was read") {
            Ok(()) => self.inner.connect().map_err(|error| Some(Failure::Sqlite(error))),
            Err(error) => Err(Some(Failure::Replaced(error))),
        };
        let opened = Instant::now();
        if connection.is_ok() {
            self.metrics.created(opened.duration_since(started));
        }
        Ok(Reader { connection, opened })
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
