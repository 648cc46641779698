//! The recorded calls of the original.

use decnet_db_core::call::methods;
use decnet_db_core::config::{AttackCatalogue, AttackTechnique};
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

/// One entry of a list.
#[derive(Debug)]
pub(crate) enum Step {
    Call(Box<Recorded>),
    /// A statement past the contract.
    Sql(String),
    /// A query past the contract, and the number that it gives.
    Check(String, i64),
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

    /// The entries, in order.
    pub(crate) fn steps(self) -> Vec<Step> {
        let (text, part) = self.source();
        let mut expected: Map<String, Value> = serde_json::from_str(text).expect("the golden file is JSON");
        let Some(Value::Array(entries)) = expected.remove(part) else { panic!("no list {part}") };
        (1..).zip(entries).map(|(n, entry)| Step::read(n, entry)).collect()
    }
}

/// The techniques that the original had while it was recorded (`about.attack_catalogue`).
pub(crate) fn catalogue() -> AttackCatalogue {
    let (text, _) = List::IntelligenceReads.source();
    let file: Value = serde_json::from_str(text).expect("the golden file is JSON");
    let techniques = file["about"]["attack_catalogue"].as_object().expect("the techniques").iter();
    AttackCatalogue::of(techniques.filter_map(|(id, technique)| {
        Some(AttackTechnique::new(id, technique["name"].as_str()?, technique["url"].as_str()?))
    }))
}

/// A recorded call of the original.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Recorded {
    /// Its number in the list, from 1 on.
    pub n: u64,
    /// The method's name.
    pub method: String,
    /// The arguments that were given by name. Times are text.
    pub by_name: Map<String, Value>,
    /// The arguments that were given by position.
    pub by_position: Vec<Value>,
    /// Times have the `Z` form. `Err` has the name of the exception.
    pub outcome: Result<Value, String>,
    /// How the result was reduced.
    pub reduction: Option<String>,
    /// What the original's own lock file makes it return where the newest dependencies raise.
    pub pinned: Option<Value>,
    /// Whether the order of lists in the result means nothing.
    pub unordered: bool,
}

/// The calls of a list, in order.
///
/// # Panics
/// When the golden file is not as it should be.
pub fn recorded(list: List) -> Vec<Recorded> {
    let call = |step| match step {
        Step::Call(recorded) => Some(*recorded),
        Step::Sql(_) | Step::Check(..) => None,
    };
    list.steps().into_iter().filter_map(call).collect()
}

impl Step {
    fn read(n: u64, entry: Value) -> Self {
        let Value::Object(mut entry) = entry else { panic!("no entry: {entry}") };
        if let Some(sql) = text(entry.remove("sql")) {
            return Self::Sql(sql);
        }
        if let Some(query) = text(entry.remove("check")) {
            return Self::Check(query, entry["result"].as_i64().expect("a number"));
        }
        Self::Call(Box::new(Recorded::read(n, entry)))
    }
}

impl Recorded {
    fn read(n: u64, mut call: Map<String, Value>) -> Self {
        let method = in_contract(text(call.remove("method")).expect("a name"));
        let shown = |value: Value| as_shown(value, writes_offsets(&method));
        let outcome = match call.remove("error") {
            Some(Value::String(error)) => Err(error),
            Some(error) => Err(text(error.get("type").cloned()).expect("an exception's name")),
            // What returns nothing is recorded with null or without.
            None => Ok(shown(call.remove("result").unwrap_or_default())),
        };
        let (mut by_name, by_position) = match given(call.remove("args").unwrap_or_default()) {
            Value::Object(by_name) => (by_name, Vec::new()),
            Value::Array(by_position) => (Map::new(), by_position),
            _ => (Map::new(), Vec::new()),
        };
        if let Value::Object(kwargs) = given(call.remove("kwargs").unwrap_or_default()) {
            by_name.extend(kwargs);
        }
        if let Some(providers) = providers(call.get("then")) {
            by_name.insert("providers".to_owned(), providers);
        }
        Self {
            n: call.get("n").map_or(n, |n| n.as_u64().expect("a number")),
            by_name,
            by_position,
            outcome,
            reduction: text(call.remove("result_is")),
            pinned: call.remove("pinned_result").map(shown),
            unordered: call.contains_key("unordered") || has_no_order(&method),
            method,
        }
    }

