//! Archive files: events as JSON lines, plain or compressed, each once however often the run that writes them is cut short.
//!
//! What is stored at once is one piece: lines of a plain file, a member of a gzip file, a frame of a zstd file. Before a piece is
//! appended, the file's length is noted beside it, in `FILE.unfinished`, and the piece is on the disk before its events are
//! deleted. So a later run finds where the last piece begins: one that is cut was never deleted from, and is taken away; the
//! events of a whole one are deleted if they are there still, and not written again.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use decnet_db::contract::Log;
use decnet_db::json::Json;
use decnet_db::retention::Archive;
use decnet_db::{Error, Result};
use serde::{Deserialize, Serialize};

use crate::files::{if_there, open_to_write};
use crate::json_text::printable;

/// What a file's name says of its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    Gzip,
    Zstd,
}

/// The note beside an archive that a run is writing.
#[derive(Serialize, Deserialize)]
struct Note {
    /// The length of the file before the last piece.
    length: u64,
}

/// An archive file, locked while it is open.
pub(crate) struct ArchiveFile {
    path: PathBuf,
    form: Form,
    file: File,
    length: u64,
    /// The length that is noted.
    noted: Option<u64>,
}

impl ArchiveFile {
    /// Opens the file, or creates it; only its owner may read it.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let form = match path.extension().and_then(|extension| extension.to_str()) {
            Some("gz") => Form::Gzip,
            Some("zst") => Form::Zstd,
            _ => Form::Plain,
        };
        let noted = note_of(path)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(noted.is_none());
        let file = open_to_write(path, &mut options).map_err(|error| match (error.kind(), noted) {
            (io::ErrorKind::NotFound, Some(_)) => Error::configuration(format!(
                "the archive {} was begun by a run that was cut short, and is gone: put it back, or delete {} and with it what \
                 tells which of its events are not deleted yet",
                path.display(),
                note_path(path).display()
            )),
            _ => failed("can't open the archive", path, error),
        })?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::conflict(format!("another run writes to the archive {}", path.display())));
            }
            Err(TryLockError::Error(error)) => return Err(failed("can't lock the archive", path, error)),
        }
        let length = file.metadata().map_err(|error| failed("can't read the archive", path, error))?.len();
        let archive = Self { path: path.to_owned(), form, file, length, noted };
        archive.check()?;
        Ok(archive)
    }

    /// Refuses a file that is something else.
    fn check(&self) -> Result<()> {
        let shown = self.path.display();
        if let Some(noted) = self.noted {
            return if noted <= self.length {
                Ok(())
            } else {
                Err(Error::configuration(format!(
                    "the archive {shown} is shorter than {} says: another file has its name now; put the archive back",
                    note_path(&self.path).display()
                )))
            };
        }
        if self.length == 0 {
            return Ok(());
        }
        let mut bytes = [0; 4];
        let read = |bytes: &mut [u8], from: u64| {
            let mut file = &self.file;
            file.seek(SeekFrom::Start(from))?;
            file.read_exact(bytes)
        };
        let sound = match self.form {
            Form::Plain => read(&mut bytes[..1], self.length - 1).map(|()| bytes[0] == b'\n'),
            Form::Gzip => read(&mut bytes[..2], 0).map(|()| bytes[..2] == [0x1f, 0x8b]),
            Form::Zstd => read(&mut bytes, 0).map(|()| bytes == [0x28, 0xb5, 0x2f, 0xfd]),
        };
        if sound.unwrap_or(false) {
            return Ok(());
        }
        Err(Error::configuration(match self.form {
            Form::Plain => {
                format!("{shown} is there and does not end with a line: it is no archive; name another file")
            }
            _ => {
                format!("{shown} is there and is not what its name says: it is no archive; name another file")
            }
        }))
    }

    /// The events as one piece of the file.
    fn packed(&self, events: &[Log]) -> Result<Vec<u8>> {
        let mut lines = Vec::new();
        for event in events {
            lines.extend_from_slice(printable(Json::of(event)?.as_str()).as_bytes());
            lines.push(b'\n');
        }
        let packed = match self.form {
            Form::Plain => Ok(lines),
            Form::Gzip => {
                let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
                packer.write_all(&lines).and_then(|()| packer.finish())
            }
            Form::Zstd => zstd::Encoder::new(Vec::new(), 0).and_then(|mut packer| {
                packer.include_checksum(true)?;
                packer.write_all(&lines)?;
                packer.finish()
            }),
        };
        packed.map_err(|error| failed("can't compress events for the archive", &self.path, error))
    }

    /// The lines of the last piece, and its length; nothing of a compressed piece that is not whole.
    fn unpacked(&self, piece: &[u8]) -> (Vec<u8>, u64) {
        let mut lines = Vec::new();
        let whole = match self.form {
            Form::Plain => {
                let end = piece.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
                return (piece[..end].to_vec(), end as u64);
            }
            Form::Gzip => flate2::read::GzDecoder::new(piece).read_to_end(&mut lines),
            Form::Zstd => zstd::Decoder::new(piece).and_then(|mut packed| packed.read_to_end(&mut lines)),
        };
        if whole.is_ok() && !piece.is_empty() { (lines, piece.len() as u64) } else { (Vec::new(), 0) }
    }

    /// Notes the length before the next piece.
    fn note(&mut self) -> Result<()> {
        if self.noted == Some(self.length) {
            return Ok(());
        }
        let path = note_path(&self.path);
        let write = || {
            let new = beside(&self.path, ".unfinished.new");
            // One that a killed run left, or that somebody else put there.
            if_there(fs::remove_file(&new))?;
            let mut file = open_to_write(&new, OpenOptions::new().write(true).create_new(true))?;
            file.write_all(
                Json::of(&Note { length: self.length }).map_err(io::Error::other)?.as_str().as_bytes(),
            )?;
            file.sync_all()?;
            fs::rename(&new, &path)?;
            sync_folder(&path)
        };
        write().map_err(|error| failed("can't write", &path, error))?;
        self.noted = Some(self.length);
        Ok(())
    }
}

