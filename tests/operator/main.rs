//! Copying, comparing and resetting whole databases.
//!
//! Copies go from a SQLite file to a database in the middle and from there to a SQLite file again, which must then be the
//! first one. The database in the middle is one of each backend that is compiled in.

#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod copying;
mod faults;
mod live;
mod place;
mod resetting;
