//! Connection pool and batching sizes.

use std::time::Duration;

use super::Settings;
use crate::Result;

/// How many connections a driver keeps, and how it treats them. The defaults are DECNET's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolConfig {
    /// Connections that are kept open: 20, `DECNET_DB_POOL_SIZE`.
    pub size: u32,
    /// Connections above `size` that are opened under load and closed afterwards: 40, `DECNET_DB_MAX_OVERFLOW`.
    pub max_overflow: u32,
    /// The age from which a connection is replaced when it is next handed out: 1 hour, `DECNET_DB_POOL_RECYCLE` in
    /// whole seconds.
    pub recycle: Duration,
    /// Whether a connection is tried before it is handed out; `None` leaves it to the driver (SQLite: no, MySQL: yes).
    /// `DECNET_DB_POOL_PRE_PING`.
    pub pre_ping: Option<bool>,
    /// The longest time a caller waits for a connection: 30 s; there is no variable for it.
    pub wait_timeout: Duration,
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self {
            size: 20,
            max_overflow: 40,
            recycle: Duration::from_secs(3600),
            pre_ping: None,
            wait_timeout: Duration::from_secs(30),
        }
    }
}

impl PoolConfig {
    /// The most connections that may be open at a time: `size` and `max_overflow` together, at least one.
    pub fn max_connections(&self) -> u32 {
        self.size.saturating_add(self.max_overflow).max(1)
    }

    pub(super) fn from_settings(settings: &Settings) -> Result<Self> {
        let default = Self::default();
        Ok(Self {
            size: settings.number("DECNET_DB_POOL_SIZE", 1..=65_535)?.unwrap_or(default.size),
            max_overflow: settings
                .number("DECNET_DB_MAX_OVERFLOW", 0..=65_535)?
                .unwrap_or(default.max_overflow),
            recycle: settings
                .number("DECNET_DB_POOL_RECYCLE", 0..=u32::MAX)?
                .map_or(default.recycle, |seconds| Duration::from_secs(seconds.into())),
            pre_ping: settings.boolean("DECNET_DB_POOL_PRE_PING")?,
            wait_timeout: default.wait_timeout,
        })
    }
}

/// How an ingester groups rows into commits. The defaults are DECNET's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BatchConfig {
    /// Rows per commit: 100, `DECNET_BATCH_SIZE`.
    pub size: u32,
    /// The longest time a row waits for others: 250 ms, `DECNET_BATCH_MAX_WAIT_MS`.
    pub max_wait: Duration,
}

impl Default for BatchConfig {
    fn default() -> Self {
        Self { size: 100, max_wait: Duration::from_millis(250) }
    }
}

impl BatchConfig {
    pub(super) fn from_settings(settings: &Settings) -> Result<Self> {
        let default = Self::default();
        Ok(Self {
            size: settings.number("DECNET_BATCH_SIZE", 1..=1_000_000)?.unwrap_or(default.size),
            max_wait: settings
                .number("DECNET_BATCH_MAX_WAIT_MS", 0..=3_600_000u32)?
                .map_or(default.max_wait, |milliseconds| Duration::from_millis(milliseconds.into())),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_those_of_document_10() {
        let settings = Settings::from_map([("", ""); 0]);
        let pool = PoolConfig::from_settings(&settings).unwrap();
        assert_eq!(pool, PoolConfig::default());
        assert_eq!((pool.size, pool.max_overflow, pool.pre_ping), (20, 40, None));
        assert_eq!((pool.recycle.as_secs(), pool.wait_timeout.as_secs()), (3600, 30));
        let batch = BatchConfig::from_settings(&settings).unwrap();
        assert_eq!((batch.size, batch.max_wait.as_millis()), (100, 250));
    }

    #[test]
    fn every_variable_is_read() {
        let settings = Settings::from_map([
            ("DECNET_DB_POOL_SIZE", "1"),
            ("DECNET_DB_MAX_OVERFLOW", "0"),
            ("DECNET_DB_POOL_RECYCLE", "60"),
            ("DECNET_DB_POOL_PRE_PING", "1"),
            ("DECNET_BATCH_SIZE", "7"),
            ("DECNET_BATCH_MAX_WAIT_MS", "0"),
        ]);
        let pool = PoolConfig::from_settings(&settings).unwrap();
        assert_eq!((pool.size, pool.max_overflow, pool.pre_ping), (1, 0, Some(true)));
        assert_eq!((pool.recycle.as_secs(), pool.max_connections()), (60, 1));
        let batch = BatchConfig::from_settings(&settings).unwrap();
        assert_eq!((batch.size, batch.max_wait), (7, Duration::ZERO));
    }

    #[test]
    fn values_out_of_range_are_errors_that_name_variable_value_and_range() {
        for (name, value) in [
            ("DECNET_DB_POOL_SIZE", "0"),
            ("DECNET_DB_POOL_SIZE", "many"),
            ("DECNET_DB_POOL_SIZE", "1.5"),
            ("DECNET_DB_MAX_OVERFLOW", "-1"),
            ("DECNET_DB_POOL_RECYCLE", "4294967296"),
            ("DECNET_DB_POOL_PRE_PING", "maybe"),
        ] {
            let error =
                PoolConfig::from_settings(&Settings::from_map([(name, value)])).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains(&format!("{value:?}")), "{error}");
            assert!(
                error.contains("from 0 to") || error.contains("from 1 to") || error.contains("true"),
                "{error}"
            );
        }
        for (name, value) in [("DECNET_BATCH_SIZE", "0"), ("DECNET_BATCH_MAX_WAIT_MS", "x")] {
            let error =
                BatchConfig::from_settings(&Settings::from_map([(name, value)])).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains(value), "{error}");
        }
    }
}
