//! What must hold in whatever order threads and tasks run: one function a subject, which a scheduler runs again and again.
//!
//! The queues and the reader threads are the real files with shuttle's locks, channels and threads in them (`build.rs`); the
//! segments are the real ones over a database whose calls are where other tasks may come in between.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

pub mod queues;
pub mod readers;
mod replaced;
pub mod segments;

macro_rules! copied {
    ($($module:ident),+) => {
        $(
            #[allow(dead_code, missing_docs, reason = "as it is in its own crate")]
            mod $module {
                include!(concat!(env!("OUT_DIR"), "/", stringify!($module), ".rs"));
            }
        )+
    };
}

copied!(backlog, queue, reader_threads, spin, write_queue);

/// What the copied files know of their crate.
mod error {
    pub(crate) use decnet_db_core::{Error, Result};
}

use decnet_db_core::sql;
