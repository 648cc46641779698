//! Foreign text in error messages: quoted, on one line, not too long.

/// The longest excerpt, in characters of its escaped form.
const LIMIT: usize = 80;

/// `text` in double quotes on one line, escaped, cut after some eighty characters.
///
/// What goes into an error comes from whoever sent it: control characters would break the line or the terminal, and a
/// megabyte would drown the message.
pub fn excerpt(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(LIMIT) + 6);
    shown.push('"');
    let mut length = 0;
    for character in text.chars() {
        let escaped = character.escape_debug();
        length += escaped.len();
        if length > LIMIT {
            shown.push('…');
            break;
        }
        shown.extend(escaped);
    }
    shown.push('"');
    shown
}

/// Foreign text that stands for a name in an error message: as it is where it is short and plain, else escaped and cut.
pub(crate) fn shown(text: &str) -> String {
    /// The longest name, in characters of its escaped form.
    const LIMIT: usize = 200;
    let (mut shown, mut length) = (String::with_capacity(text.len().min(LIMIT)), 0);
    for character in text.chars() {
        let escaped = is_unprintable(character).then(|| character.escape_default());
        length += escaped.as_ref().map_or(1, ExactSizeIterator::len);
        if length > LIMIT {
            shown.push('…');
            break;
        }
        match escaped {
            Some(escaped) => shown.extend(escaped),
            None => shown.push(character),
        }
    }
    shown
}

/// Whether a terminal obeys the character: control characters (C0, DEL, C1), and those that turn the direction of text or
/// break its lines. Attackers choose them.
#[must_use]
pub fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// An engine's words for an error message: on one line, and not more than 300 characters of them, since they may repeat
/// what somebody sent.
///
/// ```
/// assert_eq!(decnet_db_core::one_line("syntax error\nat \"x\""), "syntax error at \"x\"");
/// ```
pub fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::{excerpt, shown};

    #[test]
    fn short_text_is_quoted_and_escaped() {
        assert_eq!(excerpt("a\"b\n\0\u{1b}é"), r#""a\"b\n\0\u{1b}é""#);
    }

    #[test]
    fn names_stand_as_they_are_unless_they_are_long_or_do_something() {
        assert_eq!(shown("log_entries[3].décky"), "log_entries[3].décky");
        assert_eq!(shown("a\u{1b}[31m\u{202e}b\u{9b}\u{7f}"), r"a\u{1b}[31m\u{202e}b\u{9b}\u{7f}");
        assert_eq!(shown(&"x".repeat(1_000_000)), "x".repeat(200) + "…");
    }

    #[test]
    fn long_text_is_cut_and_never_inside_an_escape() {
        let shown = excerpt(&"\u{1b}".repeat(1000));
        assert!(shown.ends_with("\\u{1b}…\""), "{shown}");
        assert!(shown.chars().count() <= 83);
    }
}
