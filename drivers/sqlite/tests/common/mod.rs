//! Opening repositories and making rows.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "tests, each of which uses a part")]

use std::path::Path;
use std::sync::Arc;

use decnet_db_core::Result;
use decnet_db_core::config::{Config, DatabaseUrl};
use decnet_db_core::contract::{NewLog, Repository};
use decnet_db_core::registry::Registry;
use decnet_db_sqlite::DRIVER;

pub async fn connect(url: &str) -> Result<Arc<dyn Repository>> {
    connect_with(&Config::new(url.parse()?)).await
}

pub async fn connect_with(config: &Config) -> Result<Arc<dyn Repository>> {
    Registry::collect(&[DRIVER], &[]).connect(config).await
}

/// A repository on the file, with its schema.
pub async fn create(path: &Path) -> Arc<dyn Repository> {
    let repository = connect_with(&Config::new(DatabaseUrl::sqlite(path).unwrap())).await.unwrap();
    repository.initialize().await.unwrap();
    repository
}

pub fn log(line: &str) -> NewLog {
    NewLog::new("decky-01", "ssh", "login_attempt", "203.0.113.7").raw_line(line)
}

/// What the database says, asked on a connection that is not ours.
pub fn ask<T: rusqlite::types::FromSql>(path: &Path, text: &str) -> T {
    rusqlite::Connection::open(path).unwrap().query_row(text, [], |row| row.get(0)).unwrap()
}
