//! The only door to a database.

use std::sync::Arc;

use decnet_db_core::Result;
use decnet_db_core::config::{Config, DatabaseUrl};
use decnet_db_core::contract::Repository;
use decnet_db_core::driver::Driver;
use decnet_db_core::registry::Registry;
use once_cell::sync::Lazy;
use tokio::sync::OnceCell;

/// The drivers that the features chose, by name: link-time registration alone comes out empty in a static library, and
/// naming the crates here is what links them in.
const BUILT_IN: &[Driver] = &[
    #[cfg(feature = "mysql")]
    decnet_db_mysql::DRIVER,
    #[cfg(feature = "sqlite")]
    decnet_db_sqlite::DRIVER,
];

/// What would add a driver for a scheme that has none.
const KNOWN: &[(&str, &str)] = &[
    ("sqlite", "the feature `sqlite` of decnet-db"),
    ("mysql", "the feature `mysql` of decnet-db"),
    ("mariadb", "the feature `mysql` of decnet-db"),
];

static REGISTRY: Lazy<Registry> = Lazy::new(|| Registry::collect(BUILT_IN, KNOWN));

/// The drivers of this program: those of the features, and those that other crates submitted at link time.
pub fn registry() -> &'static Registry {
    &REGISTRY
}

/// The drivers of this program, sorted by name.
///
/// ```
/// for driver in decnet_db::drivers() {
///     println!("{} {} serves {}", driver.name, driver.version, driver.schemes.join(", "));
/// }
/// ```
pub fn drivers() -> &'static [Driver] {
    registry().drivers()
}

/// Opens the database of a URL; every other setting (pool, administrator) comes from the environment, as
/// [`from_env`] reads it.
///
/// `sqlite:///file.db` is relative to the working directory, `sqlite:////var/lib/decnet.db` is absolute,
/// `sqlite:///:memory:` is gone when it is closed; `mysql://user:password@host:3306/database`. DECNET's own forms
/// (`sqlite+aiosqlite://`, `mysql+asyncmy://`) are the same. The schema is not created: see
/// [`initialize`](decnet_db_core::contract::Lifecycle::initialize).
///
/// # Errors
/// `Configuration` for a malformed URL or setting; `UnknownDriver` when no driver serves the scheme; what the driver
/// reports when it can't open the database.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use decnet_db::contract::{LogQuery, NewLog};
///
/// let repository = decnet_db::connect("sqlite:///:memory:").await?;
/// repository.initialize().await?;
/// repository.add_log(NewLog::new("decky-01", "ssh", "connect", "203.0.113.7")).await?;
/// assert_eq!(repository.get_logs(LogQuery::new().search("service:ssh")).await?.len(), 1);
/// # Ok::<(), decnet_db::Error>(())
/// # }).unwrap();
/// ```
pub async fn connect(url: &str) -> Result<Arc<dyn Repository>> {
    let url: DatabaseUrl = url.parse()?;
    connect_with(&Config::from_env_with_url(url)?).await
}

/// Opens the database of a configuration; nothing is read from the environment.
///
/// # Errors
/// As [`connect`].
pub async fn connect_with(config: &Config) -> Result<Arc<dyn Repository>> {
    registry().connect(config).await
}

/// Opens the database that the environment names (`DECNET_DB_URL`, `DECNET_DB_TYPE` and so on, INI file and `.env`
/// included: see [`config`](decnet_db_core::config)).
///
/// # Errors
/// As [`connect`].
pub async fn from_env() -> Result<Arc<dyn Repository>> {
    connect_with(&Config::from_env()?).await
}

/// The process-wide repository: opened as [`from_env`] does the first time it is asked for, the same one from then on.
/// Concurrent first calls open one; after an error the next call tries again.
///
/// On MySQL and MariaDB it writes by tasks of the async runtime in which that first call was made. When that runtime has
/// ended, writes are `Unavailable` and say so: programs with several runtimes, such as one for each test, open their own by
/// [`from_env`].
///
/// # Errors
/// As [`connect`].
pub async fn get_repository() -> Result<Arc<dyn Repository>> {
    static REPOSITORY: OnceCell<Arc<dyn Repository>> = OnceCell::const_new();
    REPOSITORY.get_or_try_init(from_env).await.cloned()
}
