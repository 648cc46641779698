//! Columns that hold JSON by convention, and any text in fact.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::{Json, serialize_on_one_line};
use crate::text::excerpt;

/// The text of a column that is JSON by convention but may be any text, such as a bounty's payload (contract document
/// 40).
///
/// It serialises as the JSON value that the text spells, or as a string where the text is not JSON by RFC 8259.
/// Deserialising takes a value as its text, and a string that spells no JSON as the text itself. So what is shown is taken back,
/// and shown the same again; only a text that spells a JSON string, quotes included, may come back without them.
///
/// Equality is equality of the text, as in the test for duplicate bounties.
///
/// ```
/// use decnet_db_core::json::JsonOrText;
///
/// let shown = |text: &str| serde_json::to_string(&JsonOrText::from(text)).unwrap();
/// assert_eq!(shown(r#"{"user": "root"}"#), r#"{"user": "root"}"#);
/// assert_eq!(shown("root"), r#""root""#);
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct JsonOrText(String);

impl JsonOrText {
    /// The text as stored.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The text as stored, without copying it.
    pub fn into_text(self) -> String {
        self.0
    }

    /// The JSON value that the text spells, or `None` where it is not JSON.
    pub fn json(&self) -> Option<Json> {
        self.raw().map(|raw| Json(raw.to_owned()))
    }

    fn raw(&self) -> Option<&RawValue> {
        serde_json::from_str(&self.0).ok()
    }
}

impl From<String> for JsonOrText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for JsonOrText {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<JsonOrText> for String {
    fn from(value: JsonOrText) -> Self {
        value.0
    }
}

impl fmt::Debug for JsonOrText {
    /// The text, escaped and shortened.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JsonOrText({})", excerpt(&self.0))
    }
}

impl Serialize for JsonOrText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.raw() {
            Some(raw) => serialize_on_one_line(raw, serializer),
            None => serializer.serialize_str(&self.0),
        }
    }
}

impl<'de> Deserialize<'de> for JsonOrText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Json::deserialize(deserializer)?;
        if json.is_string() {
            // The inside of the quotes. Half a surrogate pair is no text, so what has one is shown because it is stored as
            // JSON, quotes included, and is taken so.
            let text = serde_json::from_str::<String>(json.as_str()).map(Self);
            if let Ok(text) = text
                && text.raw().is_none()
            {
                return Ok(text);
            }
        }
        Ok(Self(json.as_str().to_owned()))
    }
}
