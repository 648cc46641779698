//! The files of an open database: whether they are still those that were opened.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use decnet_db_core::{Error, Result};

use crate::file::{DatabaseFile, Identity, identity, shown};

/// How long reads rely on the last look.
const SOON: Duration = Duration::from_millis(500);

/// Watches the database file, its write-ahead log and the log's index.
///
/// SQLite goes on in files that have no name any more, and whatever is written there is gone when the last program closes
/// them. A look costs some microseconds, and is taken before each commit.
#[derive(Debug)]
pub(crate) struct FileWatch {
    files: Vec<Watched>,
    began: Instant,
    /// When reads looked last, in milliseconds since then. 0: never.
    looked: AtomicU64,
}

#[derive(Debug)]
struct Watched {
    path: PathBuf,
    what: &'static str,
    /// None: it is not to come into being.
    identity: Option<Identity>,
    empty: bool,
}

/// How a database was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// With its write-ahead log.
    Log,
    /// Without one, because it can't have one here.
    NoLog,
    /// As a file that nobody changes: nobody may make a log either.
    Immutable,
}

impl FileWatch {
    /// Watches what there is. A connection has read from the database before, so that its log is open.
    pub(crate) fn new(file: &DatabaseFile, access: Access) -> Self {
        let mut files = vec![Watched {
            path: file.path().to_owned(),
            what: "the database",
            identity: file.identity(),
            empty: is_empty(file.path()),
        }];
        let beside = [("-wal", "the write-ahead log"), ("-shm", "the index of the write-ahead log")];
        for (suffix, what) in beside {
            let path = file.beside(suffix);
            let identity = fs::metadata(&path).ok().as_ref().map(identity);
            let watched = match access {
                Access::Log => identity.is_some(),
                Access::NoLog => false,
                Access::Immutable => suffix == "-wal",
            };
            if watched {
                files.push(Watched { path, what, identity, empty: true });
            }
        }
        Self { files, began: Instant::now(), looked: AtomicU64::new(0) }
    }

    /// Refuses when a file was deleted, replaced or emptied since it was opened. `effect` says what did not happen.
    ///
    /// # Errors
    /// `Unavailable`, which names the file.
    pub(crate) fn check(&self, effect: &str) -> Result<()> {
        match self.files.iter().find(|file| !file.is_the_same()) {
            None => Ok(()),
            Some(file) if file.identity.is_none() => Err(unavailable(format!(
                "another program has begun to write to the database, which was opened as one that nobody writes to ({} is \
                 there now): open it again",
                shown(&file.path)
            ))),
            Some(file) => Err(unavailable(format!(
                "{} {} was deleted or replaced while it was open: {effect}; open the database again",
                file.what,
                shown(&file.path)
            ))),
        }
    }

    /// The same for reads, twice a second at most.
    pub(crate) fn check_now_and_then(&self, now: Instant) -> Result<()> {
        let now = u64::try_from(now.saturating_duration_since(self.began).as_millis()).unwrap_or(u64::MAX);
        let looked = self.looked.load(Ordering::Relaxed);
        if looked != 0 && now.saturating_sub(looked) < SOON.as_millis() as u64 {
            return Ok(());
        }
        self.check("what it holds now is not what would be read")?;
        self.looked.store(now.max(1), Ordering::Relaxed);
        Ok(())
    }
}

impl Watched {
    fn is_the_same(&self) -> bool {
        let metadata = fs::metadata(&self.path).ok();
        metadata.as_ref().map(identity) == self.identity
            && (self.empty || metadata.is_none_or(|metadata| metadata.len() > 0))
    }
}

fn is_empty(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.len() == 0)
}

fn unavailable(message: String) -> Error {
    Error::Unavailable { message, source: None }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    fn open(folder: &tempfile::TempDir) -> (Connection, FileWatch) {
        let path = folder.path().join("a.db");
        let file = DatabaseFile::prepare(path.to_str().unwrap(), true).unwrap();
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (x)").unwrap();
        (connection, FileWatch::new(&file, Access::Log))
    }

    #[test]
    fn each_of_the_files_is_missed_and_welcomed_back() {
        for name in ["a.db", "a.db-wal", "a.db-shm"] {
            let folder = tempfile::tempdir().unwrap();
            let (_connection, watch) = open(&folder);
            watch.check("").unwrap();
            let (path, away) = (folder.path().join(name), folder.path().join("away"));
            fs::rename(&path, &away).unwrap();
            let error = watch.check("nothing was written").unwrap_err();
            assert!(error.is_retryable());
            for part in [name, "deleted or replaced", "nothing was written"] {
                assert!(error.to_string().contains(part), "{error}");
            }
            fs::write(&path, "another").unwrap();
            assert!(watch.check("").is_err());
            fs::rename(&away, &path).unwrap();
            watch.check("").unwrap();
        }
    }

    #[test]
    fn a_database_that_was_emptied_is_not_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let (_connection, watch) = open(&folder);
        fs::write(folder.path().join("a.db"), "").unwrap();
        assert!(watch.check("").is_err());
    }

    #[test]
    fn the_log_may_grow_and_start_anew() {
        let folder = tempfile::tempdir().unwrap();
        let (connection, watch) = open(&folder);
        connection.execute_batch("INSERT INTO t VALUES (zeroblob(100000))").unwrap();
        watch.check("").unwrap();
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        watch.check("").unwrap();
    }
}
