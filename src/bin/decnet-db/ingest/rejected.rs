//! Keeping the lines that are no events.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use decnet_db::Repository;
use decnet_db::json::Json;

use super::position::key;

/// The file that rejected lines go to, as they came, one per line.
///
/// Each line gets there once, however often a run is killed: lines are written before the commit that makes them final, and
/// that commit also records how long the file is with them. What a killed run left beyond that length is written anew.
pub(super) struct Rejected {
    path: PathBuf,
    key: String,
    state: State,
}

enum State {
    /// No line was rejected yet.
    Untouched,
    Open {
        file: File,
        /// The length with the lines of all commits so far.
        committed: u64,
        /// The length with the lines of the commit under way.
        written: u64,
    },
    /// It can't be written; lines are only counted and reported.
    Lost,
}

impl Rejected {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { key: key("rejected", &path), path, state: State::Untouched }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the file holds lines of this run.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.state, State::Open { .. })
    }

    /// Gets ready for the lines of a commit; `None` when the file can't be written.
    pub(super) async fn open(&mut self, repository: &dyn Repository) -> decnet_db::Result<Option<io::Error>> {
        if !matches!(self.state, State::Untouched) {
            return Ok(None);
        }
        let opened =
            OpenOptions::new().create(true).append(false).write(true).truncate(false).open(&self.path);
        let (file, length) = match opened.and_then(|file| file.metadata().map(|data| (file, data.len()))) {
            Ok(opened) => opened,
            Err(error) => {
                self.state = State::Lost;
                return Ok(Some(error));
            }
        };
        let recorded = repository.get_state(&self.key).await?;
        let recorded = recorded.and_then(|record| record.decode::<Record>().ok());
        let committed = match recorded {
            Some(Record { length: recorded }) => recorded.min(length),
            None => {
                // From here on it is known what a killed run has written.
                repository.set_state(&self.key, record(length)).await?;
                length
            }
        };
        self.state = State::Open { file, committed, written: committed };
        Ok(None)
    }

    /// Writes the lines of the commit that follows, in place of those of an attempt that failed. Gives the state that belongs
    /// into that commit, or why lines can't be kept any more.
    pub(super) fn write<'a>(
        &mut self,
        lines: impl Iterator<Item = &'a [u8]>,
    ) -> Result<Option<(String, Json)>, io::Error> {
        let State::Open { file, committed, written } = &mut self.state else { return Ok(None) };
        let write = || {
            // Somebody may have emptied the file meanwhile.
            *committed = file.metadata()?.len().min(*committed);
            file.set_len(*committed)?;
            file.seek(SeekFrom::Start(*committed))?;
            let mut out = io::BufWriter::new(&mut *file);
            let mut length = *committed;
            for line in lines {
                out.write_all(line)?;
                out.write_all(b"\n")?;
                length += line.len() as u64 + 1;
            }
            out.flush()?;
            drop(out);
            file.sync_data()?;
            io::Result::Ok(length)
        };
        match write() {
            Ok(length) => {
                *written = length;
                Ok(Some((self.key.clone(), record(length))))
            }
            Err(error) => {
                self.state = State::Lost;
                Err(error)
            }
        }
    }

    /// What was written last is committed.
    pub(super) fn committed(&mut self) {
        if let State::Open { committed, written, .. } = &mut self.state {
            *committed = *written;
        }
    }
}

#[derive(serde::Deserialize)]
struct Record {
    length: u64,
}

fn record(length: u64) -> Json {
    Json::from(serde_json::json!({"length": length}))
}
