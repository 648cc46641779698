//! What is true of every backend, tested without one: the SQL that the base writes, and telemetry.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests fail by panicking")]

mod plain;
mod recording;
mod snapshots;
mod telemetry;
