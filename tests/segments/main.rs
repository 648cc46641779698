//! Counts, histograms, pages and searches from what is known of events: they are what the table itself says, whatever this process
//! and other programs have done to it, on each backend.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![cfg(any(feature = "sqlite", feature = "mysql"))]

#[allow(
    dead_code,
    unused_imports,
    reason = "of what the integration tests share this target needs the databases"
)]
#[path = "../support/mod.rs"]
mod support;

mod promises;
mod random;
mod world;
