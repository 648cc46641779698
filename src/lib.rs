#![doc = include_str!("../README.md")]

pub mod capture;
mod factory;

pub use decnet_db_core::contract::Repository;
pub use decnet_db_core::{
    EngineError, Error, ErrorCode, ErrorKind, Result, base, call, config, contract, driver, json, password,
    sql, time, topology, transfer,
};
pub use factory::{connect, connect_with, drivers, from_env, get_repository, registry};
