//! DECNET's INI dialect: what Python's `configparser` reads with `#` and `;` as inline comment signs.
//!
//! By hand, because the crates for INI files differ from it in inline comments, escapes or quotes. Values are taken as
//! they stand: no quotes, no escapes, no interpolation, no continuation lines (an indented line is a line).

use crate::text::shown;

/// A section with its keys in the order of the file. Keys are in lower case, section names as written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) name: String,
    pub(super) entries: Vec<(String, String)>,
}

/// Parses the text of a file. A section that appears twice is one section; the error says the line and what is wrong
/// with it, never what stands there, for it may be a secret.
pub(super) fn parse(text: &str) -> Result<Vec<Section>, String> {
    let mut sections: Vec<Section> = Vec::new();
    let mut current = None;
    for (index, line) in text.strip_prefix('\u{feff}').unwrap_or(text).lines().enumerate() {
        let number = index + 1;
        let line = without_comment(line).trim();
        if line.is_empty() {
            continue;
        }
        if let Some(rest) = line.strip_prefix('[') {
            let name = rest
                .strip_suffix(']')
                .filter(|name| !name.is_empty())
                .ok_or_else(|| format!("line {number}: a section is written [name]"))?;
            let known = sections.iter().position(|section| section.name == name);
            current = Some(known.unwrap_or_else(|| {
                sections.push(Section { name: name.to_owned(), entries: Vec::new() });
                sections.len() - 1
            }));
            continue;
        }
        let (key, value) = line
            .split_once(['=', ':'])
            .map(|(key, value)| (key.trim().to_lowercase(), value.trim()))
            .filter(|(key, _)| !key.is_empty())
            .ok_or_else(|| format!("line {number}: a setting is written key = value"))?;
        let section = current
            .and_then(|current| sections.get_mut(current))
            .ok_or_else(|| format!("line {number}: a setting stands before the first [section]"))?;
        if section.entries.iter().any(|(known, _)| *known == key) {
            return Err(format!("line {number}: the key is in section [{}] already", shown(&section.name)));
        }
        section.entries.push((key, value.to_owned()));
    }
    Ok(sections)
}

/// The line up to the first `#` or `;` that begins the line or follows white space.
fn without_comment(line: &str) -> &str {
    let mut after_space = true;
    for (at, character) in line.char_indices() {
        if after_space && matches!(character, '#' | ';') {
            return &line[..at];
        }
        after_space = character.is_whitespace();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(text: &str) -> Vec<(String, String)> {
        parse(&format!("[s]\n{text}")).unwrap().remove(0).entries
    }

    #[test]
    fn values_follow_the_table() {
        for (line, key, value) in [
            ("host=db1", "host", "db1"),
            ("  Host :  db1  ", "host", "db1"),
            ("url = mysql://u:p@h/db?a=b", "url", "mysql://u:p@h/db?a=b"),
            ("a = b # comment", "a", "b"),
            ("a = b\t; comment", "a", "b"),
            ("a = b#c;d", "a", "b#c;d"),
            ("a = # comment", "a", ""),
            ("a =", "a", ""),
            ("a = \"quoted\"", "a", "\"quoted\""),
            ("a = 100%", "a", "100%"),
            ("batch-size = 7\r", "batch-size", "7"),
            ("a = é", "a", "é"),
        ] {
            assert_eq!(entries(line), [(key.to_owned(), value.to_owned())], "{line:?}");
        }
    }

    #[test]
    fn comments_blank_lines_and_a_byte_order_mark_are_skipped() {
        let sections = parse("\u{feff}# top\n\n[a] ; first\n  ; note\nx=1\n[b]\n[a]\ny=2\n").unwrap();
        let names: Vec<_> = sections.iter().map(|section| section.name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(sections[0].entries.len(), 2);
    }

    #[test]
    fn an_error_is_one_line_whatever_a_section_is_called() {
        let error = parse("[a\u{15}\u{202e}]\nk=1\nk=2").unwrap_err();
        assert_eq!(error, "line 3: the key is in section [a\\u{15}\\u{202e}] already");
    }

    #[test]
    fn errors_name_the_line_and_not_its_text() {
        for (text, line, hint) in [
            ("[s]\nhunter2", 2, "key = value"),
            ("[s]\n= hunter2", 2, "key = value"),
            ("[s", 1, "[name]"),
            ("[]", 1, "[name]"),
            ("password = hunter2", 1, "before the first"),
            ("[s]\na=1\nA=hunter2", 3, "already"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with(&format!("line {line}:")) && error.contains(hint), "{text:?}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
