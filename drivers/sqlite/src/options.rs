//! The options of a SQLite URL.

use std::time::Duration;

use decnet_db_core::config::DatabaseUrl;
use decnet_db_core::{Error, Result};

/// How long a write waits for other programs' writes, unless the URL says otherwise.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// What is known after a URL's `?`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Options {
    /// `timeout`, in seconds, as Python's sqlite3 has it: how long a write waits for other programs' writes.
    pub(crate) busy_timeout: Duration,
    /// `durability`.
    pub(crate) durability: Durability,
    /// `mode=ro`: the database is not to be written to.
    pub(crate) read_only: bool,
}

/// When what was acknowledged is on the disk, so that a power failure can't take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// At most a second later.
    Second,
    /// Before it is acknowledged.
    Commit,
}

impl Options {
    /// Reads the options; those that mean nothing are refused, so that nothing is ignored silently.
    pub(crate) fn of(url: &DatabaseUrl) -> Result<Self> {
        let known = |name: &str| matches!(name, "timeout" | "durability" | "mode");
        if let Some((name, _)) = url.options().iter().find(|(name, _)| !known(name)) {
            return Err(Error::configuration(format!(
                "the SQLite URL has the option {name:?}, which means nothing here: only `timeout` (seconds to wait for \
                 other programs' writes), `durability` and `mode` do; a `?` in the file's name is written %3F"
            )));
        }
        let durability = match url.option("durability") {
            None | Some("second") => Durability::Second,
            Some("commit") => Durability::Commit,
            Some(text) => {
                return Err(Error::configuration(format!(
                    "the option durability of the SQLite URL is {text:?}: write `commit` (on the disk before a write is \
                     acknowledged) or `second` (a second later at most)"
                )));
            }
        };
        let read_only = match url.option("mode") {
            None | Some("rw") => false,
            Some("ro") => true,
            Some(text) => {
                return Err(Error::configuration(format!(
                    "the option mode of the SQLite URL is {text:?}: write `ro` (only read) or `rw`"
                )));
            }
        };
        Ok(Self { busy_timeout: busy_timeout(url)?, durability, read_only })
    }
}

fn busy_timeout(url: &DatabaseUrl) -> Result<Duration> {
    let Some(text) = url.option("timeout") else { return Ok(BUSY_TIMEOUT) };
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..=86_400.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err(Error::configuration(format!(
            "the option timeout of the SQLite URL is {text:?}: write seconds from 0 to 86400"
        ))),
    }
}
