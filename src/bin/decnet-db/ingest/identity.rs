//! Which file it is, and the names that a rotation gives it.

use std::fs::Metadata;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Which file it is on this machine, whatever its name.
///
/// File systems give the number of a removed file to the next one that is made; when they were made tells them apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct FileId {
    device: u64,
    inode: u64,
    /// Microseconds since 1970; 0 where the file system doesn't tell.
    #[serde(default)]
    made: i64,
}

/// A file as it was seen: when none of this has changed, neither has its content.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileState {
    #[serde(flatten)]
    pub(super) id: FileId,
    /// Bytes, compressed where they are.
    pub(super) size: u64,
    /// Microseconds since 1970.
    pub(super) modified: i64,
}

impl FileState {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self { id: id(metadata), size: metadata.len(), modified: microseconds(metadata.modified()) }
    }

    /// Whether it was written to not long ago; a time in the future tells nothing.
    pub(super) fn is_younger_than(&self, time: Duration) -> bool {
        let age = microseconds(Ok(SystemTime::now())).saturating_sub(self.modified);
        u128::try_from(age).map_or(true, |age| age < time.as_micros())
    }
}

/// A time of a file in microseconds since 1970, 0 where it has none.
fn microseconds(time: io::Result<SystemTime>) -> i64 {
    let since = time.ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since.and_then(|time| i64::try_from(time.as_micros()).ok()).unwrap_or(0)
}

#[cfg(unix)]
fn id(metadata: &Metadata) -> FileId {
    use std::os::unix::fs::MetadataExt as _;
    FileId { device: metadata.dev(), inode: metadata.ino(), made: microseconds(metadata.created()) }
}

#[cfg(not(unix))]
fn id(metadata: &Metadata) -> FileId {
    FileId { device: 0, inode: 0, made: microseconds(metadata.created()) }
}

/// What compressing tools add to a name.
const COMPRESSED: [&str; 8] = [".gz", ".xz", ".zst", ".zstd", ".bz2", ".Z", ".lzma", ".bz"];

/// What the tool itself writes beside an input.
pub(super) const REJECTED: &str = ".rejected";

/// A name taken apart: what all files of one rotation have in common, and where this one stands among them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rotated {
    pub(super) stem: String,
    /// Ascending with age reversed: the oldest has the lowest.
    pub(super) rank: i64,
}

impl Rotated {
    /// Takes a file name apart: `cowrie.json`, `cowrie.json.3.gz`, `cowrie.json-20260401` and `cowrie-2026-04-01.json` are files of
    /// one rotation.
    pub(super) fn of(name: &str) -> Self {
        let mut rest = name;
        while let Some(shorter) = COMPRESSED.iter().find_map(|end| rest.strip_suffix(end)) {
            rest = shorter;
        }
        for end in [".old", ".bak", ".prev"] {
            if let Some(stem) = rest.strip_suffix(end) {
                return Self { stem: stem.to_owned(), rank: -1 };
            }
        }
        let mut number = None;
        let stem = match dated(rest) {
            Some((before, date, after)) => {
                number = Some(date);
                format!("{before}{after}")
            }
            None => rest.to_owned(),
        };
        // A number at the end counts rotations, the newest first; behind a date it counts those of the day, upwards.
        if let Some((before, digits)) = stem.rsplit_once(['.', '-', '_'])
            && !before.is_empty()
            && (1..=5).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
        {
            let count: i64 = digits.parse().unwrap_or(0);
            let rank = number.map_or(-count, |date| date + count);
            return Self { stem: before.to_owned(), rank };
        }
        Self { stem, rank: number.unwrap_or(i64::MAX) }
    }
}

/// Whether two files are of one rotation, by their folders and names.
pub(super) fn same_rotation(one: &Path, other: &Path) -> bool {
    let stem = |path: &Path| path.file_name().map(|name| Rotated::of(&name.to_string_lossy()).stem);
    one.parent() == other.parent() && stem(one) == stem(other)
}

/// A date in a name, with the separator before it: what stands before, the date as a number, what stands behind.
fn dated(name: &str) -> Option<(&str, i64, &str)> {
    let bytes = name.as_bytes();
    for (start, byte) in bytes.iter().enumerate() {
        if !matches!(byte, b'.' | b'-' | b'_') {
            continue;
        }
        let mut end = start + 1;
        let mut digits = String::new();
        while end < bytes.len() {
            let digit = bytes[end].is_ascii_digit();
            let between = matches!(bytes[end], b'-' | b'_' | b':' | b'T' | b'.')
                && bytes.get(end + 1).is_some_and(u8::is_ascii_digit)
                && bytes[end - 1].is_ascii_digit();
            if !digit && !between {
                break;
            }
            if digit {
                digits.push(char::from(bytes[end]));
            } else {
                // Months and days may have one digit.
                let next = bytes[end + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
                if next == 1 && digits.len() < 14 {
                    digits.push('0');
                }
            }
            end += 1;
        }
        let year = digits.get(..4).and_then(|year| year.parse::<u32>().ok());
        if digits.len() >= 8 && year.is_some_and(|year| (1990..2200).contains(&year)) {
            let text: String = digits.chars().chain(std::iter::repeat('0')).take(16).collect();
            return Some((&name[..start], text.parse().ok()?, &name[end..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_rotation_have_one_stem_in_the_order_of_age() {
        let mut names = [
            "cowrie.json",
            "cowrie.json.1",
            "cowrie.json.2.gz",
            "cowrie.json.10.xz",
            "cowrie.json.2026-04-02",
            "cowrie.json.2026-04-01.zst",
            "cowrie-2026-03-30.json",
            "cowrie.json-20260331",
            "cowrie.json.2025_4_3",
        ];
        assert!(names.iter().all(|name| Rotated::of(name).stem == "cowrie.json"));
        names.sort_by_key(|name| Rotated::of(name).rank);
        assert_eq!(
            names,
            [
                "cowrie.json.10.xz",
                "cowrie.json.2.gz",
                "cowrie.json.1",
                "cowrie.json.2025_4_3",
                "cowrie-2026-03-30.json",
                "cowrie.json-20260331",
                "cowrie.json.2026-04-01.zst",
                "cowrie.json.2026-04-02",
                "cowrie.json",
            ]
        );
    }

    #[test]
    fn other_names_are_other_files() {
        for name in [
            "cowrie.json.rejected",
            "cowrie2.json",
            "hp-1.json",
            "other.json",
            "cowrie.log.1",
            "cowrie.json.pos",
        ] {
            assert_ne!(Rotated::of(name).stem, "cowrie.json", "{name}");
        }
        assert_ne!(Rotated::of("hp-1.json").stem, Rotated::of("hp-2.json").stem);
        for name in ["", ".", ".1", "-", "..", ".gz", "é-2026-é", "2026-04-01"] {
            Rotated::of(name);
        }
    }
}
