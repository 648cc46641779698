//! What an examination of a database finds.

use serde::Serialize;

/// One thing that an examination looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// What was looked at: a word or two, the same in every run.
    pub check: &'static str,
    /// How it is.
    pub verdict: Soundness,
    /// What was found.
    pub what: String,
    /// What to do about it; empty where nothing need be done.
    pub advice: String,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Soundness {
    /// As it should be.
    Ok,
    /// It works, and something may be lost, slow or wrong because of it.
    Warning,
    /// Data is damaged or missing, or can't be written.
    Failed,
}

impl Finding {
    /// Something that is as it should be.
    pub fn ok(check: &'static str, what: impl Into<String>) -> Self {
        Self { check, verdict: Soundness::Ok, what: what.into(), advice: String::new() }
    }

    /// Something that works, and about which something should be done.
    pub fn warning(check: &'static str, what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, verdict: Soundness::Warning, what: what.into(), advice: advice.into() }
    }

    /// Something that does not work, or is damaged.
    pub fn failed(check: &'static str, what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, verdict: Soundness::Failed, what: what.into(), advice: advice.into() }
    }
}
