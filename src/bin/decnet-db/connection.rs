//! From the command line to an open repository.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use decnet_db::config::{Config, DatabaseUrl};
use decnet_db::driver::Driver;
use decnet_db::{Error, Repository};

use crate::args::Global;
use crate::errors::{Failure, nearest};

/// What creates a database, as a hint says it.
pub(crate) const CREATE_HINT: &str = "`decnet-db init` creates the database and its tables";

/// The configuration: the environment's, with the URL of the command line if there is one.
pub(crate) fn config(global: &Global) -> Result<Config, Failure> {
    let Some(text) = &global.url else { return Ok(Config::from_env()?) };
    config_of("--url", text)
}

/// The same for what works on a database that is there, and never makes one.
pub(crate) fn existing(global: &Global) -> Result<Config, Failure> {
    let mut config = config(global)?;
    config.create_if_missing = false;
    Ok(config)
}

/// The environment's configuration with the URL that an option of the command line gives.
pub(crate) fn config_of(option: &'static str, text: &str) -> Result<Config, Failure> {
    let url: DatabaseUrl = text.parse().map_err(|error: Error| {
        let failure = Failure::from(Error::configuration(format!("{option}: {error}")));
        match url_of_path(text) {
            Some(url) => failure.or_hint(format!("for the file {text}: {option} {url}")),
            None => failure.or_hint(format!("for a file: {option} sqlite:///PATH")),
        }
    })?;
    Ok(Config::from_env_with_url(url)?)
}

/// The URL that was meant by a text that is a path. Anything that may hold a password is none: it must not be shown.
fn url_of_path(text: &str) -> Option<DatabaseUrl> {
    if text.contains(['@', ':']) { None } else { DatabaseUrl::sqlite(text).ok() }
}

/// Opens the database.
pub(crate) async fn open(config: &Config) -> Result<Arc<dyn Repository>, Failure> {
    find_driver(config)?;
    decnet_db::connect_with(config).await.map_err(|error| {
        let failure = Failure::from(error);
        let is_file = config.url.scheme() == "sqlite";
        if is_file && !config.create_if_missing && !Path::new(config.url.database()).exists() {
            failure.or_hint(CREATE_HINT)
        } else {
            failure
        }
    })
}

/// The driver that serves the URL.
pub(crate) fn find_driver(config: &Config) -> Result<&'static Driver, Failure> {
    let scheme = config.url.scheme();
    decnet_db::registry().find(scheme).map_err(|error| {
        // The library's message is for those who build programs.
        let schemes: Vec<&str> = decnet_db::registry()
            .drivers()
            .iter()
            .flat_map(|driver| driver.schemes.iter().copied())
            .collect();
        if schemes.contains(&scheme) {
            return error.into();
        }
        let there: Vec<String> = schemes.iter().map(|scheme| format!("{scheme}://")).collect();
        let message = format!("no driver for {scheme}:// URLs: this program opens {}", there.join(", "));
        let failure = Failure::from(Error::UnknownDriver(message));
        match nearest(scheme, schemes.into_iter()) {
            Some(near) => failure.or_hint(format!("did you mean {near}://?")),
            None if scheme == "mysql" || scheme == "mariadb" => {
                failure.or_hint("the feature `mysql` adds it: cargo install … --features cli,mysql")
            }
            None => failure.or_hint("`decnet-db drivers` lists what this program can open"),
        }
    })
}

/// Opens the database, works on it, and closes it whatever comes of the work.
pub(crate) async fn with_open<T, F>(
    config: &Config,
    work: impl FnOnce(Arc<dyn Repository>) -> F,
) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    let repository = open(config).await?;
    let result = work(Arc::clone(&repository)).await;
    repository.close().await;
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_no_secret_is_shown_as_a_url() {
        assert_eq!(url_of_path("a b.db").unwrap().to_string(), "sqlite:///a%20b.db");
        assert_eq!(url_of_path("/var/lib/x.db").unwrap().to_string(), "sqlite:////var/lib/x.db");
        assert!(url_of_path("root:hunter2@db1/decnet").is_none());
        assert!(url_of_path("").is_none());
    }
}
