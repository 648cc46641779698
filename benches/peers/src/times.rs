//! Times in the form that all of these libraries take.

use anyhow::{Context, Result};
use chrono::{DateTime, NaiveDateTime};

/// So many seconds since 1970, in UTC.
pub(crate) fn time(seconds: i64) -> Result<NaiveDateTime> {
    Ok(DateTime::from_timestamp(seconds, 0).context("a time out of range")?.naive_utc())
}
