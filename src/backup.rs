//! Backups: a SQLite file of one moment, from any database, while programs write to it.
//!
//! ```
//! # #[cfg(feature = "sqlite")]
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! # let folder = tempfile::tempdir().unwrap();
//! # let url = decnet_db::config::DatabaseUrl::sqlite(folder.path().join("decnet.db")).unwrap();
//! # let repository = decnet_db::connect_with(&decnet_db::config::Config::new(url)).await?;
//! # repository.initialize().await?;
//! # let file = folder.path().join("backup.db");
//! use decnet_db::backup::{BackupOptions, backup};
//!
//! let report = backup(&*repository, &file, &BackupOptions::default(), &mut |_| ()).await?;
//! assert!(report.verification.is_equal());
//! # Ok::<(), decnet_db::Error>(())
//! # }).unwrap();
//! ```

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::config::{Config, DatabaseUrl};
use crate::transfer::{BackupReport, CopyEvent, CopyOptions, Moment, PageLimits};
use crate::{Error, Repository, Result, connect_with};

/// How to back up.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct BackupOptions {
    /// Whether a file that is there is replaced, once the new one is whole. Without it such a name is refused.
    pub overwrite: bool,
    /// How much is read and held at once.
    pub limits: PageLimits,
}

impl BackupOptions {
    /// The same, replacing a file that is there.
    #[must_use]
    pub fn overwrite(mut self) -> Self {
        self.overwrite = true;
        self
    }
}

/// Writes everything that the database has at this moment into a SQLite file, while programs go on writing to it.
///
/// All of it comes from one snapshot. From a SQLite database the file is a copy of its pages, other programs' tables
/// included; from a server DECNET's tables are copied row by row. Then the rows and a checksum of each table are
/// compared with the same snapshot.
///
/// The file appears under its name when it is whole, compared, and on the disk. Until then it is beside that name, as
/// `.NAME.….partial`, for its owner alone; it is removed when the backup fails, and stays when the program is killed.
///
/// # Errors
/// `Conflict` when the name is taken, by a database that is in use even with `overwrite`, when the source is the
/// target of an unfinished copy, or when the file differs from what it was made of; `Unsupported` when the source's driver
/// has no snapshots; `Unavailable` when the disk is full or the source is lost; `Configuration` when the folder is not there.
pub async fn backup(
    source: &dyn Repository,
    file: &Path,
    options: &BackupOptions,
    on: &mut (dyn FnMut(CopyEvent) + Send),
) -> Result<BackupReport> {
    let name = file
        .file_name()
        .filter(|_| !file.is_dir())
        .ok_or_else(|| Error::configuration(format!("{} names no file", shown(file))))?;
    free(file, options.overwrite)?;
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut partial = std::ffi::OsString::from(".");
    partial.push(name);
    // Two backups at once write two files; one that was killed is in nobody's way.
    let now = crate::time::Timestamp::now().as_microseconds();
    partial.push(format!(".{}-{now}.partial", std::process::id()));
    let partial = Partial(folder.join(partial));
    partial.create()?;
    let moment = Moment::of(source).await?;
    let report = written(&moment, &partial, options, on).await;
    moment.end().await;
    let report = report?;
    if !report.verification.is_equal() {
        let tables = report.verification.tables.iter().filter(|table| !table.is_equal());
        let tables: Vec<_> = tables.map(|table| table.table).collect();
        return Err(Error::conflict(format!(
            "the backup differs from the database in {}, and was thrown away",
            tables.join(", ")
        )));
    }
    partial.publish(file, folder, options.overwrite)?;
    Ok(report)
}

