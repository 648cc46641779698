//! What is known of events, on PostgreSQL: the library's own tests, which are not part of the suite that every driver passes.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests too")]

#[path = "../../../tests/segments/promises.rs"]
#[allow(unexpected_cfgs, reason = "one test is for MySQL alone")]
mod promises;
#[path = "../../../tests/segments/random.rs"]
mod random;
mod server;
mod support;
#[path = "../../../tests/segments/world.rs"]
mod world;
