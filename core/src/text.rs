//! Foreign text in error messages: quoted, on one line, not too long.

/// The longest excerpt, in characters of its escaped form.
const LIMIT: usize = 80;

/// `text` in double quotes on one line, escaped, cut after some eighty characters.
///
/// What goes into an error comes from whoever sent it: control characters would break the line or the terminal, and a
/// megabyte would drown the message.
pub(crate) fn excerpt(text: &str) -> String {
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
    use super::excerpt;

    #[test]
    fn short_text_is_quoted_and_escaped() {
        assert_eq!(excerpt("a\"b\n\0\u{1b}é"), r#""a\"b\n\0\u{1b}é""#);
    }

    #[test]
    fn long_text_is_cut_and_never_inside_an_escape() {
        let shown = excerpt(&"\u{1b}".repeat(1000));
        assert!(shown.ends_with("\\u{1b}…\""), "{shown}");
        assert!(shown.chars().count() <= 83);
    }
}
