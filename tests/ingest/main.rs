//! `decnet-db ingest`, run as its users run it: captures into a database of its own, on each backend.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![cfg(all(feature = "cli", any(feature = "sqlite", feature = "mysql"), unix))]

#[allow(
    dead_code,
    unused_imports,
    reason = "of what the integration tests share this target needs the databases"
)]
#[path = "../support/mod.rs"]
mod support;
#[allow(dead_code, reason = "this target starts the tool with arguments of its own")]
#[path = "../cli/tool.rs"]
mod tool;

mod bench;
mod following;
mod formats;
mod growth;
mod hostile;
mod killed;
#[cfg(feature = "mysql")]
mod late;
mod partial;
mod people;
#[cfg(feature = "sqlite")]
mod places;
mod rotation;
mod simulator;
mod trouble;
mod waiting;
mod writer;
