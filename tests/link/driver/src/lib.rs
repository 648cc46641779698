//! A driver crate that programs refer to by `use decnet_db_link_driver as _;` alone: nothing in it is public.

use decnet_db_core::config::Config;
use decnet_db_core::driver::{Driver, OpenFuture};

const DRIVER: Driver =
    Driver::new("tin", &["tin"], open).package(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));

decnet_db_core::register!(DRIVER);

fn open(config: &Config) -> OpenFuture<'_> {
    Box::pin(async move {
        Err(decnet_db_core::Error::Unsupported(format!(
            "{} was asked for, and reached the driver",
            config.url
        )))
    })
}
