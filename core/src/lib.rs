//! Core of decnet-db: the repository contract, the portable SQL base that answers it, and the driver registry.
//!
//! Programs use the facade crate `decnet-db`, which adds the drivers that its features choose. Driver authors use this
//! crate: see [`driver`].

// The macros write paths that begin with `crate::`; they are for this crate only.
use decnet_db_macros::contract;

mod base;
pub mod call;
pub mod config;
pub mod contract;
pub mod driver;
pub mod error;
pub mod examination;
pub mod json;
mod needle;
pub mod password;
pub mod registry;
pub mod retention;
pub mod sql;
pub mod telemetry;
pub mod testing;
mod text;
pub mod time;
pub mod topology;
pub mod transfer;
pub mod watch;

pub use error::{EngineError, Error, ErrorCode, ErrorKind, Result};
pub use needle::Needle;
pub use text::{excerpt, is_unprintable, one_line};
