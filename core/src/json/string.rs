//! Strings: undoing the escapes of the input and making those of the output.

use std::borrow::Cow;

use super::write::Style;
use crate::{Error, Result};

/// The text that stands for `raw`, which is what JSON has between two quotes.
pub(super) fn unescape(raw: &str) -> Result<Cow<'_, str>> {
    let Some(first) = raw.find('\\') else { return Ok(Cow::Borrowed(raw)) };
    let mut text = String::with_capacity(raw.len());
    text.push_str(&raw[..first]);
    let mut rest = &raw[first..];
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let (character, length) = escape(&rest[at..])?;
        text.push(character);
        rest = &rest[at + length..];
    }
    text.push_str(rest);
    Ok(Cow::Owned(text))
}

/// The character that the escape at the beginning of `text` stands for, and how long the escape is.
fn escape(text: &str) -> Result<(char, usize)> {
    let simple = match text.as_bytes().get(1) {
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(same @ (b'"' | b'\\' | b'/')) => char::from(*same),
        Some(b'u') => return unicode_escape(text),
        _ => return Err(Error::invalid_input("", "holds a malformed escape")),
    };
    Ok((simple, 2))
}

fn unicode_escape(text: &str) -> Result<(char, usize)> {
    let unit = |from: usize| {
        let digits = text.get(from..)?.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    let pair = unit(0).into_iter().chain(unit(6));
    match char::decode_utf16(pair).next() {
        Some(Ok(character)) if character.len_utf16() == 2 => Ok((character, 12)),
        Some(Ok(character)) => Ok((character, 6)),
        Some(Err(half)) => Err(Error::invalid_input(
            "",
            format!(
                "holds \\u{:04x}, half of a surrogate pair, which is no character",
                half.unpaired_surrogate()
            ),
        )),
        None => Err(Error::invalid_input("", "holds a malformed escape")),
    }
}

/// Appends `text` with its quotes, escaped as `style` has it.
pub(super) fn write(out: &mut String, text: &str, style: Style) {
    let ascii = style == Style::Spaced;
    let needs_escape =
        |character: char| matches!(character, '"' | '\\' | '\0'..'\u{20}') || ascii && character >= '\u{7f}';
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.find(needs_escape) {
        out.push_str(&rest[..at]);
        let mut characters = rest[at..].chars();
        if let Some(character) = characters.next() {
            write_escape(out, character);
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

fn write_escape(out: &mut String, character: char) {
    let short = match character {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\u{8}' => "\\b",
        '\t' => "\\t",
        '\n' => "\\n",
        '\u{c}' => "\\f",
        '\r' => "\\r",
        _ => {
            for unit in character.encode_utf16(&mut [0; 2]) {
                out.push_str("\\u");
                for shift in [12, 8, 4, 0] {
                    out.extend(char::from_digit(u32::from(*unit >> shift & 0xf), 16));
                }
            }
            return;
        }
    };
    out.push_str(short);
}
