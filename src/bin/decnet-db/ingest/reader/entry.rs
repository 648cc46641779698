//! A file or stream that a run knows.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use decnet_db::capture::Parser;
use decnet_db::time::Timestamp;

use super::super::digest::{Mark, Marks};
use super::super::identity::{FileState, Rotated};
use super::super::lines::Next;
use super::super::source::{self, Source};
use super::batch::Batch;
use crate::files::open_to_read;

/// A batch is committed at this size, in bytes of its lines, however few they are.
const BATCH_BYTES: usize = 4 << 20;

/// What is to be done with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// It has to be found out what was read of it.
    Unplaced,
    /// It is read on.
    Reading,
    /// It was read to its end, and is looked at again when it changes.
    Read,
    /// It was there before the run, and nobody asked for it.
    Ignored,
    /// It can't be read.
    Failed,
}

/// Why reading ended for the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pause {
    Full,
    Waiting,
    End,
    Stopped,
}

/// A file or stream that a run knows.
pub(super) struct Entry {
    /// Where it was seen last; `None` is standard input.
    pub(super) path: Option<PathBuf>,
    /// The input that it belongs to.
    pub(super) input: usize,
    pub(super) is_stream: bool,
    pub(super) seen: FileState,
    /// The open file, which stays readable whatever becomes of its name.
    pub(super) file: Option<Arc<File>>,
    pub(super) source: Option<Source>,
    /// Which record it goes on with.
    pub(super) record: Option<usize>,
    /// Which position of version 0.1 it takes over.
    pub(super) legacy: Option<usize>,
    pub(super) status: Status,
    pub(super) marks: Marks,
    pub(super) batch: Batch,
    /// Whether the command line names it, and whether it has any name, as of the last look.
    pub(super) named: bool,
    pub(super) there: bool,
    /// Since when nothing was written to it.
    pub(super) quiet: Instant,
    /// Where it stands among the inputs: when its first event was, or it was written, and its place in the rotation.
    pub(super) age: (i64, i64, i64),
    /// How long it was when it last had the content that was read.
    pub(super) size: u64,
    /// Lines of earlier runs that were counted for it.
    pub(super) already: u64,
    /// It had no whole line when its place was looked for: what comes decides.
    pub(super) undecided: bool,
    /// Compressed data as it was when its end was not there yet, and since when it is like that.
    pub(super) growing: Option<(FileState, Instant)>,
}

impl Entry {
    pub(super) fn new(path: Option<PathBuf>, input: usize, seen: FileState) -> Self {
        Self {
            path,
            input,
            is_stream: false,
            seen,
            file: None,
            source: None,
            record: None,
            legacy: None,
            status: Status::Unplaced,
            marks: Marks::default(),
            batch: Batch::new(input),
            named: false,
            there: true,
            quiet: Instant::now(),
            age: (0, 0, 0),
            size: 0,
            already: 0,
            undecided: false,
            growing: None,
        }
    }

    /// Its name in messages.
    pub(super) fn name(&self) -> String {
        self.path.as_ref().map_or_else(|| "standard input".to_owned(), |path| path.display().to_string())
    }

    /// Opens the file, unless it is open. It must be the one that was seen.
    pub(super) fn hold(&mut self) -> io::Result<Arc<File>> {
        if let Some(file) = &self.file {
            return Ok(Arc::clone(file));
        }
        let path = self.path.as_ref().ok_or(io::ErrorKind::NotFound)?;
        let file = open_to_read(path)?;
        let metadata = file.metadata()?;
        let state = FileState::of(&metadata);
        if !metadata.is_file() || state.id != self.seen.id {
            return Err(io::Error::new(io::ErrorKind::NotFound, "another file has its name"));
        }
        self.seen = state;
        let file = Arc::new(file);
        self.file = Some(Arc::clone(&file));
        Ok(file)
    }

    /// Lets go of what was read of it.
    pub(super) fn forget(&mut self) {
        (self.source, self.record, self.legacy) = (None, None, None);
        self.marks = Marks::default();
        self.batch = Batch::new(self.input);
        self.status = Status::Unplaced;
    }

    /// Finds out where it stands among the inputs.
    pub(super) fn find_age(&mut self) {
        let name = self.path.as_ref().and_then(|path| path.file_name());
        let rank = name.map_or(i64::MAX, |name| Rotated::of(&name.to_string_lossy()).rank);
        let first = self.hold().and_then(|file| first_time(&file)).ok().flatten();
        self.age = (first.unwrap_or(self.seen.modified), rank, self.seen.modified);
    }

    /// Fills the batch.
    pub(super) fn pump(&mut self, parser: &mut Parser, rows: usize, stop: &AtomicBool) -> io::Result<Pause> {
        let Some(source) = &mut self.source else { return Ok(Pause::End) };
        loop {
            if self.batch.items.len() >= rows || self.batch.lines.len() >= BATCH_BYTES {
                return Ok(Pause::Full);
            }
            if stop.load(Ordering::Relaxed) {
                return Ok(Pause::Stopped);
            }
            let next = source.lines.next()?;
            match &next {
                Next::Waiting => return Ok(Pause::Waiting),
                Next::End => return Ok(Pause::End),
                Next::Line(line) | Next::TooLong(line, _) if source.at.lines == 0 => {
                    source::check_first(line)?
                }
                Next::Line(_) | Next::TooLong(..) => {}
            }
            let mut at = source.at;
            Source::passed(&mut at, &next);
            self.batch.take(parser, at.lines, &next);
            at.position = source.lines.position();
            self.batch.ends(at);
            self.marks.push(at);
            source.at = at;
        }
    }

    /// Takes the last line although it has no line break.
    pub(super) fn take_rest(&mut self, parser: &mut Parser) -> io::Result<()> {
        let Some(source) = &mut self.source else { return Ok(()) };
        let next = source.lines.rest();
        if let Next::Line(line) | Next::TooLong(line, _) = &next {
            if source.at.lines == 0 {
                source::check_first(line)?;
            }
            let mut at = source.at;
            Source::passed(&mut at, &next);
            self.batch.take(parser, at.lines, &next);
            at.position = source.lines.position();
            self.batch.ends(at);
            self.marks.push(at);
            source.at = at;
        }
        Ok(())
    }

    /// How far it was read.
    pub(super) fn at(&self) -> Mark {
        self.source.as_ref().map_or(Mark::START, |source| source.at)
    }

    /// How many bytes of an unfinished line were read.
    pub(super) fn unfinished(&self) -> u64 {
        self.source.as_ref().map_or(0, |source| source.lines.unfinished())
    }
}

/// When the first event of a file was, in microseconds.
fn first_time(file: &Arc<File>) -> io::Result<Option<i64>> {
    let mut source = Source::open(file, Mark::START, &Arc::default())?;
    let mut parser = Parser::new(None);
    // The first lines may be those of a banner.
    for _ in 0..8 {
        let Next::Line(line) = source.lines.next()? else { return Ok(None) };
        if let Ok(Some(log)) = parser.parse(line) {
            return Ok(log.timestamp.map(Timestamp::as_microseconds));
        }
    }
    Ok(None)
}
