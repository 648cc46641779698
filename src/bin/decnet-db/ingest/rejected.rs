//! Keeping the lines that are no events.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use decnet_db::json::Json;
use decnet_db::{Error, Repository};

use super::legacy::short_key;
use crate::files::open_to_write;

/// How often a file that another run appends to is looked at again.
const POLL: Duration = Duration::from_millis(20);

/// The file that rejected lines go to, as they came, one per line.
///
/// Each line gets there once, however often a run is killed: lines are appended before the commit that makes them final, and
/// that commit also records how long the file is with them. What a killed run left behind that length is cut off. From the
/// append to the end of the commit the file is locked: several runs may share it.
pub(super) struct Rejected {
    path: PathBuf,
    key: String,
    /// The open file, once a line was rejected.
    file: Option<File>,
    /// Its length before what was appended last, while that is not committed.
    before: Option<u64>,
}

/// What a commit compares and sets for the lines that were appended.
pub(super) struct Appended {
    pub(super) key: String,
    pub(super) expected: Json,
    pub(super) length: Json,
}

impl Rejected {
    pub(super) fn new(path: PathBuf) -> Self {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder =
            std::fs::canonicalize(folder).or_else(|_| std::path::absolute(folder)).unwrap_or_default();
        let full = folder.join(path.file_name().unwrap_or_default());
        Self { key: short_key("decnet-db rejected: ", &full), path, file: None, before: None }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the file holds lines of this run.
    pub(super) fn is_open(&self) -> bool {
        self.file.is_some()
    }

    /// Appends the lines of the commit that follows, and locks the file until [`committed`](Self::committed) or
    /// [`undo`](Self::undo).
    pub(super) async fn append(
        &mut self,
        repository: &dyn Repository,
        lines: impl Iterator<Item = &[u8]>,
    ) -> decnet_db::Result<Appended> {
        let keeps = |path: &Path| {
            let path = path.display().to_string();
            move |error: io::Error| {
                let text = format!("rejected lines can't be kept in {path}, so their input is not read on");
                Error::backend(text, error)
            }
        };
        let keeps = keeps(&self.path);
        if self.file.is_none() {
            let mut options = OpenOptions::new();
            self.file = Some(open_to_write(&self.path, options.create(true).append(true)).map_err(&keeps)?);
        }
        let Some(file) = &mut self.file else { return Err(keeps(io::ErrorKind::NotFound.into())) };
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => tokio::time::sleep(POLL).await,
                // Where files can't be locked, the comparison in the commit has to do.
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => break,
                Err(TryLockError::Error(error)) => return Err(keeps(error)),
            }
        }
        let length = file.metadata().map_err(&keeps)?.len();
        let known = repository.get_state(&self.key).await?;
        let recorded = known.as_ref().and_then(|value| value.decode::<Record>().ok());
        let (expected, committed) = match (known, recorded) {
            (Some(value), Some(record)) => (value, record.length.min(length)),
            _ => {
                // From here on it is known what a killed run has written.
                repository.set_state(&self.key, record(length, 0)).await?;
                (record(length, 0), length)
            }
        };
        let serial = expected.decode::<Record>().map_or(0, |record| record.serial);
        let appended = append(file, committed, lines);
        self.before = Some(committed);
        match appended {
            Ok(length) => {
                Ok(Appended { key: self.key.clone(), expected, length: record(length, serial + 1) })
            }
            Err(error) => {
                self.undo();
                Err(keeps(error))
            }
        }
    }

    /// What was appended last is committed.
    pub(super) fn committed(&mut self) {
        self.before = None;
        self.unlock();
    }

    /// What was appended last is not committed, and goes.
    pub(super) fn undo(&mut self) {
        if let (Some(length), Some(file)) = (self.before.take(), &self.file) {
            // Where it stays, the next run cuts it off.
            drop(file.set_len(length));
        }
        self.unlock();
    }

    fn unlock(&self) {
        if let Some(file) = &self.file {
            drop(file.unlock());
        }
    }
}

/// Writes the lines behind those that are committed, and gives the length with them.
fn append<'a>(file: &mut File, committed: u64, lines: impl Iterator<Item = &'a [u8]>) -> io::Result<u64> {
    if file.metadata()?.len() > committed {
        file.set_len(committed)?;
    }
    let mut length = committed;
    let mut out = io::BufWriter::new(&mut *file);
    for line in lines {
        out.write_all(line)?;
        out.write_all(b"\n")?;
        length += line.len() as u64 + 1;
    }
    out.flush()?;
    drop(out);
    file.sync_data()?;
    Ok(length)
}

#[derive(serde::Deserialize)]
struct Record {
    length: u64,
    /// How many times it was written.
    #[serde(default)]
    serial: u64,
}

fn record(length: u64, serial: u64) -> Json {
    Json::from(serde_json::json!({"length": length, "serial": serial}))
}
