//! What a repository promises, whatever its backend: each test body runs on every driver that is compiled in.
//!
//! A body gets an empty database of its own and knows no backend. What only one engine can have (the bytes in a SQLite
//! file) is tested under `disk`.

#[path = "../support/mod.rs"]
mod support;

mod attackers;
mod concurrency;
#[cfg(feature = "sqlite")]
mod disk;
mod golden;
mod hostile;
mod lifecycle;
mod search;
mod units;
