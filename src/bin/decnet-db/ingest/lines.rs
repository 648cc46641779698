//! Cutting input into lines, whatever their length.

use std::io::{self, ErrorKind, Read};
use std::ops::Range;

/// Longer lines are no events of a honeypot, and are not held in memory.
pub(super) const LONGEST_LINE: usize = 64 << 20;

/// How much of a line that is too long is kept.
const KEPT: usize = 1024;

/// How much is read at once, and beyond which the buffer shrinks again.
const CHUNK: usize = 256 * 1024;

/// What comes next.
pub(super) enum Next<'a> {
    /// A line without its line break.
    Line(&'a [u8]),
    /// A line longer than the limit: its first bytes, and its length.
    TooLong(&'a [u8], u64),
    /// Nothing at the moment: a stream that may go on later.
    Waiting,
    /// The end of what there is.
    End,
}

/// The lines of an input.
///
/// An error of the input, or its end, loses nothing: what comes after it is read by the next call.
pub(super) struct Lines<R> {
    input: R,
    buffer: Vec<u8>,
    /// Where the next line begins, how far it was searched for its end, and where the bytes that were read end.
    begin: usize,
    searched: usize,
    filled: usize,
    /// Where the next line begins in the input.
    position: u64,
    /// The beginning and the length of what was dropped of a line that is too long.
    dropped: Option<(Vec<u8>, u64)>,
    limit: usize,
}

impl<R: Read> Lines<R> {
    /// The lines of an input whose first `position` bytes were read already.
    pub(super) fn new(input: R, position: u64, limit: usize) -> Self {
        Self { input, buffer: Vec::new(), begin: 0, searched: 0, filled: 0, position, dropped: None, limit }
    }

    /// How many bytes of the input the lines so far have, line breaks included.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// How many bytes of an unfinished line were read.
    pub(super) fn unfinished(&self) -> u64 {
        (self.filled - self.begin) as u64 + self.dropped.as_ref().map_or(0, |(_, length)| *length)
    }

    /// The input, from where it is.
    pub(super) fn into_input(self) -> R {
        self.input
    }

    /// The next line.
    pub(super) fn next(&mut self) -> io::Result<Next<'_>> {
        loop {
            if let Some(found) =
                self.buffer[self.searched..self.filled].iter().position(|byte| *byte == b'\n')
            {
                let end = self.searched + found;
                return Ok(self.line(end, 1));
            }
            self.searched = self.filled;
            if self.filled - self.begin > self.limit {
                self.drop_unfinished();
            }
            match self.read() {
                Ok(0) => return Ok(Next::End),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Next::Waiting),
                Err(error) => return Err(error),
            }
        }
    }

    /// The last line, when it has no line break and none will come.
    pub(super) fn rest(&mut self) -> Next<'_> {
        if self.unfinished() == 0 { Next::End } else { self.line(self.filled, 0) }
    }

    /// Takes the line that ends at `end`, where its line break, if any, has `line_break` bytes.
    fn line(&mut self, end: usize, line_break: usize) -> Next<'_> {
        let line = self.begin..end;
        self.begin = end + line_break;
        self.searched = self.begin;
        self.position += (line.len() + line_break) as u64;
        let Some((beginning, length)) = self.dropped.take() else {
            // One read may have brought both the limit and the line break behind it.
            if line.len() > self.limit {
                let length = line.len();
                let beginning = self.buffer[line.start..line.start + length.min(KEPT)].to_vec();
                return self.too_long(beginning, length as u64);
            }
            return Next::Line(&self.buffer[line]);
        };
        self.position += length;
        let length = length + line.len() as u64;
        self.too_long(beginning, length)
    }

    fn too_long(&mut self, beginning: Vec<u8>, length: u64) -> Next<'_> {
        // Its place in the buffer may be needed by the lines after it, so it gets one of its own.
        let place: Range<usize> = self.buffer.len()..self.buffer.len() + beginning.len();
        self.buffer.extend_from_slice(&beginning);
        Next::TooLong(&self.buffer[place], length)
    }

    fn drop_unfinished(&mut self) {
        let unfinished = &self.buffer[self.begin..self.filled];
        let (_, length) =
            self.dropped.get_or_insert_with(|| (unfinished[..unfinished.len().min(KEPT)].to_vec(), 0));
        *length += unfinished.len() as u64;
        (self.begin, self.searched, self.filled) = (0, 0, 0);
    }

    fn read(&mut self) -> io::Result<usize> {
        if self.begin > 0 {
            self.buffer.copy_within(self.begin..self.filled, 0);
            self.filled -= self.begin;
            (self.begin, self.searched) = (0, self.filled);
        }
        // A long line doubles the buffer; after it the memory is given back.
        let room = if self.filled < CHUNK { CHUNK * 2 } else { self.filled * 2 };
        if self.buffer.len() < self.filled + CHUNK || self.buffer.len() > room * 4 {
            self.buffer.resize(room, 0);
            self.buffer.shrink_to_fit();
        }
        let count = self.input.read(&mut self.buffer[self.filled..])?;
        self.filled += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives the pieces one by one; an empty one is a moment without data.
    struct Pieces(Vec<&'static [u8]>);

    impl Read for Pieces {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Ok(0);
            }
            let piece = self.0.remove(0);
            if piece.is_empty() {
                return Err(ErrorKind::WouldBlock.into());
            }
            out[..piece.len()].copy_from_slice(piece);
            Ok(piece.len())
        }
    }

    fn all<R: Read>(lines: &mut Lines<R>) -> Vec<String> {
        let mut found = Vec::new();
        loop {
            let next = match lines.next().unwrap() {
                Next::Line(line) => String::from_utf8_lossy(line).into_owned(),
                Next::TooLong(beginning, length) => {
                    format!("{}…{length}", String::from_utf8_lossy(beginning))
                }
                Next::Waiting => "?".to_owned(),
                Next::End => return found,
            };
            found.push(format!("{}:{next}", lines.position()));
        }
    }

    #[test]
    fn lines_cross_the_borders_of_what_is_read() {
        let mut lines = Lines::new(Pieces(vec![b"a", b"b\nc\r", b"", b"\n", b"\n\nd", b"", b"e"]), 0, 99);
        assert_eq!(all(&mut lines), ["3:ab", "3:?", "6:c\r", "7:", "8:", "8:?"]);
        assert_eq!(lines.unfinished(), 2);
        lines.input.0 = vec![b"f\ng"];
        assert_eq!(all(&mut lines), ["12:def"]);
        assert!(matches!(lines.rest(), Next::Line(b"g")));
        assert_eq!((lines.position(), lines.unfinished()), (13, 0));
        assert!(matches!(lines.rest(), Next::End));
    }

    #[test]
    fn a_line_that_is_too_long_is_dropped_piece_by_piece() {
        let mut lines = Lines::new(Pieces(vec![b"abcde", b"fghij", b"kl", b"mn\nxyz\n"]), 0, 4);
        assert_eq!(all(&mut lines), ["15:abcde…14", "19:xyz"]);
        let mut lines = Lines::new(Pieces(vec![b"abcdefgh\nxyz\n"]), 0, 4);
        assert_eq!(all(&mut lines), ["9:abcdefgh…8", "13:xyz"]);
        let mut lines = Lines::new(Pieces(vec![b"ab\nabcd\nabcdef"]), 10, 4);
        assert_eq!(all(&mut lines), ["13:ab", "18:abcd"]);
        assert!(matches!(lines.rest(), Next::TooLong(b"abcdef", 6)));
        assert_eq!(lines.position(), 24);
    }

    #[test]
    fn long_lines_are_read_whole_and_the_memory_is_given_back() {
        let mut data = vec![b'x'; 5 << 20];
        data.push(b'\n');
        data.extend(std::iter::repeat_n(*b"short\n", 1 << 20).flatten());
        let mut lines = Lines::new(&data[..], 0, 64 << 20);
        assert!(matches!(lines.next().unwrap(), Next::Line(line) if line.len() == 5 << 20));
        let mut count = 0;
        while let Next::Line(line) = lines.next().unwrap() {
            assert_eq!(line, b"short");
            count += 1;
        }
        assert_eq!(count, 1 << 20);
        assert!(lines.buffer.capacity() <= 8 * CHUNK, "{}", lines.buffer.capacity());
    }
}
