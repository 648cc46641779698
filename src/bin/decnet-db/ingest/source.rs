//! Opening inputs: files, compressed files, and standard input.

use std::fs::{File, Metadata};
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use flate2::read::MultiGzDecoder;

use super::lines::{HEAD, Lines};
use super::position::Position;

/// Longer lines are no events of a honeypot, and are not held in memory.
pub(super) const LONGEST_LINE: usize = 64 << 20;

/// What gzip data begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// How often a stream looks whether the run is to stop.
const PATIENCE: Duration = Duration::from_millis(100);

/// An input that is open.
pub(super) struct Source {
    pub(super) lines: Lines<Box<dyn Read + Send>>,
    /// Lines before the next one.
    pub(super) number: u64,
    /// The open file, where it is one.
    pub(super) file: Option<File>,
    /// Whether an end is final: of compressed data and streams, not of a file that may still be written.
    pub(super) ends: bool,
    /// Why it is read from the start although it was read before.
    pub(super) restarted: Option<&'static str>,
}

/// Opens a file where it was left; from the start when it is not the file that was read.
pub(super) fn open(
    path: &Path,
    position: Option<&Position>,
    progress: &Arc<AtomicU64>,
) -> io::Result<Source> {
    let restarted = match position {
        Some(position) => match open_at(path, position, progress)? {
            Ok(source) => return Ok(source),
            Err(reason) => Some(reason),
        },
        None => None,
    };
    let start = Position { position: 0, lines: 0, head: None, sessions: None };
    let mut source = open_at(path, &start, progress)?.map_err(io::Error::other)?;
    source.restarted = restarted;
    Ok(source)
}

/// Opens a file at a position, or tells why the position is not one of this file.
fn open_at(
    path: &Path,
    position: &Position,
    progress: &Arc<AtomicU64>,
) -> io::Result<Result<Source, &'static str>> {
    let mut file = File::open(path)?;
    let compressed = head(&mut file, GZIP.len())? == GZIP;
    file.seek(SeekFrom::Start(0))?;
    let shorter = Ok(Err("is shorter than what was read of it"));
    let kept = file.try_clone()?;
    let counted = Counted { input: file, count: Arc::clone(progress) };
    let mut input: Box<dyn Read + Send> = if compressed {
        Box::new(MultiGzDecoder::new(BufReader::with_capacity(64 * 1024, counted)))
    } else {
        if kept.metadata()?.len() < position.position {
            return shorter;
        }
        Box::new(counted)
    };
    let wanted = usize::try_from(position.position).unwrap_or(usize::MAX).min(HEAD);
    let head = head(&mut input, wanted)?;
    if head.len() < wanted {
        return shorter;
    }
    if !position.fits(&head) {
        return Ok(Err("was replaced since it was read"));
    }
    let rest = position.position - head.len() as u64;
    if compressed {
        if io::copy(&mut input.by_ref().take(rest), &mut io::sink())? < rest {
            return shorter;
        }
    } else {
        // The handles share one place in the file.
        (&kept).seek(SeekFrom::Start(position.position))?;
        progress.fetch_add(rest, Ordering::Relaxed);
    }
    let lines = Lines::new(input, position.position, head, LONGEST_LINE);
    Ok(Ok(Source { lines, number: position.lines, file: Some(kept), ends: compressed, restarted: None }))
}

/// The first bytes of an input, at most `length`.
fn head(input: &mut dyn Read, length: usize) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(length);
    input.take(length as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// Opens standard input.
pub(super) fn standard_input(progress: &Arc<AtomicU64>) -> Source {
    let stream = Stream::of(io::stdin());
    let counted = Counted { input: stream, count: Arc::clone(progress) };
    let input = Box::new(Unpacked::Unknown(Some(counted), Vec::new()));
    let lines = Lines::new(input as Box<dyn Read + Send>, 0, Vec::new(), LONGEST_LINE);
    Source { lines, number: 0, file: None, ends: true, restarted: None }
}

/// Which file it is, whatever its name.
#[cfg(unix)]
pub(super) fn identity(metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.dev(), metadata.ino())
}

/// Where files have no number, only their length and first bytes tell them apart.
#[cfg(not(unix))]
pub(super) fn identity(_: &Metadata) -> (u64, u64) {
    (0, 0)
}

