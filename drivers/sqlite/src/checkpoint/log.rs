//! The write-ahead log as a file that must come to the disk.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::{Connection, ffi};

use crate::file::DatabaseFile;
use crate::location::Location;

/// How long other programs' writes are waited for before the log is written once more.
const PATIENCE: Duration = Duration::from_secs(5);
/// How much of it is in memory at once.
const PIECE: usize = 1 << 20;

/// Puts the write-ahead log on the disk.
///
/// A handle of our own does for that, since a sync takes along what came by others; closing it drops no lock, as SQLite has
/// none on the log.
///
/// After a sync that failed the next one proves nothing: Linux takes the pages that it could not write for written. So the log
/// is in doubt until all of it was written once more, which makes those pages dirty again, and synced. Neither may a checkpoint
/// begin before that: SQLite would sync, hear that all is well, and write over parts of the file which the log can't restore.
#[derive(Debug)]
pub(crate) struct Log {
    path: PathBuf,
    location: Location,
    /// Whether commits leave the sync to us.
    later: bool,
    doubtful: AtomicBool,
    /// The folder, until its entries for the database's files are on the disk. Held during a sync: one at a time.
    pub(super) folder: Mutex<Option<PathBuf>>,
}

impl Log {
    /// The log of this file; `later` when commits don't sync it.
    pub(crate) fn new(file: &DatabaseFile, later: bool) -> Self {
        Self {
            path: file.beside("-wal"),
            location: Location::read_write(file),
            later,
            doubtful: AtomicBool::new(false),
            folder: Mutex::new(file.path().parent().map(Path::to_path_buf)),
        }
    }

    /// Whether commits leave the sync to us.
    pub(super) fn is_synced_later(&self) -> bool {
        self.later
    }

    /// Whether a sync failed and the log was not written once more since.
    pub(super) fn is_doubtful(&self) -> bool {
        self.doubtful.load(Ordering::Acquire)
    }

    /// A sync failed.
    pub(super) fn doubt(&self) {
        self.doubtful.store(true, Ordering::Release);
    }

    /// Puts it on the disk; after a sync that failed, by writing it once more.
    pub(super) fn sync(&self) -> io::Result<()> {
        let mut folder = self.folder.lock();
        if !self.is_doubtful() && (self.later || folder.is_some()) {
            // Windows wants to have it writable for that.
            let log = OpenOptions::new().read(true).write(cfg!(windows)).open(&self.path)?;
            if let Err(error) = log.sync_data() {
                self.doubt();
                tracing::warn!(%error, "a sync of the write-ahead log failed: all of it is written once more");
            }
        }
        if self.is_doubtful() {
            self.write_anew()?;
            self.doubtful.store(false, Ordering::Release);
        }
        if cfg!(unix)
            && let Some(path) = &*folder
        {
            File::open(path)?.sync_all()?;
        }
        *folder = None;
        metrics::counter!("decnet_db.sqlite.log.syncs").increment(1);
        Ok(())
    }

    /// Writes what the log has where it has it, while nobody appends to it, and syncs it.
    fn write_anew(&self) -> io::Result<()> {
        let writers = Connection::open_with_flags(self.location.name(), self.location.flags());
        let writers = writers.and_then(|writers| {
            writers.busy_timeout(PATIENCE)?;
            // Nothing of ours is to begin a checkpoint.
            writers.pragma_update(None, "wal_autocheckpoint", 0)?;
            writers.execute_batch("BEGIN IMMEDIATE")?;
            Ok(writers)
        });
        let _writers = writers.map_err(io::Error::other)?;
        let mut log = OpenOptions::new().read(true).write(true).open(&self.path)?;
        let mut piece = vec![0; PIECE];
        let mut at = 0;
        loop {
            log.seek(SeekFrom::Start(at))?;
            let length = log.read(&mut piece)?;
            if length == 0 {
                break;
            }
            log.seek(SeekFrom::Start(at))?;
            log.write_all(&piece[..length])?;
            at += length as u64;
        }
        log.sync_data()?;
        metrics::counter!("decnet_db.sqlite.log.written_anew").increment(1);
        Ok(())
    }
}

/// Whether an error says that a sync failed.
pub(crate) fn is_failed_sync(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|code| code.extended_code == ffi::SQLITE_IOERR_FSYNC)
}
