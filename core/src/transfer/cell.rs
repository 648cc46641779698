//! What a stored value means, by the kind of its column; and values as bytes, for checksums.

use serde::Serialize;
use serde::de::IgnoredAny;

use crate::sql::{Column, ColumnKind, Table, Value};
use crate::text::excerpt;
use crate::time::Timestamp;

/// Something about one stored value that the operator should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The table.
    pub table: &'static str,
    /// The row's primary key, as text.
    pub key: String,
    /// The column, where one is to blame.
    pub column: Option<String>,
    /// What is the matter.
    pub what: String,
}

impl Finding {
    pub(super) fn new(
        table: &'static Table,
        key: &[Value],
        column: Option<&str>,
        what: impl Into<String>,
    ) -> Self {
        Self { table: table.name, key: key_text(key), column: column.map(str::to_owned), what: what.into() }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let column = self.column.as_deref();
        let (dot, column) = column.map_or(("", ""), |column| (".", column));
        write!(f, "{}{dot}{column} of the row {}: {}", self.table, self.key, self.what)
    }
}

/// A key as text on one line: `17`, `"6f1c…"`, `"host-1", "decky-01"`.
fn key_text(key: &[Value]) -> String {
    let part = |value: &Value| match value {
        Value::Int(v) => v.to_string(),
        Value::Text(text) => excerpt(text),
        Value::Time(time) => time.to_string(),
        other => excerpt(&format!("{other:?}")),
    };
    key.iter().map(part).collect::<Vec<_>>().join(", ")
}

/// The value as the column's kind means it: a time that is stored as text becomes a time, 1 becomes true, a number in a
/// JSON column its JSON text. A value that the kind can't mean comes back as it is, with the reason.
pub(super) fn normalise(column: &Column, value: Value) -> (Value, Option<String>) {
    let odd = |value: Value, wanted: &str| {
        let found = match &value {
            Value::Text(text) => format!("the text {}", excerpt(text)),
            Value::Int(v) => format!("the number {v}"),
            Value::Real(v) => format!("the number {v:?}"),
            other => other.kind().to_owned(),
        };
        (value, Some(format!("{found} is not {wanted}")))
    };
    match (column.kind, value) {
        (_, Value::Null) => (Value::Null, None),
        (ColumnKind::Serial | ColumnKind::Int | ColumnKind::Int32, Value::Bool(v)) => {
            (Value::Int(v.into()), None)
        }
        (ColumnKind::Serial | ColumnKind::Int | ColumnKind::Int32, value) => match value {
            Value::Int(_) => (value, None),
            other => odd(other, "an integer"),
        },
        (ColumnKind::Float, value) => match value {
            Value::Real(_) => (value, None),
            #[expect(clippy::cast_precision_loss, reason = "the column holds doubles")]
            Value::Int(v) => (Value::Real(v as f64), None),
            other => odd(other, "a number"),
        },
        // Reading takes any other value for true or false too; a copy must not make one of it.
        (ColumnKind::Bool, value) => match value {
            Value::Bool(_) => (value, None),
            Value::Int(v @ (0 | 1)) => (Value::Bool(v == 1), None),
            other => odd(other, "a truth value, 0 or 1"),
        },
        (ColumnKind::Time, Value::Text(text)) => match Timestamp::parse(&text) {
            Ok(time) => (Value::Time(time), None),
            Err(_) => odd(Value::Text(text), "a time"),
        },
        (ColumnKind::Time, value) => match value {
            Value::Time(_) => (value, None),
            other => odd(other, "a time"),
        },
        (ColumnKind::Json, value) => match value {
            Value::Text(text) if serde_json::from_str::<IgnoredAny>(&text).is_err() => {
                odd(Value::Text(text), "JSON of at most 128 levels")
            }
            Value::Text(text) => (Value::Text(text), None),
            // SQLite turns JSON text that is a number into that number (the affinity of a JSON column is NUMERIC).
            Value::Int(v) => (Value::Text(v.to_string()), None),
            Value::Real(v) if v.is_finite() => (Value::Text(format!("{v:?}")), None),
            other => odd(other, "JSON"),
        },
        (ColumnKind::Text | ColumnKind::TextOf(_) | ColumnKind::LongText, value) => match value {
            Value::Text(_) => (value, None),
            other => odd(other, "text"),
        },
        (ColumnKind::Bytes(_), value) => match value {
            Value::Blob(_) => (value, None),
            Value::Text(text) => (Value::Blob(text.into_bytes()), None),
            other => odd(other, "bytes"),
        },
    }
}

