//! Configuration: the database URL, the layered `DECNET_…` settings, pool sizes, seeding, secrets.
//!
//! A program builds a [`Config`] either purely, from a URL ([`Config::new`]), or from its surroundings as DECNET does
//! ([`Config::from_env`]). Nothing here knows a driver: any URL scheme is accepted, and the registry decides.
//!
//! Where this departs from DECNET 1.0.0 (document 10 §3-§5), ruling R11 or a user's interest asked for it:
//!
//! - `DECNET_DB_URL` chooses the backend by itself, `DECNET_DB_PATH` is honoured, `:memory:` works.
//!   Where both name a SQLite file, the URL counts.
//! - An empty variable counts as unset, `DECNET_DB_TYPE` and the numbers included.
//! - `DECNET_DB_PORT` is checked where it is used, so a bad one doesn't stop a program that opens SQLite.
//! - Secrets are asked for only by what uses them, and the JWT secret by nothing.
//! - `DECNET_TESTING` stays exact, `1` and nothing else, as it lifts checks on secrets.

mod attack;
mod database;
mod dotenv;
mod host;
mod ini;
mod percent;
mod pool;
mod secret;
mod seed;
mod settings;
mod url;

pub use attack::{AttackCatalogue, AttackTechnique};
pub use host::Host;
pub use pool::{BatchConfig, PoolConfig};
pub use secret::Secret;
pub use seed::{PasswordPolicy, SeedConfig};
pub use settings::{Settings, Sources};
pub use url::DatabaseUrl;

use std::time::Duration;

use crate::Result;

/// See [`Config::search_memory`].
pub(crate) const SEARCH_MEMORY: usize = 256 << 20;

/// Everything that opening a repository needs to know. `Debug` shows no secret.
///
/// ```
/// use decnet_db_core::config::{Config, DatabaseUrl, Settings};
///
/// let mut config = Config::new(DatabaseUrl::sqlite("captures.db")?);
/// config.pool.size = 4;
///
/// let settings = Settings::from_map([("DECNET_DB_URL", "mysql://decnet:s3cret@db1/decnet")]);
/// let config = Config::from_settings(&settings)?;
/// assert_eq!(config.url.scheme(), "mysql");
/// assert!(!format!("{config:?}").contains("s3cret"));
/// # Ok::<(), decnet_db_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// The database to open.
    pub url: DatabaseUrl,
    /// Whether opening a database that is one file may create that file: yes. Servers' databases are never created.
    pub create_if_missing: bool,
    /// Connections: how many, how long.
    pub pool: PoolConfig,
    /// The users that `initialize` creates.
    pub seed: SeedConfig,
    /// How an ingester groups rows into commits.
    pub batch: BatchConfig,
    /// Names of ATT&CK techniques.
    pub attack: AttackCatalogue,
    /// The most bytes of memory that a repository may take to make searches of events fast: 256 MiB, which are enough for 12
    /// million events; `DECNET_DB_SEARCH_MEMORY` in MiB. It takes 20 bytes for each event, from the second search on. Of more
    /// events than there is memory for, the oldest are looked through each time a search is new; with 0 all are.
    pub search_memory: usize,
    /// The time from which a statement is slow: then a warning says which kind it was, how long it took and how many rows it
    /// had, but no value; see [`telemetry`](crate::telemetry#slow-statements). None is, unless `DECNET_DB_SLOW_MS` says so, in
    /// milliseconds.
    pub slow_after: Option<Duration>,
}

impl Config {
    /// The defaults with a URL; the environment and files are not looked at.
    pub fn new(url: DatabaseUrl) -> Self {
        Self {
            url,
            create_if_missing: true,
            pool: PoolConfig::default(),
            seed: SeedConfig::default(),
            batch: BatchConfig::default(),
            attack: AttackCatalogue::default(),
            search_memory: SEARCH_MEMORY,
            slow_after: None,
        }
    }

    /// What the process environment, the INI file and the `.env` files say; see [`Settings`].
    ///
    /// # Errors
    /// Configuration: a setting doesn't parse or contradicts another one, or a file can't be read.
    pub fn from_env() -> Result<Self> {
        Self::from_settings(&Settings::load()?)
    }

    /// As [`from_env`](Self::from_env), with a URL that beats whatever the settings say about the database.
    ///
    /// # Errors
    /// As [`from_env`](Self::from_env), but the variables that choose the database aren't even looked at.
    pub fn from_env_with_url(url: DatabaseUrl) -> Result<Self> {
        Self::from_settings_with_url(&Settings::load()?, url)
    }