async fn written(
    moment: &Moment<'_>,
    partial: &Partial,
    options: &BackupOptions,
    on: &mut (dyn FnMut(CopyEvent) + Send),
) -> Result<BackupReport> {
    let is_file = moment.write_file(&partial.0, on).await?;
    let mut config = Config::new(DatabaseUrl::sqlite(&partial.0)?);
    config.create_if_missing = false;
    let target = connect_with(&config).await?;
    let verification = async {
        if is_file {
            return moment.verify(&*target, options.limits, on).await;
        }
        let mut copy = CopyOptions::new("a backup");
        copy.limits = options.limits;
        // What the source keeps is kept: a backup judges nothing.
        let copied = moment.copy(&*target, &copy, on).await?;
        copied.verification.ok_or_else(|| {
            let first = copied.refused.first.first().map(ToString::to_string).unwrap_or_default();
            Error::conflict(format!("{} values can't be backed up, the first: {first}", copied.refused.total))
        })
    }
    .await;
    // Closing moves the log into the file.
    target.close().await;
    drop(target);
    let verification = verification?;
    if let Some(log) = partial.beside("-wal").filter(|log| fs::metadata(log).is_ok_and(|it| it.len() > 0)) {
        return Err(failed("finish", &log, io::Error::other("its log could not be moved into it")));
    }
    let bytes = partial.sync()?;
    Ok(BackupReport::new(moment.taken(), bytes, verification))
}

/// A file that is not whole yet; it is gone with this, unless it was published.
struct Partial(PathBuf);

impl Partial {
    fn create(&self) -> Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        options.open(&self.0).map(drop).map_err(|error| failed("create", &self.0, error))
    }

    fn beside(&self, suffix: &str) -> Option<PathBuf> {
        beside(&self.0, suffix)
    }

    /// Waits until it is on the disk, and says how long it is. No connection has it open any more: closing a file lets go
    /// of all locks that this process has on it.
    fn sync(&self) -> Result<u64> {
        let file = File::open(&self.0).map_err(|error| failed("read", &self.0, error))?;
        file.sync_all().map_err(|error| failed("write", &self.0, error))?;
        Ok(file.metadata().map_err(|error| failed("read", &self.0, error))?.len())
    }

    fn publish(self, file: &Path, folder: &Path, overwrite: bool) -> Result<()> {
        free(file, overwrite)?;
        let refused = |error| failed("name", file, error);
        if overwrite {
            fs::rename(&self.0, file).map_err(refused)?;
        } else {
            // Unlike a rename, a link never replaces what has come meanwhile; some file systems have none.
            match fs::hard_link(&self.0, file) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(taken(file)),
                Err(_) => fs::rename(&self.0, file).map_err(refused)?,
            }
        }
        drop(self);
        // The name is on the disk too, where folders can be synced.
        if cfg!(unix) {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(refused)?;
        }
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        for path in ["", "-wal", "-shm", "-journal"].into_iter().filter_map(|suffix| self.beside(suffix)) {
            // Most of them are not there.
            let _ = fs::remove_file(path);
        }
    }
}

/// Refuses a name that is taken. A database that is in use is never replaced: its users would go on in a file without a
/// name, and what is left of its log would be read as the new file's.
fn free(file: &Path, overwrite: bool) -> Result<()> {
    for suffix in ["-wal", "-shm", "-journal"] {
        if let Some(path) = beside(file, suffix).filter(|path| fs::symlink_metadata(path).is_ok()) {
            return Err(Error::conflict(format!(
                "{} is there: {} is a database in use, or what is left of one; choose another name",
                shown(&path),
                shown(file)
            )));
        }
    }
    if !overwrite && fs::symlink_metadata(file).is_ok() { Err(taken(file)) } else { Ok(()) }
}

fn beside(file: &Path, suffix: &str) -> Option<PathBuf> {
    let mut name = file.file_name()?.to_owned();
    name.push(suffix);
    Some(file.with_file_name(name))
}

fn taken(file: &Path) -> Error {
    Error::conflict(format!("{} is there already: choose another name, or overwrite it", shown(file)))
}

fn failed(what: &str, path: &Path, error: io::Error) -> Error {
    let message = format!("can't {what} {}: {error}", shown(path));
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            Error::configuration(message)
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Error::unavailable(message, error),
        _ => Error::backend(message, error),
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string().replace(char::is_control, "\u{fffd}")
}
