//! `.env` files: `KEY=value` lines as `python-dotenv` reads them, without `${…}` expansion.
//!
//! By hand, because the crates for it expand variables in values and are made to change the process environment.

/// What a file holds: its settings (of a repeated one, the last), and the numbers of the lines that make no sense. Those
/// are no error: a `.env` in the working directory may belong to another program.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parsed {
    pub(super) entries: Vec<(String, String)>,
    pub(super) bad_lines: Vec<usize>,
}

/// Parses the text of a file.
pub(super) fn parse(text: &str) -> Parsed {
    let mut parsed = Parsed::default();
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut number = 1;
    while !rest.is_empty() {
        let (taken, outcome) = match statement(rest) {
            Some((taken, entry)) => (taken, Ok(entry)),
            None => (line_length(rest), Err(number)),
        };
        match outcome {
            Ok(Some((key, value))) => {
                parsed.entries.retain(|(known, _)| *known != key);
                parsed.entries.push((key, value));
            }
            Ok(None) => {}
            Err(line) => parsed.bad_lines.push(line),
        }
        number += rest[..taken].matches('\n').count();
        rest = &rest[taken..];
    }
    parsed
}

/// One statement and its length in bytes, line end included: several lines when a quoted value has some. `None` is a
/// line that can't be read.
fn statement(text: &str) -> Option<(usize, Option<(String, String)>)> {
    let line = &text[..line_length(text)];
    let content = line.trim_start();
    if content.is_empty() || content.starts_with('#') {
        return Some((line.len(), None));
    }
    let content = content.strip_prefix("export").filter(|c| c.starts_with([' ', '\t'])).unwrap_or(content);
    let Some((key, value)) = content.split_once('=') else {
        // A bare name declares a variable without a value.
        return is_name(content.split('#').next()?.trim()).then_some((line.len(), None));
    };
    let key = key.trim();
    if !is_name(key) {
        return None;
    }
    let value = value.trim_start_matches([' ', '\t']);
    let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
        return Some((line.len(), Some((key.to_owned(), unquoted(value).to_owned()))));
    };
    // The value may go on beyond the line: read on from where it begins in the whole text.
    let start = line.len() - value.len();
    let (value, length) = quoted(&text[start + 1..], quote)?;
    let end = start + 1 + length;
    let tail = &text[end..end + line_length(&text[end..])];
    (tail.trim().is_empty() || tail.trim_start().starts_with('#'))
        .then(|| (end + tail.len(), Some((key.to_owned(), value))))
}

/// The value up to the closing quote, escapes resolved, and its length in bytes, closing quote included.
fn quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        if character == quote {
            return Some((value, at + 1));
        }
        if character != '\\' {
            value.push(character);
            continue;
        }
        let (_, escaped) = characters.next()?;
        match escaped {
            '\\' | '\'' => value.push(escaped),
            '"' if quote == '"' => value.push('"'),
            'n' if quote == '"' => value.push('\n'),
            'r' if quote == '"' => value.push('\r'),
            't' if quote == '"' => value.push('\t'),
            other => value.extend(['\\', other]),
        }
    }
    None
}

/// A value without quotes: to the end of the line, or to a `#` that follows white space.
fn unquoted(text: &str) -> &str {
    let comment = text
        .char_indices()
        .zip(text.chars().skip(1))
        .find(|((_, before), character)| before.is_whitespace() && *character == '#');
    comment.map_or(text, |((at, _), _)| &text[..at]).trim_end()
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.chars().all(|character| character.is_ascii_alphanumeric() || "_.-".contains(character))
}

fn line_length(text: &str) -> usize {
    text.find('\n').map_or(text.len(), |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_follow_the_table() {
        for (text, value) in [
            ("K=v", "v"),
            ("export K=v", "v"),
            ("  K = v  ", "v"),
            ("K=a b # comment", "a b"),
            ("K=a#b", "a#b"),
            ("K=#b", "#b"),
            ("K=", ""),
            ("K=v\r\n", "v"),
            ("\u{feff}K=v", "v"),
            ("K='a # b'", "a # b"),
            ("K=\"a # b\" # comment", "a # b"),
            ("K='it\\'s \\n'", "it's \\n"),
            (r#"K="a\"b\\c\nd\q""#, "a\"b\\c\nd\\q"),
            ("K=\"two\nlines\"", "two\nlines"),
            ("K=${HOME}$x", "${HOME}$x"),
            ("K=mysql://u:p@h/db?a=b", "mysql://u:p@h/db?a=b"),
            ("K=é", "é"),
            ("K=1\nK=2", "2"),
        ] {
            let parsed = parse(text);
            assert_eq!(parsed.entries, [("K".to_owned(), value.to_owned())], "{text:?}");
            assert!(parsed.bad_lines.is_empty(), "{text:?}");
        }
    }

    #[test]
    fn lines_that_make_no_sense_are_counted_and_skipped() {
        let parsed = parse("# note\nA=\"1\n2\"\nif [ x ]; then\nBARE\nB='open\nC=3\nD=\"4\" 5\n=6\n");
        assert_eq!(parsed.bad_lines, [4, 6, 8, 9]);
        let keys: Vec<_> = parsed.entries.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["A", "C"]);
    }

    proptest! {
        #[test]
        fn any_text_parses_without_panic(text in "\\PC*|[A-Z='\"\\\\\n #]*") {
            parse(&text);
        }
    }
}
