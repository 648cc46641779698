//! Laying out JSON text for people, value by value as it stands: a tree would lose long integers and the order of keys.

use std::borrow::Cow;

use decnet_db::is_unprintable;
use decnet_db::json::Json;

/// Objects and lists further inside stay on their line: indentation would outgrow the data.
const DEEPEST: usize = 64;

/// The JSON text with one member a line, indented by two blanks, safe to show on a terminal.
///
/// It remains the same JSON: white space between the parts is all that changes, and characters that terminals obey stand
/// as escapes.
pub(crate) fn pretty(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + json.len() / 2);
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut after_backslash = false;
    let mut just_opened = false;
    for character in json.chars() {
        if in_string {
            in_string = after_backslash || character != '"';
            after_backslash = character == '\\' && !after_backslash;
            push_printable(&mut out, character);
            continue;
        }
        if character.is_ascii_whitespace() {
            continue;
        }
        if just_opened && !matches!(character, '}' | ']') {
            break_line(&mut out, depth);
        }
        match character {
            '{' | '[' => {
                out.push(character);
                depth += 1;
            }
            '}' | ']' => {
                if !just_opened {
                    break_line(&mut out, depth.saturating_sub(1));
                }
                depth = depth.saturating_sub(1);
                out.push(character);
            }
            ',' => {
                out.push(',');
                break_line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            _ => {
                in_string = character == '"';
                out.push(character);
            }
        }
        just_opened = matches!(character, '{' | '[');
    }
    out
}

/// The JSON text with the members of these names, where they are texts that hold an object or a list, as what they hold.
///
/// All else stays as it stands: long integers, the order of keys, spelling.
pub(crate) fn with_decoded(json: &str, is_wanted: impl Fn(&str) -> bool) -> String {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    let mut wanted = false;
    while let Some(at) = rest.find(['"', '[', '{', ',']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let text = from.strip_prefix('"').and_then(|inner| Some(&from[..end_of_string(inner)? + 2]));
        let Some(text) = text else {
            // Members of another object, elements of a list, or the next member.
            wanted = false;
            out.push_str(&from[..1]);
            rest = &from[1..];
            continue;
        };
        rest = &from[text.len()..];
        let value = || serde_json::from_str::<String>(text).ok();
        if rest.trim_start().starts_with(':') {
            wanted = value().is_some_and(|name| is_wanted(&name));
            out.push_str(text);
            continue;
        }
        let held = if wanted { value().and_then(|value| Json::parse(value).ok()) } else { None };
        match held.filter(|held| held.as_str().trim_start().starts_with(['{', '['])) {
            Some(held) => out.push_str(held.as_str()),
            None => out.push_str(text),
        }
    }
    out.push_str(rest);
    out
}

/// Where the string that has begun before this text ends.
fn end_of_string(text: &str) -> Option<usize> {
    let mut after_backslash = false;
    text.bytes().position(|byte| {
        let ends = byte == b'"' && !after_backslash;
        after_backslash = byte == b'\\' && !after_backslash;
        ends
    })
}

fn break_line(out: &mut String, depth: usize) {
    if depth > DEEPEST {
        return;
    }
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

fn push_printable(out: &mut String, character: char) {
    if is_unprintable(character) {
        // All of them lie below U+10000, where one escape is enough.
        out.push_str(&format!("\\u{:04x}", u32::from(character)));
    } else {
        out.push(character);
    }
}

/// The JSON text with the characters that terminals obey as escapes: the same JSON. They stand in strings alone.
pub(crate) fn printable(json: &str) -> Cow<'_, str> {
    if !json.contains(is_unprintable) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 64);
    json.chars().for_each(|character| push_printable(&mut out, character));
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_get_a_line_each_and_values_stay_as_they_are() {
        let json =
            r#"{"id":123456789012345678901234567890,"a":[1.50, {"b" : []}],"c":{ },"d":"x, {\"y\": [\\"}"#;
        let expected = r#"{
  "id": 123456789012345678901234567890,
  "a": [
    1.50,
    {
      "b": []
    }
  ],
  "c": {},
  "d": "x, {\"y\": [\\"
}"#;
        assert_eq!(pretty(json), expected);
        // Inside a string nothing is structure, after an escaped quote either.
        assert_eq!(pretty(r#"["a\" {1: 2, [", 3]"#), "[\n  \"a\\\" {1: 2, [\",\n  3\n]");
        assert_eq!(pretty("null"), "null");
        assert_eq!(pretty(r#"[[],"\\"]"#), "[\n  [],\n  \"\\\\\"\n]");
    }

    #[test]
    fn texts_that_hold_json_are_shown_as_what_they_hold() {
        let wanted = |name: &str| name == "f";
        for (json, expected) in [
            (r#"{"f":"{\"a\":1}","g":"{}"}"#, r#"{"f":{"a":1},"g":"{}"}"#),
            (
                r#"[{"f" : "[1, 2]"},{"f":"3"},{"f":"not {"},{"f":null}]"#,
                r#"[{"f" : [1, 2]},{"f":"3"},{"f":"not {"},{"f":null}]"#,
            ),
            (
                r#"{"f":["[]"],"f":{"g":"[]"},"x":"a \\\"f\\\": [","f":"[]"}"#,
                r#"{"f":["[]"],"f":{"g":"[]"},"x":"a \\\"f\\\": [","f":[]}"#,
            ),
            (r#""f""#, r#""f""#),
            ("null", "null"),
        ] {
            assert_eq!(with_decoded(json, wanted), expected);
            assert!(Json::parse(expected.to_owned()).is_ok(), "{expected}");
        }
    }

    #[test]
    fn characters_that_terminals_obey_are_escaped() {
        let shown = pretty("[\"a\u{9b}31m\u{7f}\u{202e}é😀\"]");
        assert_eq!(shown, "[\n  \"a\\u009b31m\\u007f\\u202eé😀\"\n]");
    }

    #[test]
    fn a_line_for_a_program_has_none_of_them_either() {
        assert_eq!(printable(r#"{"a":"é😀"}"#), r#"{"a":"é😀"}"#);
        let line = printable("[\"\u{85}\u{7f}\u{2067}\u{61c}\"]").into_owned();
        assert_eq!(line, r#"["\u0085\u007f\u2067\u061c"]"#);
    }

    #[test]
    fn depth_costs_no_more_than_the_data() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert!(pretty(&deep).len() < 300_000);
    }
}
