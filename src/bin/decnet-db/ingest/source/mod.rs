//! Inputs that are open: files, compressed files, and streams.

mod stream;
mod unpack;

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use self::stream::Stream;
use self::unpack::{Packing, Unpacked, refusal, refused};
use super::digest::{Digest, Mark, Marks};
use super::lines::{LONGEST_LINE, Lines, Next};

/// How much of a file is read again to see that it is still the one that was read.
const WINDOW: u64 = 64 * 1024;

/// How many first bytes tell what data is written in.
const FIRST: usize = 512;

/// An input that is open.
pub(super) struct Source {
    pub(super) lines: Lines<Box<dyn Read + Send>>,
    /// The end of the last line.
    pub(super) at: Mark,
    /// Whether an end is final: of compressed data and streams, not of a file that may still be written.
    pub(super) ends: bool,
    /// Bytes behind the end of compressed data that are no padding.
    pub(super) rubbish: Arc<AtomicU64>,
}

impl Source {
    fn new(input: Box<dyn Read + Send>, at: Mark, ends: bool, rubbish: Arc<AtomicU64>) -> Self {
        Self { lines: Lines::new(input, at.position, LONGEST_LINE), at, ends, rubbish }
    }

    /// Opens a file behind a line.
    pub(super) fn open(file: &Arc<File>, at: Mark, progress: &Arc<AtomicU64>) -> io::Result<Self> {
        let rubbish = Arc::default();
        if !is_packed(file)? {
            let input = At { file: Arc::clone(file), offset: at.position, progress: Arc::clone(progress) };
            return Ok(Self::new(Box::new(input), at, false, rubbish));
        }
        let input = At { file: Arc::clone(file), offset: 0, progress: Arc::clone(progress) };
        let mut input = Unpacked::new(input, Arc::clone(&rubbish));
        let skipped = io::copy(&mut input.by_ref().take(at.position), &mut io::sink())?;
        if skipped < at.position {
            return Err(io::Error::other("is shorter than what was read of it"));
        }
        Ok(Self::new(Box::new(input), at, true, rubbish))
    }

    /// Standard input, or with a path a named pipe or a device.
    pub(super) fn stream(path: Option<PathBuf>, progress: &Arc<AtomicU64>) -> Self {
        let stream = path.map_or_else(Stream::standard_input, Stream::named);
        let rubbish = Arc::default();
        let input = Counted { input: stream, progress: Arc::clone(progress) };
        let input = Unpacked::new(input, Arc::clone(&rubbish));
        Self::new(Box::new(input), Mark::START, true, rubbish)
    }

    /// Takes a line into account.
    pub(super) fn passed(at: &mut Mark, next: &Next<'_>) {
        at.digest = match next {
            Next::Line(line) => at.digest.with(line),
            Next::TooLong(beginning, length) => at.digest.with_long(beginning, *length),
            Next::Waiting | Next::End => return,
        };
        at.lines += 1;
    }

    /// Passes one line without looking at it; `false` at the end.
    pub(super) fn pass(&mut self) -> io::Result<bool> {
        let next = self.lines.next()?;
        let is_line = matches!(next, Next::Line(_) | Next::TooLong(..));
        Self::passed(&mut self.at, &next);
        self.at.position = self.lines.position();
        Ok(is_line)
    }
}

/// Whether a file is compressed.
///
/// # Errors
/// A file that is known to have no lines, by what it is and what to do with it.
pub(super) fn is_packed(file: &File) -> io::Result<bool> {
    let mut first = [0; FIRST];
    let count = read_at(file, &mut first, 0)?;
    if Packing::of(&first[..count]).is_some() {
        return Ok(true);
    }
    refusal(&first[..count]).map_or(Ok(false), |reason| Err(refused(reason)))
}

/// Whether a file has anything that tells whose content it is: compressed data, or a whole line.
pub(super) fn has_line(file: &Arc<File>) -> io::Result<bool> {
    Ok(is_packed(file)? || Source::open(file, Mark::START, &Arc::default())?.pass()?)
}

/// Whether compressed data has its end.
pub(super) fn is_whole(file: &Arc<File>) -> bool {
    let input = At { file: Arc::clone(file), offset: 0, progress: Arc::default() };
    io::copy(&mut Unpacked::new(input, Arc::default()), &mut io::sink()).is_ok()
}

/// Refuses an input whose first line shows that it has no lines of events.
pub(super) fn check_first(line: &[u8]) -> io::Result<()> {
    let mut first = line[..line.len().min(FIRST)].to_vec();
    first.push(b'\n');
    refusal(&first).map_or(Ok(()), |reason| Err(refused(reason)))
}

/// Whether a file that is not compressed still has the lines that were read of it, as far as a look at its first line and its
/// last ones tells.
pub(super) fn still_has(file: &File, marks: &Marks) -> io::Result<bool> {
    let (Some(first), Some(last)) = (marks.first(), marks.last()) else { return Ok(true) };
    if file.metadata()?.len() < last.position {
        return Ok(false);
    }
    // A line of more than the window is told by the others.
    let begins = first.position > WINDOW || {
        let from = if first.lines == 1 { Mark::START } else { *first };
        follows(file, from, *first)?
    };
    let near = |mark: &&Mark| last.position - mark.position <= WINDOW;
    let Some(from) = marks.iter().find(near).filter(|mark| mark.position < last.position) else {
        return Ok(begins);
    };
    Ok(begins && follows(file, *from, *last)?)
}

/// Whether the lines between two line ends are those that were read.
fn follows(file: &File, from: Mark, to: Mark) -> io::Result<bool> {
    let mut bytes = vec![0; usize::try_from(to.position - from.position).unwrap_or(0)];
    let mut filled = 0;
    while filled < bytes.len() {
        match read_at(file, &mut bytes[filled..], from.position + filled as u64)? {
            0 => return Ok(false),
            count => filled += count,
        }
    }
    let text = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    if bytes.is_empty() {
        return Ok(true);
    }
    let digest = text.split(|byte| *byte == b'\n').fold(from.digest, Digest::with);
    Ok(digest == to.digest)
}

/// A file from an offset of its own: several may read one open file.
struct At {
    file: Arc<File>,
    offset: u64,
    progress: Arc<AtomicU64>,
}

impl Read for At {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = read_at(&self.file, out, self.offset)?;
        self.offset += count as u64;
        self.progress.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

#[cfg(unix)]
fn read_at(file: &File, out: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, out, offset)
}

#[cfg(windows)]
fn read_at(file: &File, out: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, out, offset)
}

/// Counts what is read.
struct Counted<R> {
    input: R,
    progress: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(out)?;
        self.progress.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

#[cfg(test)]
mod tests;
