//! A driver as its author published it when decnet-db-core was at 0.1.0. It is never changed: whoever can't build it
//! against a later 0.1 has broken the interface.

// What it uses may be deprecated one day, and must work all the same.
#![allow(warnings, clippy::all)]

use decnet_db_core::driver::Driver;

mod backend;
mod dialect;
mod values;

/// The driver.
pub const DRIVER: Driver = Driver::new("frozen", &["frozen", "frozen01"], backend::open)
    .package(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
    .dialect(&dialect::Frozen);

decnet_db_core::register!(DRIVER);
