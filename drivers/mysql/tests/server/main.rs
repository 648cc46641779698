//! The driver against a real server: each test has a database of its own, which it drops.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests are tests too"
)]

mod bootstrap;
#[path = "../client/mod.rs"]
mod client;
mod concurrency;
mod database;
mod decnet_made;
mod decnet_made_events;
mod faults;
mod login;
mod pool;
mod private;
mod refusals;
mod replay;
mod round_trips;
mod search;
mod values;
