//! One member of an object, taken out of JSON text without taking apart all the rest.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer as _;
use serde::de::{IgnoredAny, MapAccess, Visitor};
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
    first_member(text, &[name]).map(|(_, value)| value)
}

/// The values of the first of the names that the object has, each as its text, with the name's place.
pub(crate) fn first_member<'t>(text: &'t str, names: &[&str]) -> Option<(usize, &'t str)> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let found = deserializer.deserialize_map(Members { names }).ok()?;
    deserializer.end().ok()?;
    found
}

struct Members<'n> {
    names: &'n [&'n str],
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = Option<(usize, &'de str)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found: Option<(usize, &'de str)> = None;
        // As text: half a surrogate pair in a name that nobody asked for is no reason to find nothing.
        while let Some(name) = map.next_key::<&RawValue>()? {
            let place = found.map_or(self.names.len(), |(place, _)| place);
            let place = self.names.iter().take(place).position(|wanted| is_name(name.get(), wanted));
            match place {
                Some(place) => found = Some((place, map.next_value::<&RawValue>()?.get())),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
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
        assert_eq!(first_member(r#"{"b":1,"a":2,"b":3}"#, &["a", "b"]), Some((0, "2")));
        assert_eq!(first_member(r#"{"b":1,"b":3}"#, &["a", "b"]), Some((1, "1")));
    }
}
