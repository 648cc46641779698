//! Retention: deleting the oldest events with what hangs on their sources, by the library and by `decnet-db prune`, on each
//! backend.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![cfg(any(feature = "sqlite", feature = "mysql"))]

#[allow(
    dead_code,
    unused_imports,
    reason = "of what the integration tests share this target needs the databases"
)]
#[path = "../support/mod.rs"]
mod support;
#[cfg(feature = "cli")]
#[allow(dead_code, reason = "this target starts the tool in its own way")]
#[path = "../cli/tool.rs"]
mod tool;

mod beside;
#[cfg(feature = "cli")]
mod command;
mod library;
mod world;
