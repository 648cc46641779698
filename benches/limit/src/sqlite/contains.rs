//! Looking for texts, as functions of SQL: what `LIKE` would find, but in texts of any length and any bytes.

use anyhow::Result;
use memchr::{memchr, memchr2_iter, memmem};
use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;

/// Makes the functions of decnet-db's own statements known, under the same names: `decnet_contains(needle, text, …)`, and
/// `decnet_may_have(json, key, text)`, which spares most rows a look at their JSON.
pub(crate) fn register(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("decnet_contains", -1, flags, |context| {
        let ValueRef::Text(needle) = context.get_raw(0) else { return Ok(false) };
        Ok((1..context.len()).any(|place| match context.get_raw(place) {
            ValueRef::Text(text) => contains(text, needle),
            _ => false,
        }))
    })?;
    connection.create_scalar_function("decnet_may_have", 3, flags, |context| {
        Ok(match (context.get_raw(0), context.get_raw(1), context.get_raw(2)) {
            (ValueRef::Text(json), ValueRef::Text(key), ValueRef::Text(text)) => {
                let has = |needle| memmem::find(json, needle).is_some();
                (has(text) && has(key)) || memchr(b'\\', json).is_some()
            }
            _ => true,
        })
    })?;
    Ok(())
}

/// Whether `needle`, whose ASCII letters are small, is in `text`; ASCII letters match in either case.
fn contains(text: &[u8], needle: &[u8]) -> bool {
    // A byte that is rare in log lines leads to few places to compare.
    let rare = |byte: &u8| !matches!(byte, b'a'..=b'w' | b'0'..=b'9' | b' ' | b'.' | b':' | b'-' | b'"');
    let anchor = needle.iter().position(rare).unwrap_or(0);
    let (Some(byte), Some(last)) = (needle.get(anchor), text.len().checked_sub(needle.len())) else {
        return needle.is_empty();
    };
    memchr2_iter(*byte, byte.to_ascii_uppercase(), &text[anchor..=anchor + last])
        .any(|at| text[at..at + needle.len()].eq_ignore_ascii_case(needle))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_match_in_either_case_and_ends_are_looked_at() {
        for (text, needle, expected) in [
            ("login from 45.0.0.0 zx9probe", "zx9probe", true),
            ("ZX9PROBE", "zx9probe", true),
            ("zx9prob", "zx9probe", false),
            ("zx9zx9probe.", "zx9probe", true),
            ("", "zx9probe", false),
            ("anything", "", true),
            ("aaab", "aab", true),
        ] {
            assert_eq!(contains(text.as_bytes(), needle.as_bytes()), expected, "{text} {needle}");
        }
    }
}
