//! What can be bound to a statement and read from a row.

use std::time::SystemTime;

use crate::error::{Error, Result};
use crate::json::{Json, JsonOrText, MapOrText};
use crate::time::Timestamp;

/// One SQL value, owned, so that it can move from a record to an engine and back without a copy.
///
/// | variant | SQLite | MySQL |
/// |---|---|---|
/// | `Bool` | INTEGER 0 / 1 | TINYINT 0 / 1 |
/// | `Int` | INTEGER | BIGINT |
/// | `Real` | REAL | DOUBLE |
/// | `Text` | TEXT (NUL bytes included) | text |
/// | `Blob` | BLOB | BINARY |
/// | `Time` | TEXT, 26 characters | DATETIME(6) |
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// A truth value. Engines without a boolean type give it back as `Int`.
    Bool(bool),
    /// A signed 64-bit integer.
    Int(i64),
    /// A double.
    Real(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
    /// An instant. Engines that store it as text may give it back as `Text`.
    Time(Timestamp),
}

impl Value {
    /// Whether this is NULL.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether this is text with a NUL character, which some engines can't store.
    pub fn has_nul(&self) -> bool {
        matches!(self, Self::Text(text) if text.contains('\0'))
    }

    /// The name of the kind of value, for error messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Bool(_) => "boolean",
            Self::Int(_) => "integer",
            Self::Real(_) => "float",
            Self::Text(_) => "text",
            Self::Blob(_) => "bytes",
            Self::Time(_) => "time",
        }
    }
}

macro_rules! into_value {
    ($($type:ty => |$v:ident| $value:expr;)*) => {$(
        impl From<$type> for Value {
            fn from($v: $type) -> Self {
                $value
            }
        }
    )*};
}

into_value! {
    bool => |v| Value::Bool(v);
    i64 => |v| Value::Int(v);
    i32 => |v| Value::Int(v.into());
    u32 => |v| Value::Int(v.into());
    f64 => |v| Value::Real(v);
    String => |v| Value::Text(v);
    &str => |v| Value::Text(v.to_owned());
    Vec<u8> => |v| Value::Blob(v);
    Timestamp => |v| Value::Time(v);
    Json => |v| Value::Text(v.as_str().to_owned());
    JsonOrText => |v| Value::Text(v.into_text());
    MapOrText => |v| Value::Text(v.into_text());
}

/// Counts and limits: what no column can reach is cut to the largest integer that one can.
impl From<u64> for Value {
    fn from(v: u64) -> Self {
        Self::Int(i64::try_from(v).unwrap_or(i64::MAX))
    }
}

/// As client libraries give times. One outside of the years 1 to 9999 becomes text, which no column of times takes for one.
impl From<SystemTime> for Value {
    fn from(v: SystemTime) -> Self {
        Timestamp::try_from(v).map_or_else(|_| Self::Text(format!("{v:?}")), Self::Time)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(v: Option<T>) -> Self {
        v.map_or(Self::Null, Into::into)
    }
}

/// A stored value that is not what its column should hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found {found}")]
pub struct DecodeError {
    /// What the record wants.
    pub expected: &'static str,
    /// What the row has.
    pub found: String,
}

impl DecodeError {
    fn new(expected: &'static str, found: &Value) -> Self {
        Self { expected, found: found.kind().to_owned() }
    }

    /// The error with the column that it was found in.
    pub fn at(&self, table: &str, column: &str) -> Error {
        Error::backend(format!("{table}.{column} holds something else than {}", self.expected), self.clone())
    }
}

/// A type that a column's value decodes to.
pub trait FromValue: Sized {
    /// Takes the value; text and bytes move, they are not copied.
    ///
    /// # Errors
    /// When the value is of another kind.
    fn from_value(value: Value) -> Result<Self, DecodeError>;

