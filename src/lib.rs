#![doc = include_str!("../README.md")]

pub mod backup;
pub mod capture;
mod factory;
pub mod reports;

pub use decnet_db_core::contract::Repository;
pub use decnet_db_core::{
    EngineError, Error, ErrorCode, ErrorKind, Result, call, config, contract, examination, json, password,
    retention, telemetry, testing, time, topology, transfer, watch,
};
// For authors of drivers, who depend on `decnet-db-core`, and for tools that look at an engine.
#[doc(hidden)]
pub use decnet_db_core::{driver, excerpt, is_unprintable, sql};
pub use factory::{connect, connect_with, drivers, from_env, get_repository, registry};
