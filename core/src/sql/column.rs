//! One column: what it holds, what an insert takes that lacks it, and the constant that names it.

use std::fmt;
use std::marker::PhantomData;

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
    /// The name of the table that it is a column of; empty for a column that stands alone, as in tests.
    pub table: &'static str,
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
    /// Whether equality with the column is that of bytes, whatever the column's collation: the natural keys that decide
    /// about merging evidence (ruling R4).
    pub exact: bool,
    /// What becomes of a value that the column could hold, but the narrower one of a table that DECNET made can't.
    pub narrow: Narrow,
}

/// Columns are the same when they have the same name in the same table.
impl PartialEq for Column {
    fn eq(&self, other: &Self) -> bool {
        (self.table, self.name) == (other.table, other.name)
    }
}

impl Column {
    /// A column without default.
    pub const fn new(name: &'static str, kind: ColumnKind, nullable: bool) -> Self {
        Self {
            table: "",
            name,
            kind,
            nullable,
            default: None,
            json: None,
            exact: false,
            narrow: Narrow::Refuse,
        }
    }
}

/// The column of `R`'s table that holds `T`: the constant that `#[derive(Record)]` makes of each field.
///
/// Everything that names a column takes it, so a misspelt column does not compile:
///
/// ```
/// use decnet_db_core::contract::User;
///
/// assert_eq!(User::USERNAME.name(), "username");
/// assert_eq!(User::USERNAME.to_string(), "users.username");
/// ```
///
/// ```compile_fail
/// use decnet_db_core::contract::User;
///
/// User::USER_NAME;
/// ```
pub struct Col<R, T> {
    column: &'static Column,
    types: PhantomData<fn() -> (R, T)>,
}

impl<R, T> Col<R, T> {
    /// For `#[derive(Record)]`, which knows that the column is one of `R`'s and holds `T`.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(column: &'static Column) -> Self {
        Self { column, types: PhantomData }
    }

    /// What is known of the column.
    #[must_use]
    pub const fn column(self) -> &'static Column {
        self.column
    }

    /// The column's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.column.name
    }
}

impl<R, T> Clone for Col<R, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R, T> Copy for Col<R, T> {}

impl<R, T> From<Col<R, T>> for &'static Column {
    fn from(column: Col<R, T>) -> Self {
        column.column
    }
}

/// `table.column`.
impl<R, T> fmt::Display for Col<R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.column.table, self.column.name)
    }
}

impl<R, T> fmt::Debug for Col<R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What becomes of a value that a narrower column can't hold, on tables that DECNET made (rulings R3, R18 and R19).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Narrow {
    /// Invalid input that names the column.
    #[default]
    Refuse,
    /// Text is cut to what fits, on a character's boundary: the event that it belongs to counts for more.
    Cut,
    /// A number is stored as near as the column comes to it.
    Round,
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
    /// Any value, null included.
    Any,
}

impl JsonText {
    /// The value's text as the column stores it.
    ///
    /// # Errors
    /// Invalid input for a value of another shape, an integer beyond 64 bits, or nesting beyond 128 levels.
    pub fn write(self, json: &Json) -> Result<String> {
        if let Some(what) = self.misses(json) {
            return Err(Error::invalid_input("", format!("must be {what}")));
        }
        match self.form {
            JsonForm::Compact => json.compact(),
            JsonForm::Spaced => json.spaced(),
        }
    }

    /// What the value should be, unless it is that.
    pub(in crate::sql) fn misses(self, json: &Json) -> Option<&'static str> {
        let (fits, what) = match self.shape {
            JsonShape::MapOrList => (json.is_object() || json.is_array(), "a map or a list"),
            JsonShape::Map => (json.is_object(), "a map"),
            JsonShape::List => (json.is_array(), "a list"),
            JsonShape::Any => (true, ""),
        };
        (!fits).then_some(what)
    }
}
