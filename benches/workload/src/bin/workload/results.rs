//! What is reported, in the form in which the original's program reports it.

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::Value;

/// To so many decimals.
pub(crate) fn round(number: f64, decimals: i32) -> f64 {
    let factor = 10_f64.powi(decimals);
    (number * factor).round() / factor
}

/// Milliseconds of seconds.
pub(crate) fn milliseconds(seconds: f64, decimals: i32) -> f64 {
    round(seconds * 1e3, decimals)
}

/// The smallest of the sorted numbers that is not below a share of them (nearest rank).
pub(crate) fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied()
}

/// What an operation cost.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Outcome {
    pub(crate) ops_per_s: f64,
    pub(crate) p50_ms: Option<f64>,
    pub(crate) p99_ms: Option<f64>,
    pub(crate) n: usize,
    pub(crate) max_ms: Option<f64>,
    pub(crate) cpu_ms_per_op: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) server_cpu_ms_per_op: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) other_load: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rows_per_s: Option<f64>,
    #[serde(skip_serializing_if = "Pairs::is_empty")]
    pub(crate) errors: Pairs<u64>,
    /// What only some operations have.
    #[serde(flatten)]
    pub(crate) more: Pairs<Value>,
}

/// Members of a JSON object, in their order.
#[derive(Debug, Clone)]
pub(crate) struct Pairs<T>(pub(crate) Vec<(String, T)>);

impl<T> Default for Pairs<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Pairs<T> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn set(&mut self, name: &str, value: T) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }
}

impl<T: Serialize> Serialize for Pairs<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// A run: every operation by its name, and `_meta`.
#[derive(Serialize)]
pub(crate) struct Report {
    #[serde(flatten)]
    pub(crate) outcomes: Pairs<Outcome>,
    #[serde(rename = "_meta")]
    pub(crate) about: Pairs<Value>,
}

impl Report {
    pub(crate) fn to_json(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string_pretty(self)?)
    }
}
