//! Succeeds if a driver crate that `Cargo.toml` names and no source line refers to is not there, and `drivers()` and the error
//! show it: nothing of such a crate is linked.

use std::process::ExitCode;

use decnet_db_core::registry::Registry;

fn main() -> ExitCode {
    let registry = Registry::collect(&[], &[]);
    eprintln!("registered: {:?}", registry.drivers());
    let told = registry.find("tin").is_err_and(|error| {
        eprintln!("{error}");
        error.to_string().contains("is the driver's crate referred to (`use the_crate as _;`)?")
    });
    if registry.drivers().is_empty() && told { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
