//! One column: what it holds, and what an insert takes that lacks it.

use super::Value;
use crate::error::{Error, Result};
use crate::json::Json;
use crate::time::Timestamp;

/// What a column holds, apart from the engine's spelling of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ColumnKind {
    /// The integer key that the database assigns.
    Serial,
    /// Text without a stated length; where an index uses it, 255 characters at most (ruling R8).
    Text,
    /// Text of at most so many characters.
    TextOf(u16),
    /// Long text.
    LongText,
    /// A 64-bit integer.
    Int,
    /// An integer of 32 bits: wider ones are refused (rulings R8 and R16).
    Int32,
    /// A double.
    Float,
    /// A truth value.
    Bool,
    /// An instant with microseconds.
    Time,
    /// JSON text.
    Json,
    /// Exactly so many bytes.
    Bytes(u16),
}

impl ColumnKind {
    /// Whether a value is of this kind. NULL is of every kind; whole numbers are also floats and truth values.
    pub fn takes(self, value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::Bool(_) => self == Self::Bool,
            Value::Int(_) => {
                matches!(self, Self::Serial | Self::Int | Self::Int32 | Self::Float | Self::Bool)
            }
            Value::Real(_) => self == Self::Float,
            Value::Text(_) => {
                matches!(self, Self::Text | Self::TextOf(_) | Self::LongText | Self::Json)
            }
            Value::Blob(_) => matches!(self, Self::Bytes(_)),
            Value::Time(_) => self == Self::Time,
        }
    }
}

/// One column of a [`Table`](super::Table).
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: ColumnKind,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// What an insert takes that lacks the column: no column has a default in the database (contract document 10 §2).
    pub default: Option<ColumnDefault>,
    /// For columns that hold JSON text: which values they take beside text, and how those are written.
    pub json: Option<JsonText>,
}

impl Column {
    /// A column without default.
    pub const fn new(name: &'static str, kind: ColumnKind, nullable: bool) -> Self {
        Self { name, kind, nullable, default: None, json: None }
    }
}

/// What an insert takes for a column that it lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ColumnDefault {
    /// Fixed text.
    Text(&'static str),
    /// A fixed number.
    Int(i64),
    /// A fixed truth value.
    Bool(bool),
    /// The instant of the insert.
    Now,
    /// A fresh version 4 uuid, 36 lower-case characters.
    Uuid,
}

impl ColumnDefault {
    /// The value for one row.
    pub fn value(self) -> Value {
        match self {
            Self::Text(text) => text.into(),
            Self::Int(number) => number.into(),
            Self::Bool(flag) => flag.into(),
            Self::Now => Timestamp::now().into(),
            Self::Uuid => uuid::Uuid::new_v4().to_string().into(),
        }
    }
}

/// The two forms in which DECNET writes JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonForm {
    /// No blanks, UTF-8 as it is: see [`Json::compact`].
    Compact,
    /// Blanks after `,` and `:`, ASCII only: see [`Json::spaced`].
    Spaced,
}

/// What a column that holds JSON text takes beside text, which is stored byte for byte (rulings R8 and R12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonText {
    /// Which values.
    pub shape: JsonShape,
    /// How they are written.
    pub form: JsonForm,
}

/// Which JSON values a column takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonShape {
    /// Maps and lists.
    MapOrList,
    /// Maps alone.
    Map,
    /// Lists alone, of anything.
    List,
}

impl JsonText {
    /// The value's text as the column stores it.
    ///
    /// # Errors
    /// Invalid input for a value of another shape, an integer beyond 64 bits, or nesting beyond 128 levels.
    pub fn write(self, json: &Json) -> Result<String> {
        let (fits, what) = match self.shape {
            JsonShape::MapOrList => (json.is_object() || json.is_array(), "a map, a list,"),
            JsonShape::Map => (json.is_object(), "a map,"),
            JsonShape::List => (json.is_array(), "a list,"),
        };
        if !fits {
            return Err(Error::invalid_input("", format!("must be {what} or text that holds JSON")));
        }
        match self.form {
            JsonForm::Compact => json.compact(),
            JsonForm::Spaced => json.spaced(),
        }
    }
}
