//! What a repository promises, whatever its backend: each test body runs on every driver that is compiled in.
//!
//! A body gets an empty database of its own and knows no backend. What only one engine can have (the bytes in a SQLite
//! file) is tested under `disk`.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests fail by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod attackers;
mod concurrency;
mod counts;
#[cfg(feature = "sqlite")]
mod disk;
mod fleet;
mod golden;
mod hostile;
mod lifecycle;
mod search;
mod units;
