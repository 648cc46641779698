//! Copying, comparing and resetting whole databases.
//!
//! Copies go from a SQLite file to another database and from there to a SQLite file again, which must then be the first
//! one. The database between is a SQLite file too, unless `DECNET_TEST_COPY_URL` names another one. Everything in that one
//! is deleted.

#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod copying;
mod faults;
mod place;
mod resetting;
