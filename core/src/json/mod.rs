//! JSON text as DECNET stores it.
//!
//! [`Json`] is a value that keeps its text, [`JsonOrText`] a column that holds JSON by convention only, and [`de`] has
//! the rules of ruling R8 for decoding arguments.

pub mod de;
mod map_or_text;
mod member;
mod number;
mod or_text;
mod string;
#[cfg(test)]
mod tests;
mod write;

use std::fmt;
use std::str::FromStr;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

pub use self::map_or_text::MapOrText;
pub(crate) use self::member::each_member;
pub use self::member::{member, member_text};
pub use self::or_text::JsonOrText;
use self::write::{Style, rewrite};
use crate::text::{excerpt, shown};
use crate::{Error, Result};

/// A JSON value, kept as its text.
///
/// Whatever RFC 8259 allows survives unchanged: integers of any length, the order of keys and repeated keys, the
/// spelling of numbers and of escapes (ruling R12). `NaN` and `Infinity` are not JSON. Only white space around the
/// value is dropped; where text has to be stored byte for byte, store the text.
///
/// Two values are equal when they mean the same: white space, escapes and the order of keys don't count, of repeated
/// keys the last does. Integers are compared as integers of any length and fractions as `f64`; `1`, `1.0` and `1e0`
/// are equal, also to `-0` and `0`, while from 2⁵³ up a fraction never equals an integer. What can't be compared so,
/// because it is nested deeper than [`MAX_DEPTH`](Self::MAX_DEPTH) or holds half a surrogate pair, is compared as text.
///
/// ```
/// use decnet_db_core::json::Json;
///
/// let json: Json = r#"{"id": 123456789012345678901234567890, "name": "caf\u00e9"}"#.parse()?;
/// assert_eq!(serde_json::to_string(&json).unwrap(), json.as_str());
/// assert_eq!(json, r#"{"name":"café","id":123456789012345678901234567890}"#.parse()?);
/// # Ok::<(), decnet_db_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Json(Box<RawValue>);

impl Json {
    /// How many objects and lists may stand inside one another where a value is taken apart: 128.
    ///
    /// Keeping and handing on a value has no such limit.
    pub const MAX_DEPTH: usize = 128;

    /// Takes a text that is JSON by RFC 8259.
    ///
    /// # Errors
    ///
    /// Invalid input that says where the text stops being JSON, by line and column.
    pub fn parse(text: impl Into<String>) -> Result<Self> {
        RawValue::from_string(text.into())
            .map(Self)
            .map_err(|error| Error::invalid_input("", format!("is not JSON: {error}")))
    }