    /// What the given settings say.
    ///
    /// # Errors
    /// Configuration: a setting doesn't parse or contradicts another one.
    pub fn from_settings(settings: &Settings) -> Result<Self> {
        Self::from_settings_with_url(settings, database::url(settings)?)
    }

    /// What the given settings say, with a URL that beats whatever they say about the database.
    ///
    /// # Errors
    /// Configuration: a setting other than those that choose the database doesn't parse.
    pub fn from_settings_with_url(settings: &Settings, url: DatabaseUrl) -> Result<Self> {
        Ok(Self {
            url,
            create_if_missing: true,
            pool: PoolConfig::from_settings(settings)?,
            seed: SeedConfig::from_settings(settings)?,
            batch: BatchConfig::from_settings(settings)?,
            attack: AttackCatalogue::from_settings(settings),
            search_memory: settings
                .number("DECNET_DB_SEARCH_MEMORY", 0..=1_048_576u32)?
                .map_or(SEARCH_MEMORY, |mebibytes| (mebibytes as usize).saturating_mul(1 << 20)),
            slow_after: settings
                .number("DECNET_DB_SLOW_MS", 0..=u32::MAX)?
                .filter(|milliseconds| *milliseconds > 0)
                .map(|milliseconds| Duration::from_millis(milliseconds.into())),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_explicit_url_beats_the_settings_and_the_rest_comes_from_them() {
        let settings = Settings::from_map([
            ("DECNET_DB_TYPE", "oracle"),
            ("DECNET_DB_URL", "nonsense"),
            ("DECNET_DB_POOL_SIZE", "3"),
            ("DECNET_ADMIN_USER", "root"),
            ("DECNET_BATCH_SIZE", "9"),
        ]);
        assert!(Config::from_settings(&settings).is_err());
        let config =
            Config::from_settings_with_url(&settings, DatabaseUrl::sqlite(":memory:").unwrap()).unwrap();
        assert_eq!(config.url.database(), ":memory:");
        assert_eq!((config.pool.size, config.batch.size, config.seed.admin_user.as_str()), (3, 9, "root"));
    }

    /// A developer's `.env` may be there for something else: what it says about the database does not matter to who names one,
    /// and what is wrong in it is said with its place.
    #[test]
    fn an_explicit_url_is_not_spoiled_by_a_file_that_nobody_names() {
        let folder = tempfile::tempdir().unwrap();
        let load = |text: &str| {
            std::fs::write(folder.path().join(".env"), text).unwrap();
            let settings = Settings::load_from(Sources::new([("", ""); 0], folder.path()))?;
            Config::from_settings_with_url(&settings, DatabaseUrl::sqlite(":memory:")?)
        };
        let config =
            load("DECNET_DB_URL=nonsense\nDECNET_DB_TYPE=oracle\nDECNET_DB_PORT=x\nnot a setting\n").unwrap();
        assert_eq!(config.url.database(), ":memory:");
        let error = load("DECNET_DB_POOL_SIZE=many\n").unwrap_err().to_string();
        assert!(error.contains("DECNET_DB_POOL_SIZE (from ") && error.contains(".env)"), "{error}");
    }

    #[test]
    fn a_statement_is_slow_only_where_somebody_says_from_when_on() {
        let slow = |value: &str| {
            let settings = Settings::from_map([("DECNET_DB_SLOW_MS", value)]);
            Config::from_settings_with_url(&settings, DatabaseUrl::sqlite(":memory:").unwrap())
                .map(|config| config.slow_after)
        };
        assert_eq!(slow("250").unwrap(), Some(Duration::from_millis(250)));
        assert_eq!((slow("").unwrap(), slow("0").unwrap()), (None, None));
        assert!(slow("soon").unwrap_err().to_string().contains("DECNET_DB_SLOW_MS"));
    }

    #[test]
    fn new_has_the_defaults() {
        let url = DatabaseUrl::sqlite("decnet.db").unwrap();
        assert_eq!(Config::new(url), Config::from_settings(&Settings::from_map([("", ""); 0])).unwrap());
    }

    #[test]
    fn debug_shows_no_secret() {
        let settings = Settings::from_map([
            ("DECNET_DB_URL", "mysql://u:hunter2@h/d?password=hunter3"),
            ("DECNET_ADMIN_PASSWORD", "hunter4"),
        ]);
        let config = Config::from_settings(&settings).unwrap();
        for shown in [format!("{config:?}"), format!("{config:#?}"), format!("{settings:?}")] {
            assert!(!shown.contains("hunter"), "{shown}");
        }
        assert_eq!(config.url.password().unwrap().expose(), "hunter2");
    }
}
