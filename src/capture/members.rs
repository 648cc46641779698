//! A JSON object taken apart, its values left as they are spelled.

use std::borrow::Cow;
use std::fmt;

use decnet_db_core::json::Json;
use serde::de::{self, Deserializer, MapAccess};
use serde_json::value::RawValue;

use super::Rejection;

/// The members of an object, in their order.
pub(super) struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Members<'a> {
    /// Takes a line's object apart.
    pub(super) fn parse(text: &'a str) -> Result<Self, Rejection> {
        if !text.starts_with('{') {
            return Err(Rejection::new("not a JSON object"));
        }
        if depth(text) > Json::MAX_DEPTH {
            let reason = format!("JSON is nested deeper than {} levels", Json::MAX_DEPTH);
            return Err(Rejection::new(reason));
        }
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let members = deserializer
            .deserialize_map(Visitor)
            .and_then(|members| deserializer.end().map(|()| members))
            // The line's number is told by who knows it; inside one line there is only line 1.
            .map_err(|error| {
                Rejection::new(format!("not JSON: {}", error.to_string().replace(" at line 1", " at")))
            })?;
        Ok(Self(members))
    }

    /// The value of a member; of repeated ones the last.
    pub(super) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().rev().find(|(key, _)| key == name).map(|(_, value)| *value)
    }

    /// The value of a member that is there and not null.
    pub(super) fn given(&self, name: &str) -> Option<&'a RawValue> {
        self.get(name).filter(|value| value.get() != "null")
    }

    /// The text of a member; `None` when it is absent or null.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Rejection> {
        let Some(value) = self.given(name) else { return Ok(None) };
        serde_json::from_str(value.get())
            .map(Some)
            .map_err(|_| Rejection::new(format!("{name}: must be a text")))
    }

    /// The text of a member that must be there.
    pub(super) fn required(&self, name: &str) -> Result<String, Rejection> {
        self.text(name)?.ok_or_else(|| Rejection::new(format!("{name}: is missing")))
    }

    /// The text of a member; `None` when it is absent, null or blank.
    pub(super) fn filled(&self, name: &str) -> Result<Option<String>, Rejection> {
        Ok(self.text(name)?.filter(|text| !text.trim().is_empty()))
    }

    /// The text of a member that must be there and not blank.
    pub(super) fn needed(&self, name: &str) -> Result<String, Rejection> {
        self.filled(name)?.ok_or_else(|| Rejection::new(format!("{name}: is missing")))
    }

    /// All members.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(key, value)| (&**key, *value))
    }
}

struct Visitor;

impl<'de> de::Visitor<'de> for Visitor {
    type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::with_capacity(16);
        while let Some(Key(key)) = map.next_key()? {
            members.push((key, map.next_value()?));
        }
        Ok(members)
    }
}

/// A key, borrowed where it has no escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> de::Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl<'de> de::Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E: de::Error>(self, key: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(key)))
            }

            fn visit_str<E: de::Error>(self, key: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(key.to_owned())))
            }
        }

        deserializer.deserialize_str(KeyVisitor)
    }
}

/// How many objects and lists stand inside one another at the deepest place.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                while let Some(byte) = bytes.next() {
                    match byte {
                        b'\\' => drop(bytes.next()),
                        b'"' => break,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    deepest
}

/// Replaces halves of surrogate pairs, which Python writes for bytes that were no text, by U+FFFD: what such bytes become
/// when they arrive unescaped.
pub(super) fn mend(text: &str) -> Cow<'_, str> {
    let mut mended = String::new();
    let (mut kept, mut from) = (0, 0);
    while let Some(found) = text[from..].find('\\') {
        let at = from + found;
        match (unit(text, at), unit(text, at + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => from = at + 12,
            (Some(0xd800..=0xdfff), _) => {
                mended.push_str(&text[kept..at]);
                mended.push_str("\\ufffd");
                (kept, from) = (at + 6, at + 6);
            }
            // The escaped character may be a backslash itself.
            _ => from = at + 1 + text[at + 1..].chars().next().map_or(0, char::len_utf8),
        }
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    mended.push_str(&text[kept..]);
    Cow::Owned(mended)
}

/// The UTF-16 unit of the escape `\uXXXX` that begins at a position.
fn unit(text: &str, at: usize) -> Option<u16> {
    let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_surrogate_pairs_are_mended_and_pairs_stay() {
        for (text, mended) in [
            (r#""plain""#, r#""plain""#),
            (r#""\udc80""#, r#""\ufffd""#),
            (r#""\ud83e\udd80 \ud83e\ud83e\udd80""#, r#""\ud83e\udd80 \ufffd\ud83e\udd80""#),
            (r#""\\udc80""#, r#""\\udc80""#),
            (r#""\\\udc80é\é""#, r#""\\\ufffdé\é""#),
            (r"\udc8", r"\udc8"),
            ("\\", "\\"),
            ("\\é", "\\é"),
        ] {
            assert_eq!(mend(text), mended, "{text}");
        }
    }

    #[test]
    fn depth_counts_brackets_outside_strings() {
        assert_eq!(depth(r#"{"a":[{}],"[[[\"[":1}"#), 3);
        assert_eq!(depth("]]}"), 0);
        assert_eq!(depth(r#"{"\"#), 1);
    }

    #[test]
    fn of_repeated_members_the_last_counts() {
        let members = Members::parse(r#"{"a":1,"b":null,"a":"x"}"#).unwrap();
        assert_eq!(members.required("a").unwrap(), "x");
        assert_eq!(members.text("b").unwrap(), None);
        assert_eq!(members.required("b").unwrap_err().reason, "b: is missing");
    }
}
