//! The tool `decnet-db`, run as its users run it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![cfg(all(feature = "cli", feature = "sqlite"))]

mod calls;
mod commands;
mod copying;
mod errors;
mod lines;
mod new_driver;
mod questions;
mod resetting;
mod tool;
