//! What the original wrote and returned (`tests/golden/`), in a form that tests compare.

use std::path::Path;

use serde_json::{Map, Value};

/// A recorded call of the original.
pub(crate) struct Recorded {
    /// Its number in the list.
    pub(crate) n: u64,
    pub(crate) method: String,
    /// Times are text.
    pub(crate) arguments: Value,
    /// Times have the `Z` form. `Err` has the name of the exception.
    pub(crate) outcome: Result<Value, String>,
    /// How the result was reduced.
    pub(crate) reduction: Option<String>,
    /// What the original's own lock file makes it return where the newest dependencies raise.
    pub(crate) pinned: Option<Value>,
}

/// The `reads` or `mutations` of `core.expected.json`.
pub(crate) fn recorded(part: &str) -> Vec<Recorded> {
    let text = include_str!("../golden/core.expected.json");
    let mut expected: Map<String, Value> = serde_json::from_str(text).expect("the golden file is JSON");
    let Some(Value::Array(calls)) = expected.remove(part) else { panic!("no list {part}") };
    calls.into_iter().map(Recorded::read).collect()
}

impl Recorded {
    fn read(call: Value) -> Self {
        let Value::Object(mut call) = call else { panic!("no call: {call}") };
        let text = |value: Option<Value>| value.and_then(|value| value.as_str().map(str::to_owned));
        let outcome = match text(call.remove("error")) {
            Some(error) => Err(error),
            None => Ok(shown(call.remove("result").expect("a call has a result or an error"))),
        };
        Self {
            n: call["n"].as_u64().expect("a number"),
            method: text(call.remove("method")).expect("a name"),
            arguments: given(call.remove("args").expect("arguments")),
            outcome,
            reduction: text(call.remove("result_is")),
            pinned: call.remove("pinned_result").map(shown),
        }
    }

    /// Our result, reduced as the recorded one.
    pub(crate) fn reduce(&self, result: Value) -> Value {
        match self.reduction.as_deref() {
            None => result,
            Some("ids in returned order") => {
                let rows = result.as_array().expect("a list");
                rows.iter().map(|row| row["id"].clone()).collect()
            }
            Some("ip of each row in returned order") => {
                let rows = result.as_array().expect("a list");
                rows.iter().map(|row| row["ip"].clone()).collect()
            }
            Some("unordered set of pairs, sorted here") => result,
            Some(other) => panic!("the reduction {other:?} is not written yet"),
        }
    }
}

/// `{"$datetime": "…+00:00"}` as ruling R1 shows it.
fn shown(value: Value) -> Value {
    native_times(value, &|text| Value::String(text.replace("+00:00", "Z")))
}

/// `{"$datetime": "…"}` as callers give it.
fn given(value: Value) -> Value {
    native_times(value, &Value::String)
}

fn native_times(value: Value, replace: &impl Fn(String) -> Value) -> Value {
    match value {
        Value::Object(mut map) => match map.remove("$datetime") {
            Some(Value::String(text)) => replace(text),
            _ => map.into_iter().map(|(key, value)| (key, native_times(value, replace))).collect(),
        },
        Value::Array(list) => list.into_iter().map(|value| native_times(value, replace)).collect(),
        other => other,
    }
}

/// Makes the file that the original wrote.
pub(crate) fn write(path: &Path) {
    let file = rusqlite::Connection::open(path).expect("the file is made");
    file.execute_batch(include_str!("../golden/core.sql")).expect("the original's SQL runs");
}

/// The rows that the original wrote, parents first.
#[cfg(feature = "mysql")]
pub(crate) fn rows() -> decnet_db::sql::Unit {
    use decnet_db::contract::tables::SCHEMA;
    use decnet_db::sql::{ColumnKind, Insert, Unit, Value};
    use rusqlite::types::ValueRef;

    let file = rusqlite::Connection::open_in_memory().expect("a database in memory");
    file.execute_batch(include_str!("../golden/core.sql")).expect("the original's SQL runs");
    let mut unit = Unit::new();
    for table in SCHEMA.tables {
        let columns: Vec<_> = table.columns.iter().map(|column| column.name).collect();
        let select = format!("SELECT \"{}\" FROM \"{}\"", columns.join("\", \""), table.name);
        let mut select = file.prepare(&select).expect("the original has our columns");
        let mut found = select.query([]).expect("the table is there");
        let mut values = Vec::new();
        while let Some(row) = found.next().expect("a row") {
            for (position, column) in table.columns.iter().enumerate() {
                values.push(match row.get_ref(position).expect("a value") {
                    ValueRef::Null => Value::Null,
                    ValueRef::Integer(value) if column.kind == ColumnKind::Bool => Value::Bool(value != 0),
                    ValueRef::Integer(value) => Value::Int(value),
                    ValueRef::Real(value) => Value::Real(value),
                    ValueRef::Blob(bytes) => Value::Blob(bytes.to_owned()),
                    ValueRef::Text(text) => {
                        let text = std::str::from_utf8(text).expect("UTF-8");
                        match column.kind {
                            ColumnKind::Time => Value::Time(text.parse().expect("a time")),
                            _ => Value::Text(text.to_owned()),
                        }
                    }
                });
            }
        }
        if !values.is_empty() {
            unit.insert(Insert::raw(table, columns, values).expect("whole rows"));
        }
    }
    unit
}
