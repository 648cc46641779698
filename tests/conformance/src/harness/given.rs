//! A database that is there already.

use anyhow::{Context, bail};
use async_trait::async_trait;
use decnet_db_core::config::{Config, DatabaseUrl};
use decnet_db_core::driver::Driver;
use decnet_db_core::transfer::{ResetMode, reset};
use tokio::sync::{Mutex, Semaphore};

use super::Harness;

/// Empty databases that exist already, used by one case after the other: all tables are dropped in between. One that
/// holds tables before the kit has used it is refused and left as it is.
///
/// With a single database the cases run one after the other, and those that need two are reported as not run.
#[derive(Debug)]
pub struct Given {
    driver: Driver,
    count: usize,
    free: Mutex<Vec<DatabaseUrl>>,
    available: Semaphore,
}

impl Given {
    /// Tests `driver` in the databases of these URLs.
    pub fn new(driver: Driver, urls: impl IntoIterator<Item = DatabaseUrl>) -> Self {
        let free: Vec<_> = urls.into_iter().collect();
        Self { driver, count: free.len(), available: Semaphore::new(free.len()), free: Mutex::new(free) }
    }
}

impl Given {
    async fn tables(&self, url: &DatabaseUrl) -> decnet_db_core::Result<Vec<&'static str>> {
        let repository = self.driver.connect(&Config::new(url.clone())).await?;
        let counts = repository.row_counts().await;
        repository.close().await;
        Ok(counts?.into_iter().filter_map(|(table, rows)| rows.map(|_| table)).collect())
    }

    async fn give_back(&self, url: DatabaseUrl) {
        self.free.lock().await.push(url);
        self.available.add_permits(1);
    }
}

#[async_trait]
impl Harness for Given {
    fn driver(&self) -> Driver {
        self.driver
    }

    async fn create(&self) -> anyhow::Result<DatabaseUrl> {
        self.available.acquire().await.context("no database was given")?.forget();
        let url = self.free.lock().await.pop().context("no database was given")?;
        match self.tables(&url).await {
            Ok(tables) if tables.is_empty() => Ok(url),
            other => {
                let shown = url.to_string();
                self.give_back(url).await;
                let tables = other?.join(", ");
                bail!("{shown} is not empty (it has {tables}): the kit wants a database that it may empty")
            }
        }
    }

    async fn remove(&self, url: &DatabaseUrl) -> anyhow::Result<()> {
        let repository = self.driver.connect(&Config::new(url.clone())).await?;
        let done = reset(&*repository, ResetMode::DropTables).await;
        repository.close().await;
        self.give_back(url.clone()).await;
        done?;
        Ok(())
    }

    fn databases(&self) -> usize {
        self.count
    }
}
