//! Core of decnet-db: the repository contract, the portable SQL base that answers it, and the driver registry.

pub mod config;
pub mod error;
mod excerpt;
pub mod json;
pub mod time;

pub use error::{Error, ErrorKind, Result};
