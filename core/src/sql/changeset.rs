//! A changeset: some columns of a record with values, which partial updates and upserts set.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::{Col, Column, ColumnKind, Insert, JsonShape, Record, Table, Value};
use crate::error::{Error, Result};
use crate::json::Json;
use crate::text::shown;
use crate::time::Timestamp;

/// A changeset: columns of `R`'s table with values, each checked against its column (ruling R8).
///
/// As JSON: an object whose members are columns; times are text in ISO 8601, truth values may be 0 or 1, columns that hold
/// JSON text take text as it is, and a map or list in the form that DECNET writes there. Members that the matching read
/// method adds to the columns are ignored; any other member is refused.
///
/// ```
/// use decnet_db_core::contract::User;
/// use decnet_db_core::sql::{Changeset, Value};
///
/// let changes = Changeset::<User>::new().set(User::ROLE, "admin").set(User::MUST_CHANGE_PASSWORD, false);
/// assert_eq!(changes.get(User::ROLE), Some(&Value::Text("admin".into())));
///
/// let error = Changeset::<User>::from_json(&r#"{"rule": "admin"}"#.parse()?).unwrap_err();
/// assert_eq!(error.to_string(), "rule: users has no such column");
/// # Ok::<(), decnet_db_core::Error>(())
/// ```
pub struct Changeset<R> {
    entries: Vec<(&'static Column, Value)>,
    /// The first column that was refused.
    refused: Option<Error>,
    record: PhantomData<fn() -> R>,
}

impl<R: Record> Changeset<R> {
    /// No column yet.
    pub fn new() -> Self {
        Self { entries: Vec::new(), refused: None, record: PhantomData }
    }

    /// Sets a column; a later value replaces an earlier one. A value of another kind is reported when the changes are used.
    #[must_use]
    pub fn set<T>(self, column: Col<R, T>, value: impl Into<Value>) -> Self {
        self.set_column(column.column(), value)
    }

    /// As [`set`](Self::set), for tools that go through a table's columns.
    #[must_use]
    pub fn set_column(mut self, column: &'static Column, value: impl Into<Value>) -> Self {
        let value = value.into();
        if R::TABLE.name != column.table {
            self.refuse(no_column(R::TABLE, column.name));
        } else if column.kind.takes(&value) {
            self.put(column, value);
        } else {
            let reason = format!("{} is not what the column holds", value.kind());
            self.refuse(Error::invalid_input(column.name, reason));
        }
        self
    }

    /// Sets a column when it has no value or NULL.
    #[must_use]
    pub fn or_set(self, column: impl Into<&'static Column>, value: impl Into<Value>) -> Self {
        let column = column.into();
        if self.get(column).is_none_or(Value::is_null) { self.set_column(column, value) } else { self }
    }

    /// Sets a column to what a JSON value means there, as [`from_json`](Self::from_json) does.
    #[must_use]
    pub fn set_json<T>(mut self, column: Col<R, T>, json: &Json) -> Self {
        match value_of(column.column(), json) {
            Ok(value) => self.put(column.column(), value),
            Err(error) => self.refuse(error.within(column.name())),
        }
        self
    }

    fn put(&mut self, column: &'static Column, value: Value) {
        match self.entries.iter_mut().find(|(present, _)| present.name == column.name) {
            Some(entry) => entry.1 = value,
            None => self.entries.push((column, value)),
        }
    }

    fn refuse(&mut self, error: Error) {
        self.refused.get_or_insert(error);
    }

    /// The value of a column, if it is set.
    pub fn get(&self, column: impl Into<&'static Column>) -> Option<&Value> {
        let column = column.into();
        self.entries.iter().find(|(present, _)| present.name == column.name).map(|(_, value)| value)
    }

    /// The text that a column is set to.
    pub fn text(&self, column: impl Into<&'static Column>) -> Option<&str> {
        match self.get(column) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Takes a column out.
    pub fn remove(&mut self, column: impl Into<&'static Column>) -> Option<Value> {
        let column = column.into();
        let position = self.entries.iter().position(|(present, _)| present.name == column.name)?;
        Some(self.entries.remove(position).1)
    }

    /// Takes a text column out that must have a value, such as the natural key of an upsert.
    ///
    /// # Errors
    /// Invalid input when it is absent, null, no text, or too long for the column.
    pub fn require_text(&mut self, column: impl Into<&'static Column>) -> Result<String> {
        let column = column.into();
        let value = self.remove(column).unwrap_or(Value::Null);
        R::TABLE
            .check(column, &value)
            .map_err(|error| if value.is_null() { needed(column) } else { error })?;
        match value {
            Value::Text(text) => Ok(text),
            Value::Null => Err(needed(column)),
            _ => Err(Error::invalid_input(column.name, "must be text")),
        }
    }

    /// Without NULLs for columns that can't be NULL: in an upsert they mean that the column is absent (ruling R17).
    #[must_use]
    pub fn without_absent(mut self) -> Self {
        self.entries.retain(|(column, value)| column.nullable || !value.is_null());
        self
    }

    /// Whether no column is set.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.refused.is_none()
    }

