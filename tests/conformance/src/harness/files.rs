//! Engines whose databases are files.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use decnet_db_core::config::DatabaseUrl;
use decnet_db_core::driver::Driver;
use tempfile::TempDir;

use super::Harness;

/// A folder of its own for each database, below the system's folder for temporary files (`TMPDIR`).
///
/// ```
/// use decnet_db_conformance::Files;
/// use decnet_db_core::config::DatabaseUrl;
/// # use decnet_db_core::driver::{Driver, OpenFuture};
/// # fn open(_: &decnet_db_core::config::Config) -> OpenFuture<'_> { unimplemented!() }
/// # const DRIVER: Driver = Driver::new("sqlite", &["sqlite"], open);
///
/// let harness = Files::new(DRIVER, |folder| DatabaseUrl::sqlite(folder.join("decnet.db")));
/// ```
#[derive(Debug)]
pub struct Files {
    driver: Driver,
    url: fn(&Path) -> decnet_db_core::Result<DatabaseUrl>,
    folders: Mutex<HashMap<String, TempDir>>,
}

impl Files {
    /// Tests `driver`; `url` says how a database in the given folder, which is empty and stays the kit's, is opened.
    pub fn new(driver: Driver, url: fn(&Path) -> decnet_db_core::Result<DatabaseUrl>) -> Self {
        Self { driver, url, folders: Mutex::default() }
    }
}

#[async_trait]
impl Harness for Files {
    fn driver(&self) -> Driver {
        self.driver
    }

    async fn create(&self) -> anyhow::Result<DatabaseUrl> {
        let folder = tempfile::Builder::new().prefix("decnet-conformance-").tempdir()?;
        let url = (self.url)(folder.path())?;
        self.folders.lock().unwrap_or_else(PoisonError::into_inner).insert(url.expose(), folder);
        Ok(url)
    }

    async fn remove(&self, url: &DatabaseUrl) -> anyhow::Result<()> {
        let folder = self.folders.lock().unwrap_or_else(PoisonError::into_inner).remove(&url.expose());
        folder.map_or(Ok(()), |folder| Ok(folder.close()?))
    }
}
