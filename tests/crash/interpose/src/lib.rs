//! What this program does to the files of one folder: noted in its order, and made to fail on request.
//!
//! The program's own `open`, `write`, `fsync` and so on stand before those of the C library, for everything that is linked
//! into it: SQLite, Rust's standard library, whoever else. A VFS of SQLite would see only what SQLite does, and not that
//! the driver syncs the log by a handle of its own. Whether something got past is seen by rebuilding the files from the notes.
//!
//! Link this crate and call something of it; there is one recording at a time. Linux on 64 bits only.

#![cfg(all(target_os = "linux", target_pointer_width = "64"))]

mod calls;
mod state;

pub use state::{Entry, Fault, Operation, What, fail, heal, mark, record, stop};
