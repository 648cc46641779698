//! What data is written in, told by its first bytes, and unpacking what is compressed.

use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many first bytes tell.
const MAGIC: usize = 6;

/// How much is unpacked at once.
const CHUNK: usize = 64 * 1024;

/// A compression that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    Gzip,
    Zstd,
    Xz,
    Bzip2,
}

impl Packing {
    /// The compression that data with these first bytes has, if it is one that is read.
    pub(super) fn of(first: &[u8]) -> Option<Self> {
        match first {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Some(Self::Bzip2),
            _ => None,
        }
    }
}

/// Why data with these first bytes is not read, and what to do, if it is known to be no lines.
pub(super) fn refusal(first: &[u8]) -> Option<&'static str> {
    let text = first.trim_ascii_start();
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii_start();
    Some(match first {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] | [0x20..0x7f, 0, 0, 0, ..] => {
            "is UTF-32, which is not read: use iconv -f UTF-32 -t UTF-8 FILE | decnet-db ingest -"
        }
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            "is UTF-16, which is not read: use iconv -f UTF-16 -t UTF-8 FILE | decnet-db ingest -"
        }
        [9..=13 | 0x20..0x7f, 0, 9..=13 | 0x20..0x7f, 0, ..] => {
            "is UTF-16, which is not read: use iconv -f UTF-16LE -t UTF-8 FILE | decnet-db ingest -"
        }
        [0, 9..=13 | 0x20..0x7f, 0, 9..=13 | 0x20..0x7f, ..] => {
            "is UTF-16, which is not read: use iconv -f UTF-16BE -t UTF-8 FILE | decnet-db ingest -"
        }
        [b'R', b'a', b'r', b'!', ..] => {
            "is a RAR archive, which is not read: use unrar p -inul FILE | decnet-db ingest -"
        }
        [0x89, b'L', b'Z', b'O', ..] => {
            "is compressed by lzop, which is not read: use lzop -dc FILE | decnet-db ingest -"
        }
        [0xff, 6, 0, 0, b's', ..] => {
            "is compressed by snappy, which is not read: use snzip -dc FILE | decnet-db ingest -"
        }
        [0xd4, 0xc3, 0xb2, 0xa1, ..] | [0xa1, 0xb2, 0xc3, 0xd4, ..] | [0x0a, 0x0d, 0x0d, 0x0a, ..] => {
            "is a capture of packets, not of a honeypot's events"
        }
        [b'P', b'K', 3, 4, ..] => {
            "is a zip archive, which is not read: use unzip -p FILE | decnet-db ingest -"
        }
        [b'7', b'z', 0xbc, 0xaf, ..] => {
            "is a 7z archive, which is not read: use 7z x -so FILE | decnet-db ingest -"
        }
        [4, 0x22, 0x4d, 0x18, ..] => {
            "is compressed by lz4, which is not read: use lz4 -dc FILE | decnet-db ingest -"
        }
        [b'L', b'Z', b'I', b'P', ..] => {
            "is compressed by lzip, which is not read: use lzip -dc FILE | decnet-db ingest -"
        }
        [0x5d, 0, 0, _, ..] => {
            "is compressed by lzma, which is not read: use xz -dc FILE | decnet-db ingest -"
        }
        [0x1f, 0x9d, ..] => {
            "is compressed by compress, which is not read: use gzip -dc FILE | decnet-db ingest -"
        }
        [b'S', b'Q', b'L', b'i', b't', b'e', ..] => "is a SQLite database, not a capture",
        _ if first.get(257..262) == Some(b"ustar") => {
            "is a tar archive, which is not read: use tar -xOf FILE | decnet-db ingest -"
        }
        _ if is_array(text) => {
            "is one JSON array, not a line for each event: use jq -c '.[]' FILE | decnet-db ingest -"
        }
        _ => return None,
    })
}

/// Whether a text begins as a list of objects does.
fn is_array(text: &[u8]) -> bool {
    let Some(inner) = text.strip_prefix(b"[") else { return false };
    let inside = inner.trim_ascii_start();
    inside.first().map_or(inner.contains(&b'\n'), |byte| *byte == b'{')
}

/// The refusal as an error of the input.
pub(super) fn refused(reason: &'static str) -> io::Error {
    io::Error::new(ErrorKind::Unsupported, reason)
}

/// An input whose next bytes can be looked at.
struct Input<R> {
    ahead: [u8; MAGIC],
    used: usize,
    filled: usize,
    rest: BufReader<R>,
}

impl<R: Read> Input<R> {
    fn new(input: R) -> Self {
        Self { ahead: [0; MAGIC], used: 0, filled: 0, rest: BufReader::with_capacity(CHUNK, input) }
    }

