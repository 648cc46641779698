//! The database that is measured: emptied, opened and removed, whatever its engine.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use decnet_db::Repository;
use decnet_db::config::{Config, DatabaseUrl};
use decnet_db::testing;
use decnet_db::transfer::{ResetMode, reset};

use crate::args::{Arguments, Telemetry};

pub(crate) struct Database {
    config: Config,
    telemetry: Telemetry,
}

impl Database {
    /// Fails unless the database is empty or may be emptied.
    pub(crate) async fn new(arguments: &Arguments) -> Result<Self> {
        let url: DatabaseUrl =
            arguments.url.as_deref().context("--url is needed")?.parse().context("--url")?;
        let mut config = Config::new(url);
        config.seed = config.seed.with_admin_password("bench-password-1");
        let database = Self { config, telemetry: arguments.telemetry };
        if database.config.url.database() == ":memory:" {
            bail!("--url: a database in memory is gone when it is closed, and the workload reopens it");
        }
        if !arguments.drop && database.in_use().await? {
            bail!(
                "{} is not empty: name another database, or have it deleted by --drop",
                database.config.url
            );
        }
        Ok(database)
    }

    pub(crate) fn scheme(&self) -> &str {
        self.config.url.scheme()
    }

    fn file(&self) -> Option<&Path> {
        (self.scheme() == "sqlite").then(|| Path::new(self.config.url.database()))
    }

    /// Where the database's file lies; for servers, where temporary files do.
    pub(crate) fn folder(&self) -> PathBuf {
        match self.file().map(Path::parent) {
            Some(Some(folder)) if folder.as_os_str().is_empty() => ".".into(),
            Some(Some(folder)) => folder.to_owned(),
            _ => std::env::temp_dir(),
        }
    }

    pub(crate) fn bytes(&self) -> Option<u64> {
        Some(std::fs::metadata(self.file()?).ok()?.len())
    }

    async fn in_use(&self) -> Result<bool> {
        if let Some(file) = self.file() {
            return Ok(file.exists());
        }
        let repository = self.open().await?;
        let used = repository.row_counts().await?.iter().any(|(_, rows)| rows.is_some());
        repository.close().await;
        Ok(used)
    }

    /// Opens it.
    pub(crate) async fn open(&self) -> Result<Arc<dyn Repository>> {
        if self.telemetry == Telemetry::Bare {
            let driver = decnet_db::registry().find(self.scheme())?;
            let backend = driver.backend(&self.config).await?;
            return Ok(testing::repository(backend, self.config.seed.clone()));
        }
        Ok(decnet_db::connect_with(&self.config).await?)
    }

    /// Deletes all that it holds, opens it and creates the schema.
    pub(crate) async fn fresh(&self) -> Result<Arc<dyn Repository>> {
        self.remove().await?;
        let repository = self.open().await?;
        repository.initialize().await?;
        Ok(repository)
    }

    /// Deletes the file, or the tables.
    pub(crate) async fn remove(&self) -> Result<()> {
        let Some(file) = self.file() else {
            let repository = self.open().await?;
            reset(&*repository, ResetMode::DropTables).await?;
            repository.close().await;
            return Ok(());
        };
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let mut path = file.as_os_str().to_owned();
            path.push(suffix);
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error).with_context(|| format!("can't delete {}", path.display()));
                }
                _ => {}
            }
        }
        Ok(())
    }
}