/// Appends the value in a form that is the same for the same meaning, and differs for different ones. With
/// `json_by_value`, JSON counts by its value and not by its spelling.
pub(super) fn encode(column: &Column, value: &Value, json_by_value: bool, out: &mut Vec<u8>) {
    let mut bytes = |tag: u8, bytes: &[u8]| {
        out.push(tag);
        out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        out.extend_from_slice(bytes);
    };
    match value {
        Value::Null => bytes(0, b""),
        Value::Bool(v) => bytes(1, &[u8::from(*v)]),
        Value::Int(v) => bytes(2, &v.to_le_bytes()),
        // Adding zero makes -0.0 the 0.0 that SQLite makes of it too.
        Value::Real(v) => bytes(3, &(v + 0.0).to_bits().to_le_bytes()),
        Value::Text(text) if json_by_value && column.kind == ColumnKind::Json => {
            match serde_json::from_str::<serde_json::Value>(text) {
                Ok(json) => bytes(7, plain(json).to_string().as_bytes()),
                Err(_) => bytes(4, text.as_bytes()),
            }
        }
        Value::Text(text) => bytes(4, text.as_bytes()),
        Value::Blob(blob) => bytes(5, blob),
        Value::Time(time) => bytes(6, &time.as_microseconds().to_le_bytes()),
    }
}

/// The same JSON, with whole numbers spelled as integers and members sorted: engines that parse JSON respell both.
fn plain(json: serde_json::Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match json {
        Json::Number(number) => match number.as_f64() {
            #[expect(clippy::cast_possible_truncation, reason = "below 2^53 the conversion is exact")]
            Some(v) if number.is_f64() && v.fract() == 0.0 && v.abs() < 9e15 => Json::from(v as i64),
            _ => Json::Number(number),
        },
        Json::Array(items) => items.into_iter().map(plain).collect(),
        Json::Object(members) => {
            let mut members: Vec<_> = members.into_iter().map(|(key, value)| (key, plain(value))).collect();
            members.sort_by(|a, b| a.0.cmp(&b.0));
            Json::Object(members.into_iter().collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(kind: ColumnKind) -> Column {
        Column::new("c", kind, true)
    }

    fn meaning(kind: ColumnKind, value: impl Into<Value>) -> (Value, Option<String>) {
        normalise(&column(kind), value.into())
    }

    #[test]
    fn a_value_is_what_its_column_means() {
        let time = Timestamp::parse("2026-01-02T03:04:05.000007Z").unwrap();
        assert_eq!(meaning(ColumnKind::Time, "2026-01-02 03:04:05.000007"), (Value::Time(time), None));
        assert_eq!(meaning(ColumnKind::Bool, 1_i64), (Value::Bool(true), None));
        assert_eq!(meaning(ColumnKind::Bool, 0_i64), (Value::Bool(false), None));
        assert_eq!(meaning(ColumnKind::Float, 3_i64), (Value::Real(3.0), None));
        assert_eq!(meaning(ColumnKind::Json, 1.5), ("1.5".into(), None));
        assert_eq!(meaning(ColumnKind::Json, 1e300), ("1e300".into(), None));
        assert_eq!(meaning(ColumnKind::Int, true), (Value::Int(1), None));
    }

    #[test]
    fn what_a_column_cannot_mean_stays_and_is_named() {
        let (value, why) = meaning(ColumnKind::Time, "yesterday\n");
        assert_eq!(value, "yesterday\n".into());
        assert_eq!(why.as_deref(), Some(r#"the text "yesterday\n" is not a time"#));
        assert!(meaning(ColumnKind::Time, 20_260_102_i64).1.is_some());
        for odd in [Value::Int(2), Value::Int(-1), "yes".into(), Value::Real(0.5)] {
            let (value, why) = meaning(ColumnKind::Bool, odd.clone());
            assert_eq!(value, odd);
            assert!(why.unwrap().ends_with("is not a truth value, 0 or 1"));
        }
        assert!(meaning(ColumnKind::Int, "x").1.is_some());
        assert!(meaning(ColumnKind::Json, "{").1.is_some());
        assert!(meaning(ColumnKind::LongText, vec![0xff_u8]).1.is_some());
    }

    #[test]
    fn encodings_differ_where_meanings_differ() {
        let encoded = |kind, value: Value, by_value| {
            let mut out = Vec::new();
            encode(&column(kind), &value, by_value, &mut out);
            out
        };
        let json = |text: &str, by_value| encoded(ColumnKind::Json, text.into(), by_value);
        assert_ne!(json(r#"{"a": 1}"#, false), json(r#"{"a":1}"#, false));
        assert_eq!(json(r#"{"b":1.0,"a": 1}"#, true), json(r#"{"a":1,"b":1}"#, true));
        assert_ne!(json(r#"{"a":1}"#, true), json(r#"{"a":"1"}"#, true));
        assert_ne!(
            encoded(ColumnKind::Text, "".into(), false),
            encoded(ColumnKind::Text, Value::Null, false)
        );
        assert_eq!(
            encoded(ColumnKind::Float, Value::Real(-0.0), false),
            encoded(ColumnKind::Float, Value::Real(0.0), false)
        );
    }
}
