//! What is true of every backend, tested without one: the SQL that the base writes, and telemetry.

mod plain;
mod recording;
#[path = "../support/samples.rs"]
mod samples;
mod snapshots;
mod telemetry;
