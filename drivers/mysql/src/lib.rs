//! The MySQL and MariaDB driver of decnet-db.
//!
//! Programs don't name it: they give a URL to the factory of `decnet-db`, which finds [`DRIVER`].

mod backend;
mod bootstrap;
mod connect;
mod dialect;
mod error;
mod guard;
mod limits;
mod pool;
mod run;
mod server;
mod session;
mod units;
mod url;
mod values;
mod writer;

use std::sync::Arc;

use decnet_db_core::config::Config;
use decnet_db_core::driver::{Backend, Driver, OpenFuture};

/// The driver, for programs that list drivers by hand; see [`Registry::collect`](decnet_db_core::driver::Registry::collect).
pub const DRIVER: Driver = Driver::new("mysql", &["mysql", "mariadb"], open)
    .package(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));

decnet_db_core::register!(DRIVER);

fn open(config: &Config) -> OpenFuture<'_> {
    Box::pin(async move {
        let backend: Arc<dyn Backend> = Arc::new(backend::MysqlBackend::open(config).await?);
        Ok(backend)
    })
}
