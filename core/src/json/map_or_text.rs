//! What callers hand over where a column holds JSON text.

use std::borrow::Cow;
use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::Json;
use crate::error::{Error, Result};

/// A map, stored as compact JSON, or a text, stored byte for byte and not checked (contract document 10 §2).
///
/// Anything else is refused (ruling R8).
///
/// ```
/// use decnet_db_core::json::MapOrText;
///
/// assert_eq!(MapOrText::from(serde_json::json!({"a": 1})).text(), r#"{"a":1}"#);
/// assert_eq!(MapOrText::from("{\"a\": 1}").text(), r#"{"a": 1}"#);
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct MapOrText(Cow<'static, str>);

impl MapOrText {
    /// `{}`
    pub const fn empty_map() -> Self {
        Self(Cow::Borrowed("{}"))
    }

    /// Takes a JSON value.
    ///
    /// # Errors
    /// Invalid input when it is neither an object nor a string, has an integer beyond 64 bits, or is nested too deep.
    pub fn from_json(json: &Json) -> Result<Self> {
        if json.is_object() {
            json.compact().map(|text| Self(text.into()))
        } else if json.is_string() {
            json.decode::<String>().map(|text| Self(text.into()))
        } else {
            Err(Error::invalid_input("", "must be a map, or a text that holds JSON"))
        }
    }

    /// The text to store.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The text to store, moved out.
    pub fn into_text(self) -> String {
        self.0.into_owned()
    }
}

impl From<String> for MapOrText {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&str> for MapOrText {
    fn from(text: &str) -> Self {
        Self(text.to_owned().into())
    }
}

/// Any value in compact form. (A value of `serde_json` has no integer beyond 64 bits and no unbounded depth to refuse.)
impl From<serde_json::Value> for MapOrText {
    fn from(value: serde_json::Value) -> Self {
        match value {
            serde_json::Value::String(text) => Self(text.into()),
            other => Self(other.to_string().into()),
        }
    }
}

impl<'de> Deserialize<'de> for MapOrText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let json = Json::deserialize(deserializer)?;
        Self::from_json(&json).map_err(D::Error::custom)
    }
}

impl fmt::Debug for MapOrText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::text::excerpt(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_become_compact_and_keep_their_order_and_texts_stay() {
        let of = |json: &str| MapOrText::from_json(&json.parse().unwrap());
        assert_eq!(of(r#"{ "b": 1, "a": "\u00e9" }"#).unwrap().text(), r#"{"b":1,"a":"é"}"#);
        assert_eq!(of(r#""{ \"a\" : 1}""#).unwrap().text(), r#"{ "a" : 1}"#);
        for other in ["[1]", "1", "null", "true"] {
            assert!(of(other).is_err(), "{other}");
        }
    }
}