    /// The columns and values in the order in which they were set.
    pub fn iter(&self) -> impl Iterator<Item = (&'static Column, &Value)> {
        self.entries.iter().map(|(column, value)| (*column, value))
    }

    /// Checks each value against its column, as an UPDATE needs it: NULL only where the column may be NULL.
    ///
    /// # Errors
    /// Invalid input that names the column.
    pub fn check(self) -> Result<Self> {
        if let Some(error) = self.refused {
            return Err(error);
        }
        for (column, value) in &self.entries {
            R::TABLE.check_given(column, value)?;
        }
        Ok(self)
    }

    /// The row that an INSERT needs: a column that is absent or NULL takes its default (contract document 10 §2).
    ///
    /// # Errors
    /// Invalid input that names the column: a value that it can't hold, or none where it needs one.
    pub fn insert(self) -> Result<Insert> {
        if let Some(error) = self.refused {
            return Err(error);
        }
        let (mut columns, mut values) = (Vec::new(), Vec::new());
        let mut given = self.entries;
        for column in R::TABLE.columns {
            let value = given
                .iter_mut()
                .find(|(present, _)| present.name == column.name)
                .map_or(Value::Null, |entry| std::mem::replace(&mut entry.1, Value::Null));
            let value = match column.default {
                Some(default) if value.is_null() => default.value(),
                _ => value,
            };
            if value.is_null() && column.kind == ColumnKind::Serial {
                continue;
            }
            if value.is_null() && !column.nullable {
                return Err(needed(column));
            }
            R::TABLE.check_given(column, &value)?;
            columns.push(column.name);
            values.push(value);
        }
        Insert::raw(R::TABLE, columns, values)
    }
}

/// The columns and values in the order in which they were set.
impl<R> IntoIterator for Changeset<R> {
    type Item = (&'static Column, Value);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl<R: Record> Default for Changeset<R> {
    fn default() -> Self {
        Self::new()
    }
}

impl<R> Clone for Changeset<R> {
    fn clone(&self) -> Self {
        Self { entries: self.entries.clone(), refused: self.refused.clone(), record: PhantomData }
    }
}

/// The names of the columns: values may be secrets.
impl<R> fmt::Debug for Changeset<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.entries.iter().map(|(column, _)| column.name)).finish()
    }
}

impl<R: Record> Changeset<R> {
    /// Reads a JSON object of columns.
    ///
    /// # Errors
    /// Invalid input that names the member.
    pub fn from_json(json: &Json) -> Result<Self> {
        if !json.is_object() {
            return Err(Error::invalid_input("", format!("must be a map of columns of {}", R::TABLE.name)));
        }
        let mut fields = Self::new();
        for (name, json) in json.decode::<BTreeMap<String, Json>>()? {
            match R::TABLE.column(&name) {
                Some(column) => {
                    fields.put(column, value_of(column, &json).map_err(|error| error.within(&name))?)
                }
                None if R::DERIVED.contains(&name.as_str()) => {}
                None => return Err(no_column(R::TABLE, &name)),
            }
        }
        Ok(fields)
    }
}

