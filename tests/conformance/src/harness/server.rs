//! Engines that are servers.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use async_trait::async_trait;
use decnet_db_core::config::DatabaseUrl;
use decnet_db_core::driver::Driver;

use super::Harness;

type Execute = Box<dyn Fn(String) -> Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>> + Send + Sync>;

/// A database of its own on a server for each case, made by `CREATE DATABASE decnet_conformance_…` and dropped by
/// `DROP DATABASE …`.
///
/// ```
/// use decnet_db_conformance::Server;
/// # use decnet_db_core::driver::{Driver, OpenFuture};
/// # fn open(_: &decnet_db_core::config::Config) -> OpenFuture<'_> { unimplemented!() }
/// # const DRIVER: Driver = Driver::new("tin", &["tin"], open);
/// # async fn connect(_: &str) -> anyhow::Result<Client> { Ok(Client) }
/// # struct Client;
/// # impl Client { async fn run(&self, _: &str) -> anyhow::Result<()> { Ok(()) } }
///
/// # fn main() -> decnet_db_core::Result<()> {
/// let url = "tin://root@localhost/tin";
/// let harness = Server::new(DRIVER, url.parse()?, move |statement| async move {
///     // Any client of the engine will do; the statement must not be in a transaction.
///     connect(url).await?.run(&statement).await
/// });
/// # let _ = harness; Ok(())
/// # }
/// ```
pub struct Server {
    driver: Driver,
    url: DatabaseUrl,
    execute: Execute,
    options: String,
}

impl Server {
    /// Tests `driver` on the server of `url`, which names a database that exists already and that is left alone; `execute`
    /// runs one statement there, as a user who may create databases.
    pub fn new<F>(
        driver: Driver,
        url: DatabaseUrl,
        execute: impl Fn(String) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let execute: Execute = Box::new(move |statement| Box::pin(execute(statement)));
        Self { driver, url, execute, options: String::new() }
    }

    /// The same with options behind `CREATE DATABASE name`: `CHARACTER SET utf8mb4`.
    #[must_use]
    pub fn options(mut self, options: &str) -> Self {
        self.options = format!(" {options}");
        self
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("driver", &self.driver).field("url", &self.url).finish_non_exhaustive()
    }
}

#[async_trait]
impl Harness for Server {
    fn driver(&self) -> Driver {
        self.driver
    }

    async fn create(&self) -> anyhow::Result<DatabaseUrl> {
        let name = format!("decnet_conformance_{}", uuid::Uuid::new_v4().simple());
        (self.execute)(format!("CREATE DATABASE {name}{}", self.options)).await?;
        Ok(self.url.clone().with_database(&name))
    }

    async fn remove(&self, url: &DatabaseUrl) -> anyhow::Result<()> {
        (self.execute)(format!("DROP DATABASE {}", url.database())).await
    }
}