    /// As [`from_value`](Self::from_value) with a text that is only borrowed: types that don't keep it need no copy.
    ///
    /// # Errors
    /// When the text is of another kind.
    fn from_text(text: &str) -> Result<Self, DecodeError> {
        Self::from_value(Value::Text(text.to_owned()))
    }
}

impl FromValue for Value {
    fn from_value(value: Value) -> Result<Self, DecodeError> {
        Ok(value)
    }
}

impl FromValue for String {
    fn from_value(value: Value) -> Result<Self, DecodeError> {
        match value {
            Value::Text(text) => Ok(text),
            // SQLite columns are dynamically typed: other writers may have left a number or bytes in a text column.
            Value::Int(v) => Ok(v.to_string()),
            Value::Real(v) => Ok(v.to_string()),
            Value::Blob(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Value::Time(v) => Ok(v.to_sql_text()),
            other => Err(DecodeError::new("text", &other)),
        }
    }
}

impl FromValue for i64 {
    fn from_value(value: Value) -> Result<Self, DecodeError> {
        match value {
            Value::Int(v) => Ok(v),
            Value::Bool(v) => Ok(v.into()),
            other => Err(DecodeError::new("an integer", &other)),
        }
    }
}

/// For counts: a negative number is an error.
impl FromValue for u64 {
    fn from_value(value: Value) -> Result<Self, DecodeError> {
        let found = DecodeError::new("a count", &value);
        u64::try_from(i64::from_value(value)?).map_err(|_| found)
    }
}

/// An infinite one is an error, as it is where it is written: JSON has no word for it, so nobody could read what is shown.
impl FromValue for f64 {
    fn from_value(value: Value) -> Result<Self, DecodeError> {
        match value {
            Value::Real(v) if v.is_finite() => Ok(v),
            #[expect(clippy::cast_precision_loss, reason = "a float column that holds an integer")]
            Value::Int(v) => Ok(v as f64),
            other => Err(DecodeError::new("a number", &other)),
        }
    }
}

/// Any non-zero or non-empty value is true (contract document 10 §2).
impl FromValue for bool {
    fn from_value(value: Value) -> Result<Self, DecodeError> {
        match value {
            Value::Bool(v) => Ok(v),
            Value::Int(v) => Ok(v != 0),
            Value::Real(v) => Ok(v != 0.0),
            Value::Text(v) => Ok(!v.is_empty()),
            Value::Blob(v) => Ok(!v.is_empty()),
            other => Err(DecodeError::new("a boolean", &other)),
        }
    }
}

impl FromValue for Timestamp {
    fn from_value(value: Value) -> Result<Self, DecodeError> {
        match value {
            Value::Time(v) => Ok(v),
            Value::Text(text) => Self::from_text(&text),
            other => Err(DecodeError::new("a time", &other)),
        }
    }

    fn from_text(text: &str) -> Result<Self, DecodeError> {
        text.parse().map_err(|_| DecodeError { expected: "a time", found: format!("the text {text:.40?}") })
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: Value) -> Result<Self, DecodeError> {
        match value {
            Value::Blob(v) => Ok(v),
            Value::Text(v) => Ok(v.into_bytes()),
            other => Err(DecodeError::new("bytes", &other)),
        }
    }
}

impl FromValue for Json {
    fn from_value(value: Value) -> Result<Self, DecodeError> {
        let text = String::from_value(value)?;
        Json::parse(text).map_err(|_| DecodeError { expected: "JSON", found: "other text".to_owned() })
    }
}

impl FromValue for JsonOrText {
    fn from_value(value: Value) -> Result<Self, DecodeError> {
        String::from_value(value).map(JsonOrText::from)
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value) -> Result<Self, DecodeError> {
        if value.is_null() { Ok(None) } else { T::from_value(value).map(Some) }
    }

    fn from_text(text: &str) -> Result<Self, DecodeError> {
        T::from_text(text).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booleans_read_as_the_original_reads_them() {
        for (value, expected) in [
            (Value::Int(0), false),
            (Value::Int(7), true),
            (Value::Text(String::new()), false),
            (Value::Text("false".into()), true),
            (Value::Real(0.0), false),
        ] {
            assert_eq!(bool::from_value(value), Ok(expected));
        }
        assert!(bool::from_value(Value::Null).is_err());
    }

    #[test]
    fn a_number_is_finite() {
        assert_eq!(f64::from_value(Value::Real(f64::MAX)), Ok(f64::MAX));
        for value in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
            assert!(f64::from_value(Value::Real(value)).is_err(), "{value}");
        }
    }

    #[test]
    fn an_error_names_table_and_column() {
        let error = i64::from_value(Value::Text("x".into())).unwrap_err().at("logs", "id");
        assert_eq!(error.to_string(), "logs.id holds something else than an integer");
    }
}
