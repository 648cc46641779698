//! Texts that are looked for in others, ASCII letters in either case: what the search language means by "occurs".

/// A text that is looked for in others.
///
/// ASCII letters match in either case, all other bytes only themselves. Made once for many texts: a driver whose engine has no
/// such condition of its own registers a function that uses it.
///
/// ```
/// let needle = decnet_db_core::Needle::new("Root");
/// assert!(needle.is_in(b"Failed password for ROOT"));
/// assert!(!needle.is_in(b"Failed password for r00t"));
/// ```
#[derive(Debug, Clone)]
pub struct Needle {
    /// ASCII letters are small.
    bytes: Box<[u8]>,
    /// The position of the byte that is likely to be rarest; none in an empty needle.
    anchor: Option<usize>,
}

impl Needle {
    /// Of a text, which need not be UTF-8.
    pub fn new(text: impl AsRef<[u8]>) -> Self {
        let bytes: Box<[u8]> = text.as_ref().to_ascii_lowercase().into();
        let anchor = rarest(&bytes);
        Self { bytes, anchor }
    }

    /// Whether it is in the text. An empty one is in every text.
    pub fn is_in(&self, text: &[u8]) -> bool {
        let (needle, Some(anchor)) = (&*self.bytes, self.anchor) else { return true };
        let Some(last) = text.len().checked_sub(needle.len()) else { return false };
        let (small, large) = (needle[anchor], needle[anchor].to_ascii_uppercase());
        // Where the anchor may lie; the rest of the needle is compared around each of its occurrences.
        let window = &text[anchor..=anchor + last];
        let matches = |at: usize| text[at..at + needle.len()].eq_ignore_ascii_case(needle);
        if small == large {
            memchr::memchr_iter(small, window).any(matches)
        } else {
            memchr::memchr2_iter(small, large, window).any(matches)
        }
    }
}

/// The position of the byte that is likely to be rarest in log lines, among the first of the needle.
fn rarest(needle: &[u8]) -> Option<usize> {
    let commonness = |byte: u8| match byte {
        b' ' | b'"' | b'e' | b'a' | b't' | b'i' | b'o' | b'n' | b's' | b'r' => 4,
        b'0'..=b'9' | b'.' | b',' | b':' | b'-' => 3,
        b'a'..=b'z' => 2,
        0x80.. => 1,
        _ => 0,
    };
    needle
        .iter()
        .take(16)
        .enumerate()
        .min_by_key(|(_, byte)| commonness(**byte))
        .map(|(position, _)| position)
}

/// Each three bytes in a row, ASCII letters small. A text that lacks one of a needle's does not have the needle.
pub(crate) fn trigrams(text: &str) -> impl Iterator<Item = u32> + '_ {
    let mut window = 0;
    let windows = text.bytes().map(move |byte| {
        window = (window << 8 | u32::from(byte.to_ascii_lowercase())) & 0xff_ffff;
        window
    });
    windows.skip(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contains_agrees_with_folding_everything_first() {
        let texts: [&[u8]; 9] = [
            b"",
            b"a",
            b"Failed password for ROOT from 203.0.113.7",
            b"nul\0byte\0ROOT",
            "STRASSE stra\u{df}e \u{c9}t\u{e9} \u{1f980}".as_bytes(),
            b"100% of_it \\ done",
            b"aaaaaaaaab",
            b"\xff\xfe broken",
            b"AbAbAbC",
        ];
        let needles = [
            "",
            "a",
            "root",
            "root from",
            "%",
            "_",
            "\\",
            "\u{e9}",
            "\u{c9}",
            "\0",
            "aab",
            "ababc",
            "7",
            "x",
        ];
        for text in texts {
            for needle in needles {
                let expected = needle.is_empty()
                    || text
                        .to_ascii_lowercase()
                        .windows(needle.len())
                        .any(|window| window == needle.to_ascii_lowercase().as_bytes());
                assert_eq!(Needle::new(needle).is_in(text), expected, "{text:?} {needle:?}");
            }
        }
    }

    #[test]
    fn a_needle_longer_than_the_limit_of_like_is_found() {
        let needle = "x".repeat(100_000);
        let text = format!("a\0{}y", needle.to_uppercase());
        assert!(Needle::new(&needle).is_in(text.as_bytes()));
        assert!(!Needle::new(format!("{needle}z")).is_in(text.as_bytes()));
    }
}