#[async_trait]
impl Archive for ArchiveFile {
    async fn unfinished(&mut self) -> Result<Vec<Log>> {
        let Some(noted) = self.noted else { return Ok(Vec::new()) };
        let refused = |error| failed("can't read the archive", &self.path, error);
        let mut piece = Vec::new();
        self.file.seek(SeekFrom::Start(noted)).map_err(refused)?;
        self.file.read_to_end(&mut piece).map_err(refused)?;
        let (lines, length) = self.unpacked(&piece);
        let events = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let events: Vec<Log> =
            events.map(serde_json::from_slice).collect::<std::result::Result<_, _>>().map_err(|error| {
                failed("has no events where the last ones should be: the archive", &self.path, error.into())
            })?;
        self.length = noted + length;
        self.file.set_len(self.length).and_then(|()| self.file.sync_all()).map_err(refused)?;
        Ok(events)
    }

    async fn store(&mut self, events: &[Log]) -> Result<()> {
        let piece = self.packed(events)?;
        self.note()?;
        let refused = |error| failed("can't write the archive", &self.path, error);
        self.file.seek(SeekFrom::Start(self.length)).map_err(refused)?;
        self.file.write_all(&piece).and_then(|()| self.file.sync_all()).map_err(refused)?;
        if self.length == 0 {
            sync_folder(&self.path).map_err(refused)?;
        }
        self.length += piece.len() as u64;
        Ok(())
    }

    async fn finish(&mut self) -> Result<()> {
        if self.noted.take().is_none() {
            return Ok(());
        }
        let path = note_path(&self.path);
        fs::remove_file(&path).map_err(|error| failed("can't remove", &path, error))
    }
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(end);
    name.into()
}

fn note_path(path: &Path) -> PathBuf {
    beside(path, ".unfinished")
}

/// The length that is noted beside the file; none where no run was cut short.
fn note_of(path: &Path) -> Result<Option<u64>> {
    let path = note_path(path);
    let note = if_there(fs::read(&path)).map_err(|error| failed("can't read", &path, error))?;
    let Some(note) = note else { return Ok(None) };
    let note: Note = serde_json::from_slice(&note)
        .map_err(|error| failed("is no note of a run that was cut short:", &path, error.into()))?;
    Ok(Some(note.length))
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn failed(what: &str, path: &Path, error: io::Error) -> Error {
    Error::backend(format!("{what} {}: {error}", path.display()), error)
}
