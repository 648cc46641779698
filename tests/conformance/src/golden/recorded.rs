//! The recorded calls of the original.

use serde_json::{Map, Value};

/// A list of recorded calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum List {
    /// Reads of `core.sql`.
    CoreReads,
    /// Calls that change those rows one after the other.
    CoreMutations,
    /// What wrote `deployment.sql`, from an empty database on.
    DeploymentWrites,
    /// Reads of `deployment.sql`.
    DeploymentReads,
    /// What wrote `intelligence.sql`, from an empty database on.
    IntelligenceWrites,
    /// Reads of `intelligence.sql`.
    IntelligenceReads,
    /// Reads of it after statements that spoil some rows.
    IntelligenceReadsAfterSql,
}

impl List {
    /// All lists.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 7] = [
        Self::CoreReads,
        Self::CoreMutations,
        Self::DeploymentWrites,
        Self::DeploymentReads,
        Self::IntelligenceWrites,
        Self::IntelligenceReads,
        Self::IntelligenceReadsAfterSql,
    ];

    fn source(self) -> (&'static str, &'static str) {
        let core = include_str!("../../golden/core.expected.json");
        let deployment = include_str!("../../golden/deployment.expected.json");
        let intelligence = include_str!("../../golden/intelligence.expected.json");
        match self {
            Self::CoreReads => (core, "reads"),
            Self::CoreMutations => (core, "mutations"),
            Self::DeploymentWrites => (deployment, "writes"),
            Self::DeploymentReads => (deployment, "reads"),
            Self::IntelligenceWrites => (intelligence, "writes"),
            Self::IntelligenceReads => (intelligence, "reads"),
            Self::IntelligenceReadsAfterSql => (intelligence, "reads_after_sql"),
        }
    }

    /// What the original returned for a call.
    pub(crate) fn result(self, n: u64) -> Value {
        let call = recorded(self).into_iter().find(|call| call.n == n).expect("the call is recorded");
        call.outcome.expect("the call returned something")
    }

    /// The rows that the original returned for a call, in another order or some of them.
    pub(crate) fn rows(self, n: u64, order: &[usize]) -> Value {
        let result = self.result(n);
        order.iter().map(|&row| result[row].clone()).collect()
    }
}

/// A recorded call of the original.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Recorded {
    /// Its number in the list, from 1 on.
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

/// The calls of a list, in order.
///
/// # Panics
/// When there is no such list.
pub fn recorded(list: List) -> Vec<Recorded> {
    let (text, part) = list.source();
    let mut expected: Map<String, Value> = serde_json::from_str(text).expect("the golden file is JSON");
    let Some(Value::Array(calls)) = expected.remove(part) else { panic!("no list {part}") };
    let calls = (1..).zip(calls).filter(|(_, call)| call.get("method").is_some());
    calls.map(|(n, call)| Recorded::read(n, call)).collect()
}

/// The contract's name of a method that the original has elsewhere (ruling R19).
fn in_contract(name: String) -> String {
    match name.as_str() {
        "rule_store.get_state" => "get_rule_state".to_owned(),
        "rule_store.set_state" => "set_rule_state".to_owned(),
        name => name.strip_prefix("rule_store.").unwrap_or(name).to_owned(),
    }
}

impl Recorded {
    fn read(n: u64, call: Value) -> Self {
        let Value::Object(mut call) = call else { panic!("no call: {call}") };
        let text = |value: Option<Value>| value.and_then(|value| value.as_str().map(str::to_owned));
        let outcome = match call.remove("error") {
            Some(Value::String(error)) => Err(error),
            Some(error) => Err(error["type"].as_str().expect("an exception's name").to_owned()),
            None => Ok(shown(call.remove("result").unwrap_or_default())),
        };
        Self {
            n: call.get("n").map_or(n, |n| n.as_u64().expect("a number")),
            method: in_contract(text(call.remove("method")).expect("a name")),
            arguments: given(call.remove("args").unwrap_or_default()),
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