    /// The JSON value of anything that serde can serialise.
    ///
    /// # Errors
    ///
    /// Invalid input when serialising fails, such as for a map whose keys are not text.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self> {
        serde_json::value::to_raw_value(value)
            .map(Self)
            .map_err(|error| Error::invalid_input("", format!("can't be written as JSON: {error}")))
    }

    /// The value `null`.
    pub fn null() -> Self {
        Self(RawValue::NULL.to_owned())
    }

    /// The text, as it came.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// Whether this is `null`.
    pub fn is_null(&self) -> bool {
        self.as_str() == "null"
    }

    /// Whether this is an object.
    pub fn is_object(&self) -> bool {
        self.as_str().starts_with('{')
    }

    /// Whether this is a list (an array).
    pub fn is_array(&self) -> bool {
        self.as_str().starts_with('[')
    }

    /// Whether this is a string.
    pub fn is_string(&self) -> bool {
        self.as_str().starts_with('"')
    }

    /// The value as a tree. Integers beyond 64 bits become the nearest `f64`, and the order of keys may be lost.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode).
    pub fn to_value(&self) -> Result<serde_json::Value> {
        self.decode()
    }

    /// Decodes the value into `T`.
    ///
    /// # Errors
    ///
    /// Invalid input whose argument is the path of the part that doesn't fit, such as `config.hosts[2].port`. Decoding
    /// into types that take anything ends at 127 levels, one less than [`MAX_DEPTH`](Self::MAX_DEPTH).
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T> {
        let mut deserializer = serde_json::Deserializer::from_str(self.as_str());
        serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
            let path = match error.path().to_string() {
                root if root == "." => String::new(),
                path => path,
            };
            let reason = error.into_inner().to_string();
            if reason.starts_with("recursion limit exceeded") {
                // The path is as deep as the value: a thousand characters that help nobody.
                return Error::invalid_input("", "JSON is nested deeper than 127 levels");
            }
            Error::invalid_input(shown(&path), shown(&reason))
        })
    }

    /// The text in the compact form that DECNET stores when it is handed a map (contract document 10, ruling R12).
    ///
    /// No white space; UTF-8 unescaped except for `"`, `\` and control characters; keys in their order, of a repeated
    /// key the last value in the place of the first. Integers are those of 64 bits, signed or unsigned. A number with
    /// fraction or exponent is an `f64` in its shortest spelling, or `null` when it is too large for one.
    ///
    /// ```
    /// use decnet_db_core::json::Json;
    ///
    /// let json = Json::parse(r#"{ "b": "caf\u00e9", "a": [1, 2.50], "b": 1e2 }"#)?;
    /// assert_eq!(json.compact()?, r#"{"b":100.0,"a":[1,2.5]}"#);
    /// # Ok::<(), decnet_db_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Invalid input for an integer beyond 64 bits, half a surrogate pair (`"\ud800"`), and nesting deeper than
    /// [`MAX_DEPTH`](Self::MAX_DEPTH).
    pub fn compact(&self) -> Result<String> {
        rewrite(self.as_str(), Style::Compact)
    }

    /// The text in the form of Python's `json.dumps`, which DECNET stores in some columns: `", "` and `": "` between
    /// the parts, everything outside printable ASCII as `\uXXXX`, and Python's spelling of floats (`1e-05`).
    ///
    /// In all else it is as [`compact`](Self::compact).
    ///
    /// ```
    /// use decnet_db_core::json::Json;
    ///
    /// assert_eq!(Json::parse(r#"{"a":["café",1]}"#)?.spaced()?, r#"{"a": ["caf\u00e9", 1]}"#);
    /// # Ok::<(), decnet_db_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`compact`](Self::compact).
    pub fn spaced(&self) -> Result<String> {
        rewrite(self.as_str(), Style::Spaced)
    }
}

impl FromStr for Json {
    type Err = Error;

    /// See [`Json::parse`].
    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl From<serde_json::Value> for Json {
    /// Keys come in the order of the map, which is the alphabet's unless serde_json's `preserve_order` is on.
    #[expect(clippy::expect_used, reason = "the keys of a Value are text and its numbers finite")]
    fn from(value: serde_json::Value) -> Self {
        Self(serde_json::value::to_raw_value(&value).expect("a Value is JSON"))
    }
}

impl Default for Json {
    /// `null`.
    fn default() -> Self {
        Self::null()
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        let canonical = |json: &Self| rewrite(json.as_str(), Style::Canonical);
        self.as_str() == other.as_str()
            || matches!((canonical(self), canonical(other)), (Ok(ours), Ok(theirs)) if ours == theirs)
    }
}

impl Eq for Json {}

impl fmt::Display for Json {
    /// The text, whole.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Json {
    /// The text, escaped and shortened.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Json({})", excerpt(self.as_str()))
    }
}

impl Serialize for Json {
    /// The text itself into JSON, with blanks for line breaks between its parts, since output may be a value per line.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_on_one_line(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Self)
    }
}

/// Inside a string JSON allows no raw line break, so every one found is white space.
fn serialize_on_one_line<S: Serializer>(value: &RawValue, serializer: S) -> Result<S::Ok, S::Error> {
    if !value.get().contains(['\n', '\r']) {
        return value.serialize(serializer);
    }
    let line = value.get().replace(['\n', '\r'], " ");
    RawValue::from_string(line).map_err(serde::ser::Error::custom)?.serialize(serializer)
}
