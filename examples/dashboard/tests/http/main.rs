//! The service's answers, from the router over real databases.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![cfg(any(feature = "sqlite", feature = "mysql"))]

#[allow(dead_code, reason = "of what the integration tests share this target needs the databases")]
#[path = "../../../../tests/support/mod.rs"]
mod support;

mod arguments;
mod attackers;
mod auth;
mod calls;
mod client;
mod coalesce;
mod errors;
#[cfg(feature = "sqlite")]
mod process;
mod shapes;
mod stream;
