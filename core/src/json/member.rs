//! One member of an object, taken out of JSON text without taking apart all the rest.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer as _;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

/// The value of the top-level member `name` of a JSON object, as its text: of a name that is there several times the first.
/// `None` where the text is no JSON object (RFC 8259), or has no such member.
///
/// ```
/// use decnet_db_core::json::member;
///
/// assert_eq!(member(r#"{"port": 22, "port": 23}"#, "port"), Some("22"));
/// assert_eq!(member(r#"{"port": 22"#, "port"), None);
/// ```
pub fn member<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    members(text, &[name])?.into_iter().next()?
}

/// Of the top-level members `names` of a JSON object, the first that is text, a number, true or false: text as it is, the
/// others as they are spelled. A name that is there several times counts as it is there first; text with half a surrogate pair
/// is none.
///
/// ```
/// use decnet_db_core::json::member_text;
///
/// assert_eq!(member_text(r#"{"user": null, "name": "caf\u00e9"}"#, &["user", "name"]).as_deref(), Some("café"));
/// ```
pub fn member_text<'t>(text: &'t str, names: &[&str]) -> Option<Cow<'t, str>> {
    members(text, names)?.into_iter().flatten().find_map(|raw| match raw.as_bytes().first()? {
        b'"' => match raw.get(1..raw.len() - 1)? {
            plain if !plain.contains('\\') => Some(Cow::Borrowed(plain)),
            _ => serde_json::from_str(raw).ok().map(Cow::Owned),
        },
        b'{' | b'[' | b'n' => None,
        _ => Some(Cow::Borrowed(raw)),
    })
}

/// The value of each of the names, as its text; `None` where the text is no JSON object.
fn members<'t>(text: &'t str, names: &[&str]) -> Option<Vec<Option<&'t str>>> {
    let mut found = vec![None; names.len()];
    each_member(text, |spelled, value| {
        let mut wanted = names.iter().zip(&mut found);
        if let Some((_, found)) = wanted.find(|(name, found)| found.is_none() && is_name(spelled, name)) {
            *found = Some(value);
        }
    })
    .then_some(found)
}

/// Hands on name and value of each member of a JSON object, as they are spelled. Whether the text is an object to its end.
pub(crate) fn each_member<'t>(text: &'t str, take: impl FnMut(&'t str, &'t str)) -> bool {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer.deserialize_map(Members { take }).is_ok() && deserializer.end().is_ok()
}

struct Members<F> {
    take: F,
}

impl<'de, F: FnMut(&'de str, &'de str)> Visitor<'de> for Members<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self::Value, A::Error> {
        // As text: half a surrogate pair in a name that nobody asked for is no reason to find nothing.
        while let Some((name, value)) = map.next_entry::<&RawValue, &RawValue>()? {
            (self.take)(name.get(), value.get());
        }
        Ok(())
    }
}

fn is_name(spelled: &str, name: &str) -> bool {
    let inner = spelled.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(spelled);
    if !inner.contains('\\') {
        return inner == name;
    }
    serde_json::from_str::<Cow<'_, str>>(spelled).is_ok_and(|spelled| spelled == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_name_counts_and_the_whole_text_must_be_json() {
        for (text, value) in [
            (r#"{"a":1}"#, Some("1")),
            (r#" { "b" : [1, {"a":2}] , "a" : "x\"y" } "#, Some(r#""x\"y""#)),
            (r#"{"a":1,"a":2}"#, Some("1")),
            (r#"{"\u0061":true}"#, Some("true")),
            (r#"{"\ud800":1,"a":null}"#, Some("null")),
            (r#"{"a":"\ud800"}"#, Some(r#""\ud800""#)),
            (r#"{"a\u0000":1}"#, None),
            (r#"{"a":1"#, None),
            (r#"{"a":1}x"#, None),
            (r#"{"a":1,}"#, None),
            (r#"{"a":1,"b":01}"#, None),
            (r#"[{"a":1}]"#, None),
            ("", None),
        ] {
            assert_eq!(member(text, "a"), value, "{text}");
        }
    }

    #[test]
    fn the_first_name_with_a_value_counts() {
        for (text, value) in [
            (r#"{"user":"root"}"#, Some("root")),
            (r#"{"a":1,"name":"x","user":"a\"b\u0000"}"#, Some("x")),
            (r#"{"user":"a\"b\n"}"#, Some("a\"b\n")),
            (r#"{"user":""}"#, Some("")),
            (r#"{"user":12.50}"#, Some("12.50")),
            (r#"{"user":true}"#, Some("true")),
            (r#"{"user":"y","name":null}"#, Some("y")),
            (r#"{"user":"y","name":"\ud800"}"#, Some("y")),
            (r#"{"user":"\ud800"}"#, None),
            (r#"{"user":"one","user":"two"}"#, Some("one")),
            (r#"{"name":{"user":"inner"},"user":[]}"#, None),
            (r#"["user"]"#, None),
            ("user", None),
        ] {
            assert_eq!(member_text(text, &["name", "user"]).as_deref(), value, "{text}");
        }
    }
}