impl<'de, R: Record> Deserialize<'de> for Changeset<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Self::from_json(&Json::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

fn needed(column: &Column) -> Error {
    Error::invalid_input(column.name, "is needed")
}

fn no_column(table: &Table, name: &str) -> Error {
    Error::invalid_input(shown(name), format!("{} has no such column", table.name))
}

/// A JSON value as the column's value: nothing is coerced but 0 and 1 to truth values.
fn value_of(column: &Column, json: &Json) -> Result<Value> {
    // Where any JSON is meant, null is a value (ruling R19).
    let is_value =
        column.kind == ColumnKind::Json && column.json.is_some_and(|json| json.shape == JsonShape::Any);
    if json.is_null() && !is_value {
        return Ok(Value::Null);
    }
    let wants = |what: &str| Error::invalid_input("", format!("must be {what}"));
    let text = json.as_str();
    Ok(match column.kind {
        ColumnKind::Serial | ColumnKind::Int | ColumnKind::Int32 => {
            Value::Int(text.parse().map_err(|_| wants("an integer of at most 64 bits"))?)
        }
        ColumnKind::Float => Value::Real(json.decode::<f64>().map_err(|_| wants("a number"))?),
        ColumnKind::Bool => Value::Bool(match text {
            "true" | "1" => true,
            "false" | "0" => false,
            _ => return Err(wants("true or false")),
        }),
        ColumnKind::Time => Value::Time(if json.is_string() {
            json.decode::<String>()?.parse::<Timestamp>()?
        } else {
            return Err(wants("a time as text"));
        }),
        ColumnKind::Bytes(length) => {
            let bytes = if json.is_string() { bytes_of_hex(&json.decode::<String>()?) } else { None };
            Value::Blob(bytes.ok_or_else(|| wants(&format!("{} hexadecimal digits", 2 * length)))?)
        }
        // A value like all others: text is not taken for JSON.
        ColumnKind::Json => match column.json {
            Some(json_text) => Value::Text(json_text.write(json)?),
            None => Value::Text(json.spaced()?),
        },
        _ if json.is_string() => Value::Text(json.decode()?),
        _ => match column.json.map(|json_text| (json_text, json_text.misses(json))) {
            Some((json_text, None)) => Value::Text(json_text.write(json)?),
            Some((_, Some(what))) => return Err(wants(&format!("{what}, or text that holds JSON"))),
            None => return Err(wants("text")),
        },
    })
}

/// The bytes that hexadecimal digits spell, two a byte.
fn bytes_of_hex(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| {
        let digit = |digit: &u8| char::from(*digit).to_digit(16);
        let [high, low] = pair else { return None };
        u8::try_from(16 * digit(high)? + digit(low)?).ok()
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{AttackerIdentity, AttributionState, User};

    fn read(json: &str) -> Result<Changeset<User>> {
        Changeset::from_json(&json.parse().unwrap())
    }

    #[test]
    fn members_are_checked_against_their_columns() {
        let fields =
            read(r#"{"role": "x", "must_change_password": 1, "tokens_valid_from": "2026-01-02"}"#).unwrap();
        assert_eq!(fields.get(User::MUST_CHANGE_PASSWORD), Some(&Value::Bool(true)));
        assert!(matches!(fields.get(User::TOKENS_VALID_FROM), Some(Value::Time(_))));
        for (json, message) in [
            (r#"{"rule": 1}"#, "rule: users has no such column"),
            (r#"{"role": 1}"#, "role: must be text"),
            (r#"{"must_change_password": "yes"}"#, "must_change_password: must be true or false"),
            (r#"{"tokens_valid_from": 3}"#, "tokens_valid_from: must be a time as text"),
        ] {
            assert_eq!(read(json).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn a_value_of_another_kind_is_refused_when_the_fields_are_used() {
        let error = Changeset::<User>::new().set(User::MUST_CHANGE_PASSWORD, "yes").check().unwrap_err();
        assert_eq!(error.to_string(), "must_change_password: text is not what the column holds");
    }

    #[test]
    fn an_insert_takes_defaults_and_wants_what_has_none() {
        let error = read(r#"{"uuid": "u", "username": null}"#).unwrap().insert().unwrap_err();
        assert_eq!(error.to_string(), "username: is needed");
    }

    #[test]
    fn null_in_an_update_needs_a_column_that_may_be_null() {
        assert!(read(r#"{"tokens_valid_from": null}"#).unwrap().check().is_ok());
        let error = read(r#"{"role": null}"#).unwrap().check().unwrap_err();
        assert_eq!(error.to_string(), "role: must not be null");
    }

    #[test]
    fn a_column_for_any_json_takes_text_as_a_string_and_null_as_a_value() {
        for (json, stored) in [
            (r#""typed""#, r#""typed""#),
            ("null", "null"),
            ("1.0", "1.0"),
            ("-9223372036854775808", "-9223372036854775808"),
            (r#"{"a":[1,"é"]}"#, r#"{"a": [1, "\u00e9"]}"#),
        ] {
            let read = Changeset::<AttributionState>::from_json(
                &format!(r#"{{"current_value": {json}}}"#).parse().unwrap(),
            );
            assert_eq!(read.unwrap().text(AttributionState::CURRENT_VALUE), Some(stored));
        }
        for beyond in ["9223372036854775808", "-9223372036854775809", "1e19", "-9.3e18"] {
            let json = format!(r#"{{"current_value": {beyond}}}"#).parse().unwrap();
            let read = Changeset::<AttributionState>::from_json(&json);
            let error = read.and_then(Changeset::check).unwrap_err();
            let error = error.to_string();
            assert!(error.starts_with("current_value: ") && error.contains("64 bits"), "{error}");
        }
    }

    #[test]
    fn bytes_come_as_hexadecimal_digits() {
        let read = |digits: &str| {
            let json = format!(r#"{{"kd_digraph_simhash": {digits}}}"#).parse().unwrap();
            Changeset::<AttackerIdentity>::from_json(&json).and_then(Changeset::check)
        };
        let set = read(r#""41424344007f7aFF""#).unwrap();
        let bytes = Value::Blob(b"ABCD\x00\x7fz\xff".to_vec());
        assert_eq!(set.get(AttackerIdentity::KD_DIGRAPH_SIMHASH), Some(&bytes));
        for wrong in
            [r#""4142""#, r#""4142434400zzzzzz""#, r#""414243440000000""#, "1", r#""+142434400000000""#]
        {
            let error = read(wrong).unwrap_err();
            assert!(error.to_string().starts_with("kd_digraph_simhash: "), "{error}");
        }
    }
}
