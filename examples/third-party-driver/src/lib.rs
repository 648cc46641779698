//! PostgreSQL for decnet-db: `use decnet_db_postgres as _;` adds the schemes `postgres` and `postgresql` to a program.

mod connect;
mod dialect;
mod session;
mod values;

use decnet_db_core::config::Config;
use decnet_db_core::driver::{Capability, Driver, OpenFuture, Pooled};

/// The driver, for programs that list drivers by hand.
pub const DRIVER: Driver = Driver::new("postgres", &["postgres", "postgresql"], open)
    .package(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
    .dialect(&dialect::Postgres)
    .lacks(Capability::NulInText, "PostgreSQL has no NUL in text");

decnet_db_core::register!(DRIVER);

fn open(config: &Config) -> OpenFuture<'_> {
    Box::pin(async { Pooled::open(connect::Server::new(config)?, config.pool.wait_timeout).await })
}
