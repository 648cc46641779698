//! Showing foreign text in an error message.

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
