//! PostgreSQL for decnet-db: `use decnet_db_postgres as _;` adds the schemes `postgres` and `postgresql` to a program.

mod dialect;
mod server;
mod values;

use decnet_db_core::driver::{Capability, Driver, Pooled};

/// The driver, for programs that list drivers by hand.
pub const DRIVER: Driver = Driver::new("postgres", &["postgres", "postgresql"], |config| {
    Box::pin(async { Pooled::open(&DRIVER, &dialect::Postgres, server::Server::new(config)?, config).await })
})
.package(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
.dialect(&dialect::Postgres)
.lacks(Capability::NulInText, "PostgreSQL can't store NUL characters in text");

decnet_db_core::register!(DRIVER);
