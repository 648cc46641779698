//! What a file's lines hash to, line after line, so that a record can tell what was read of it wherever it is found again.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// How many of the last lines have a mark each; of the older ones fewer the further back they are.
const DENSE: u64 = 24;

/// How many of the first lines have a mark each, so that files with a common banner are told apart by their next line.
const BANNER: u64 = 32;

/// The hash of all lines from the beginning to some line's end: the first 128 bits of SHA-256 over the hash before the line and
/// the line. Nobody who chooses lines makes two beginnings alike.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Digest([u8; 16]);

impl Digest {
    /// The digest with one more line, without its line break.
    pub(super) fn with(self, line: &[u8]) -> Self {
        let hash = Sha256::new().chain_update(self.0).chain_update(line).finalize();
        let mut digest = [0; 16];
        digest.copy_from_slice(&hash[..16]);
        Self(digest)
    }

    /// The digest with a line that is too long to be held: its beginning and its length stand for it.
    pub(super) fn with_long(self, beginning: &[u8], length: u64) -> Self {
        self.with(beginning).with(&length.to_le_bytes())
    }

    pub(super) fn hex(self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.hex())
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || serde::de::Error::custom("a digest has 32 hexadecimal digits");
        u128::from_str_radix(&text, 16)
            .map(|number| Self(number.to_be_bytes()))
            .ok()
            .filter(|_| text.len() == 32)
            .ok_or_else(wrong)
    }
}

/// A line's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u64, u64, Digest)", into = "(u64, u64, Digest)")]
pub(super) struct Mark {
    /// Lines up to it.
    pub(super) lines: u64,
    /// Bytes up to it, uncompressed, the line break included.
    pub(super) position: u64,
    /// What they hash to.
    pub(super) digest: Digest,
}

impl Mark {
    /// The beginning of every file.
    pub(super) const START: Self = Self { lines: 0, position: 0, digest: Digest([0; 16]) };
}

impl From<(u64, u64, Digest)> for Mark {
    fn from((lines, position, digest): (u64, u64, Digest)) -> Self {
        Self { lines, position, digest }
    }
}

impl From<Mark> for (u64, u64, Digest) {
    fn from(mark: Mark) -> Self {
        (mark.lines, mark.position, mark.digest)
    }
}

/// Line ends of what was read: the first, the last ones, and some between.
///
/// They tell how much of a shorter file was read, such as a copy that was made a moment ago, and that a file which has only its
/// beginning in common is another one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Marks(Vec<Mark>);

impl Marks {
    pub(super) fn push(&mut self, mark: Mark) {
        self.0.push(mark);
        // The last ones of each batch are enough; a batch is thinned when it is sent.
        if self.0.len() > 4096 {
            self.thin();
        }
    }

    /// Drops all but those of the first and the last lines, and about 4.5 for each doubling of the number of lines.
    pub(super) fn thin(&mut self) {
        let Some(last) = self.0.last().copied() else { return };
        let mut kept = Vec::with_capacity(64);
        let mut newer = u64::MAX;
        for (place, mark) in self.0.iter().enumerate().rev() {
            let age = last.lines - mark.lines;
            let first = place == 0 || mark.lines <= BANNER || is_round(mark.lines);
            if first || age < DENSE || newer - mark.lines >= age / 4 {
                kept.push(*mark);
                newer = mark.lines;
            }
        }
        kept.reverse();
        self.0 = kept;
    }

    pub(super) fn first(&self) -> Option<&Mark> {
        self.0.first()
    }

    pub(super) fn last(&self) -> Option<&Mark> {
        self.0.last()
    }

    pub(super) fn get(&self, place: usize) -> Option<&Mark> {
        self.0.get(place)
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Mark> {
        self.0.iter()
    }

    /// Drops those behind a position.
    pub(super) fn cut(&mut self, position: u64) {
        self.0.retain(|mark| mark.position <= position);
    }
}

/// Whether the mark behind so many lines is always kept, so that a shorter file with the same beginning shows at least two thirds
/// of its lines as known: two numbers for each doubling.
fn is_round(lines: u64) -> bool {
    let unit = 1 << lines.checked_ilog2().unwrap_or(0).saturating_sub(1);
    lines.is_multiple_of(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(lines: u64) -> Marks {
        let mut marks = Marks::default();
        for number in 1..=lines {
            marks.push(Mark {
                lines: number,
                position: number * 10,
                digest: Digest::default().with(&number.to_le_bytes()),
            });
        }
        marks.thin();
        marks
    }

    #[test]
    fn the_first_and_the_last_line_ends_stay_and_few_between() {
        let many = marks(1_000_000);
        assert_eq!(many.first().unwrap().lines, 1);
        let last: Vec<_> = many.iter().rev().take(24).map(|mark| mark.lines).collect();
        assert_eq!(last, (999_977..=1_000_000).rev().collect::<Vec<_>>());
        assert!(many.0.len() < 150, "{}", many.0.len());
        let text = serde_json::to_string(&many).unwrap();
        assert!(text.len() < 9000, "{}", text.len());
        assert_eq!(serde_json::from_str::<Marks>(&text).unwrap(), many);
        assert_eq!(marks(20).0.len(), 20);
    }

    #[test]
    fn of_every_shorter_beginning_most_is_known() {
        let many = marks(100_000);
        for lines in 1..100_000_u64 {
            let known = many.iter().map(|mark| mark.lines).filter(|known| *known <= lines).max().unwrap();
            assert!(known * 3 >= lines * 2, "{known} of {lines}");
        }
    }

    #[test]
    fn each_line_counts_and_so_does_their_order() {
        let of = |lines: &[&[u8]]| lines.iter().fold(Digest::default(), |digest, line| digest.with(line));
        assert_eq!(of(&[b"a", b"b"]), of(&[b"a", b"b"]));
        for other in [&[&b"b"[..], b"a"][..], &[b"ab"], &[b"a"], &[b"a", b"b", b""]] {
            assert_ne!(of(&[b"a", b"b"]), of(other));
        }
    }
}
