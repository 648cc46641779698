//! What DECNET 1.0.0 wrote and returned (`golden/`), in a form that tests compare.

mod dump;
mod replay;

use serde_json::{Map, Value};

pub use dump::rows;
pub use replay::{check_reads, check_writes};

/// A SQLite dump that DECNET wrote: all 39 tables, and rows of the core domains.
pub const CORE: &str = include_str!("../golden/core.sql");

/// Another, with rows of attackers, intelligence and TTP.
pub const INTELLIGENCE: &str = include_str!("../golden/intelligence.sql");

/// Another, with rows of topologies, canaries and realism; it has a trigger whose token is gone.
pub const DEPLOYMENT: &str = include_str!("../golden/deployment.sql");

/// The MySQL DDL of DECNET for the core domains.
pub const CORE_MYSQL: &str = include_str!("../golden/core.mysql.sql");

/// The MySQL DDL that ruling R3 has instead, for all 39 tables.
pub const R3_MYSQL: &str = include_str!("../golden/r3.mysql.sql");

/// A recorded call of the original.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Recorded {
    /// Its number in the list.
    pub n: u64,
    /// The method's name.
    pub method: String,
    /// Times are text.
    pub arguments: Value,
    /// Times have the `Z` form. `Err` has the name of the exception.
    pub outcome: Result<Value, String>,
    /// How the result was reduced.
    pub reduction: Option<String>,
    /// What the original's own lock file makes it return where the newest dependencies raise.
    pub pinned: Option<Value>,
}

/// The `reads` or `mutations` of `core.expected.json`.
///
/// # Panics
/// When there is no such list.
pub fn recorded(part: &str) -> Vec<Recorded> {
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
    ///
    /// # Panics
    /// When the result has another form than such results have.
    pub fn reduce(&self, result: Value) -> Value {
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