    /// All arguments by their names, as the contract has them.
    ///
    /// # Panics
    /// When the contract does not have the method, or not so many arguments.
    pub fn arguments(&self) -> Value {
        let mut named = self.by_name.clone();
        if !self.by_position.is_empty() {
            let method = methods().find(|method| method.name == self.method).expect("the method exists");
            let mut names = method.arguments().map(|argument| argument.name);
            for value in &self.by_position {
                let name = names.next().expect("the method takes so many arguments");
                named.insert(name.to_owned(), value.clone());
            }
        }
        Value::Object(named)
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

fn text(value: Option<Value>) -> Option<String> {
    value.and_then(|value| value.as_str().map(str::to_owned))
}

/// The contract's name of a method that the original has elsewhere (ruling R19).
fn in_contract(name: String) -> String {
    match name.as_str() {
        "rule_store.get_state" => "get_rule_state".to_owned(),
        "rule_store.set_state" => "set_rule_state".to_owned(),
        name => name.strip_prefix("rule_store.").unwrap_or(name).to_owned(),
    }
}

/// `about.comparison` of the golden file.
fn has_no_order(method: &str) -> bool {
    method.starts_with("list_techniques_by_")
        || [
            "find_credential_reuse_candidates",
            "list_distinct_techniques",
            "get_all_ttp_rollups_for_export",
            "load_compiled",
        ]
        .contains(&method)
}

/// `about.timestamps` of the golden file: the times of these end in `+00:00`; ruling R1 has `Z` everywhere.
fn writes_offsets(method: &str) -> bool {
    ["list_identities_for_clustering", "get_rule_state", "load_compiled"].contains(&method)
}

/// `to_intel_event_payload(providers=[greynoise, abuseipdb])`: an argument of ours.
fn providers(then: Option<&Value>) -> Option<Value> {
    let (_, rest) = then?.as_str()?.split_once("(providers=[")?;
    let (names, _) = rest.split_once("])")?;
    Some(names.split(", ").map(Value::from).collect())
}

/// As ruling R1 shows times, and R19 bytes.
fn as_shown(value: Value, offsets: bool) -> Value {
    let time = |text: String| match text.strip_suffix("+00:00") {
        Some(time) => format!("{time}Z"),
        None => text,
    };
    replaced(value, &|text, kind| match kind {
        Encoded::Time => time(text),
        Encoded::Text if offsets && text.ends_with("+00:00") && is_time(&text) => time(text),
        Encoded::Text | Encoded::Bytes => text,
    })
}

/// As callers give times and bytes.
fn given(value: Value) -> Value {
    replaced(value, &|text, _| text)
}

fn is_time(text: &str) -> bool {
    text.parse::<decnet_db_core::time::Timestamp>().is_ok()
}

enum Encoded {
    Time,
    Bytes,
    Text,
}

/// `{"$datetime": "…"}`, `{"$hex": "…"}` and texts as `replace` has them, `{"$set": […]}` as a list.
fn replaced(value: Value, replace: &impl Fn(String, Encoded) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(replace(text, Encoded::Text)),
        Value::Array(list) => list.into_iter().map(|value| replaced(value, replace)).collect(),
        Value::Object(mut map) => {
            if let Some(text) = text(map.get("$datetime").cloned()) {
                return Value::String(replace(text, Encoded::Time));
            }
            if let Some(text) = text(map.get("$hex").cloned()) {
                return Value::String(replace(text, Encoded::Bytes));
            }
            if let Some(set) = map.remove("$set") {
                return replaced(set, replace);
            }
            map.into_iter().map(|(key, value)| (key, replaced(value, replace))).collect()
        }
        other => other,
    }
}
