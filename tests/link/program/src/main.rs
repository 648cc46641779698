//! Succeeds if the driver that it refers to by `use … as _;` alone is registered. `tests/link/run` builds it as a release
//! with link-time optimisation, which removes whatever seems unused.

use std::process::ExitCode;

use decnet_db_core::registry::Registry;
use decnet_db_link_driver as _;

fn main() -> ExitCode {
    let registry = Registry::collect(&[], &[]);
    eprintln!("registered: {:?}", registry.drivers());
    match registry.find("tin") {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