    /// The next bytes, fewer only at the end. An error loses nothing.
    fn peek(&mut self) -> io::Result<&[u8]> {
        self.ahead.copy_within(self.used..self.filled, 0);
        (self.filled, self.used) = (self.filled - self.used, 0);
        while self.filled < MAGIC {
            match self.rest.read(&mut self.ahead[self.filled..]) {
                Ok(0) => break,
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(&self.ahead[..self.filled])
    }
}

impl<R: Read> Read for Input<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.used < self.filled {
            let count = out.len().min(self.filled - self.used);
            out[..count].copy_from_slice(&self.ahead[self.used..self.used + count]);
            self.used += count;
            return Ok(count);
        }
        self.rest.read(out)
    }
}

impl<R: Read> BufRead for Input<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.used < self.filled { Ok(&self.ahead[self.used..self.filled]) } else { self.rest.fill_buf() }
    }

    fn consume(&mut self, count: usize) {
        let ahead = count.min(self.filled - self.used);
        self.used += ahead;
        self.rest.consume(count - ahead);
    }
}

enum Decoder<R: Read> {
    Gzip(flate2::bufread::GzDecoder<Input<R>>),
    Zstd(zstd::stream::read::Decoder<'static, Input<R>>),
    Xz(liblzma::bufread::XzDecoder<Input<R>>),
    Bzip2(bzip2::bufread::BzDecoder<Input<R>>),
}

impl<R: Read> Decoder<R> {
    fn new(packing: Packing, input: Input<R>) -> io::Result<Self> {
        Ok(match packing {
            Packing::Gzip => Self::Gzip(flate2::bufread::GzDecoder::new(input)),
            Packing::Zstd => Self::Zstd(zstd::stream::read::Decoder::with_buffer(input)?.single_frame()),
            Packing::Xz => Self::Xz(liblzma::bufread::XzDecoder::new(input)),
            Packing::Bzip2 => Self::Bzip2(bzip2::bufread::BzDecoder::new(input)),
        })
    }

    fn into_input(self) -> Input<R> {
        match self {
            Self::Gzip(decoder) => decoder.into_inner(),
            Self::Zstd(decoder) => decoder.finish(),
            Self::Xz(decoder) => decoder.into_inner(),
            Self::Bzip2(decoder) => decoder.into_inner(),
        }
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Gzip(decoder) => decoder.read(out),
            Self::Zstd(decoder) => decoder.read(out),
            Self::Xz(decoder) => decoder.read(out),
            Self::Bzip2(decoder) => decoder.read(out),
        }
    }
}

enum State<R: Read> {
    /// Before the first byte, or behind a part: compressed data may have several, one after the other.
    Between(Input<R>, bool),
    Plain(Input<R>),
    Packed(Decoder<R>),
    /// Behind what is compressed: what it was padded with, or rubbish.
    Behind(Input<R>),
    End,
}

/// The content of an input, unpacked where it is compressed.
pub(super) struct Unpacked<R: Read> {
    state: State<R>,
    /// Bytes behind the end of compressed data that are no padding.
    rubbish: Arc<AtomicU64>,
}

impl<R: Read> Unpacked<R> {
    pub(super) fn new(input: R, rubbish: Arc<AtomicU64>) -> Self {
        Self { state: State::Between(Input::new(input), true), rubbish }
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            match &mut self.state {
                State::Plain(input) => return input.read(out),
                State::Packed(decoder) => match decoder.read(out)? {
                    0 if !out.is_empty() => {}
                    count => return Ok(count),
                },
                State::Between(input, _) => drop(input.peek()?),
                State::Behind(input) => {
                    let rest = input.fill_buf()?;
                    if rest.is_empty() {
                        return Ok(0);
                    }
                    let (length, rubbish) = (rest.len(), rest.iter().filter(|byte| **byte != 0).count());
                    self.rubbish.fetch_add(rubbish as u64, Ordering::Relaxed);
                    input.consume(length);
                    continue;
                }
                State::End => return Ok(0),
            }
            self.state = match std::mem::replace(&mut self.state, State::End) {
                State::Packed(decoder) => State::Between(decoder.into_input(), false),
                State::Between(input, first) => {
                    let ahead = &input.ahead[..input.filled];
                    match Packing::of(ahead) {
                        Some(packing) => State::Packed(Decoder::new(packing, input)?),
                        None if first => {
                            if let Some(reason) = refusal(ahead) {
                                return Err(refused(reason));
                            }
                            State::Plain(input)
                        }
                        None => State::Behind(input),
                    }
                }
                other => other,
            };
        }
    }
}
