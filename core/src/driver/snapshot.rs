//! Several reads of one moment.

use std::path::Path;

use async_trait::async_trait;

use crate::error::Result;
use crate::sql::{Rows, Statement};

/// Several reads of one moment: each sees what had been committed when the snapshot began, whatever others write since.
///
/// It has a connection of its own, outside of the pool. As long as it is open, the engine keeps what others overwrite: a
/// write-ahead log that grows, or an undo log. Dropping it lets go of all that, as [`end`](Self::end) does.
///
/// A snapshot whose connection is lost, or whose read was dropped half way, is over: each later read fails. It is never
/// begun anew without a word, since that would be another moment.
#[async_trait]
pub trait Snapshot: Send + Sync {
    /// Runs one read in the snapshot and returns its rows in order. Reads at the same time wait for each other.
    ///
    /// # Errors
    /// `Unavailable` when the snapshot is over; otherwise as [`Backend::query`](super::Backend::query).
    async fn query(&self, statement: Statement) -> Result<Rows>;

    /// Writes the whole database, as it is in the snapshot, into a file of the engine's own kind, page by page; tells of
    /// each part how many pages are done, of how many. `false` when the engine has no such files, as the provided method
    /// answers: then nothing was done.
    ///
    /// # Errors
    /// `Unavailable` when the snapshot is over or the disk is full; `Backend` otherwise.
    async fn write_file(&self, path: &Path, on: &mut (dyn FnMut(u64, u64) + Send)) -> Result<bool> {
        let _ = (path, on);
        Ok(false)
    }

    /// Ends it, and waits until the engine has let go of it.
    async fn end(self: Box<Self>) {}
}
