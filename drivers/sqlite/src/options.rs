//! The options of a SQLite URL.

use std::time::Duration;

use decnet_db_core::config::DatabaseUrl;
use decnet_db_core::{Error, Result};

/// How long a write waits for other programs' writes, unless the URL says otherwise.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// `timeout`, in seconds, as Python's sqlite3 has it; nothing else, so that nothing is ignored silently.
pub(crate) fn busy_timeout(url: &DatabaseUrl) -> Result<Duration> {
    if let Some((name, _)) = url.options().iter().find(|(name, _)| name != "timeout") {
        return Err(Error::configuration(format!(
            "the SQLite URL has the option {name:?}, which means nothing here: only `timeout` does (seconds to wait \
             for other programs' writes); a `?` in the file's name is written %3F"
        )));
    }
    let Some(text) = url.option("timeout") else { return Ok(BUSY_TIMEOUT) };
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..=86_400.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err(Error::configuration(format!(
            "the option timeout of the SQLite URL is {text:?}: write seconds from 0 to 86400"
        ))),
    }
}