/// Counts what is read.
struct Counted<R> {
    input: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(out)?;
        self.count.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// A stream that never blocks for long: somebody may want the run to stop.
struct Stream {
    chunks: Receiver<io::Result<Vec<u8>>>,
    chunk: Vec<u8>,
    used: usize,
}

impl Stream {
    /// A thread of its own waits for the data. It ends with the stream, or with the program.
    fn of(mut input: impl Read + Send + 'static) -> Self {
        let (sender, chunks) = sync_channel(4);
        std::thread::spawn(move || {
            loop {
                let mut chunk = vec![0; 64 * 1024];
                let read = input.read(&mut chunk).map(|count| {
                    chunk.truncate(count);
                    chunk
                });
                let over = match &read {
                    Ok(chunk) => chunk.is_empty(),
                    Err(error) => error.kind() != ErrorKind::Interrupted,
                };
                if sender.send(read).is_err() || over {
                    return;
                }
            }
        });
        Self { chunks, chunk: Vec::new(), used: 0 }
    }
}

impl Read for Stream {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.used == self.chunk.len() {
            self.chunk = match self.chunks.recv_timeout(PATIENCE) {
                Ok(chunk) => chunk?,
                Err(RecvTimeoutError::Timeout) => return Err(ErrorKind::WouldBlock.into()),
                Err(RecvTimeoutError::Disconnected) => Vec::new(),
            };
            self.used = 0;
        }
        let count = out.len().min(self.chunk.len() - self.used);
        out[..count].copy_from_slice(&self.chunk[self.used..self.used + count]);
        self.used += count;
        Ok(count)
    }
}

/// A stream that turns out to be compressed or not.
enum Unpacked<R> {
    /// The stream, and its first bytes.
    Unknown(Option<R>, Vec<u8>),
    Known(Box<dyn Read + Send>),
}

impl<R: Read + Send + 'static> Read for Unpacked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let (stream, first) = match self {
                Self::Known(input) => return input.read(out),
                Self::Unknown(stream, first) => (stream, first),
            };
            let mut ended = false;
            if let Some(stream) = stream
                && first.len() < GZIP.len()
            {
                let mut byte = [0];
                match stream.read(&mut byte)? {
                    0 => ended = true,
                    _ => first.push(byte[0]),
                }
            }
            if ended || first.len() == GZIP.len() {
                let Some(stream) = stream.take() else { return Ok(0) };
                let compressed = *first == GZIP;
                let whole = io::Cursor::new(std::mem::take(first)).chain(stream);
                *self = Self::Known(if compressed {
                    Box::new(MultiGzDecoder::new(whole))
                } else {
                    Box::new(whole)
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};

    use super::super::lines::Next;
    use super::*;

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    fn first_line(source: &mut Source) -> String {
        match source.lines.next().unwrap() {
            Next::Line(line) => String::from_utf8_lossy(line).into_owned(),
            _ => panic!("no line"),
        }
    }

    #[test]
    fn a_file_is_read_on_or_from_the_start_when_it_is_another_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        let progress = Arc::default();
        let none = decnet_db::json::Json::parse("[]").unwrap();
        for pack in [|data: &[u8]| data.to_vec(), gzip] {
            let body = "0123456789\n".repeat(300);
            std::fs::write(&path, pack(body.as_bytes())).unwrap();
            let position = Position::new(1111, 101, &body.as_bytes()[..HEAD], &none);
            let mut source = open(&path, Some(&position), &progress).unwrap();
            assert_eq!(first_line(&mut source), "123456789".to_owned().replace("123456789", "0123456789"));
            assert_eq!((source.lines.position(), source.number, source.restarted), (1122, 101, None));

            std::fs::write(&path, pack(b"short\n")).unwrap();
            let mut source = open(&path, Some(&position), &progress).unwrap();
            assert_eq!(first_line(&mut source), "short");
            assert_eq!((source.number, source.restarted.is_some()), (0, true));

            std::fs::write(&path, pack("x\n".repeat(5000).as_bytes())).unwrap();
            let mut source = open(&path, Some(&position), &progress).unwrap();
            assert_eq!(first_line(&mut source), "x");
            assert!(source.restarted.unwrap().contains("replaced"));
        }
    }

    #[test]
    fn streams_are_unpacked_when_they_are_compressed() {
        for data in
            [b"a\nb\n".to_vec(), gzip(b"a\nb\n"), [gzip(b"a\n"), gzip(b"b\n")].concat(), vec![], vec![0x1f]]
        {
            let expected: &[u8] = if data.len() < 2 { &data } else { b"a\nb\n" };
            let stream = Stream::of(io::Cursor::new(data.clone()));
            let mut input = Unpacked::Unknown(Some(stream), Vec::new());
            let mut read = Vec::new();
            input.read_to_end(&mut read).unwrap();
            assert_eq!(read, expected);
        }
    }
}
