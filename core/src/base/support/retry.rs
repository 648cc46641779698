//! Starting again when other writers were faster.

use crate::error::{Error, ErrorKind, Result};

/// How often a write starts again that decides by what it read before, when other writers come in between. Each round at
/// least one of them gets through.
pub(in crate::base) const RETRIES: usize = 256;

/// What the base answers when [`RETRIES`] rounds did not do.
pub(in crate::base) fn busy(what: &str) -> Error {
    Error::unavailable(
        format!("{what} changed {RETRIES} times while it was being written; try again"),
        anyhow::anyhow!("other writers were faster each time"),
    )
}

/// What the base answers when a driver breaks its promise.
pub(in crate::base) fn broken(message: &str) -> Error {
    Error::backend(message.to_owned(), anyhow::anyhow!("the driver's answer has another shape"))
}

/// Runs a round, which reads and then writes by what it read, until one gets through: after a conflict, or a round that comes to
/// nothing, somebody else was faster, and another one begins.
pub(in crate::base) async fn in_rounds<T, F: Future<Output = Result<Option<T>>> + Send>(
    what: &str,
    round: impl Fn() -> F,
) -> Result<T> {
    for _ in 0..RETRIES {
        match round().await {
            Ok(Some(done)) => return Ok(done),
            Ok(None) => {}
            Err(error) if error.kind() == ErrorKind::Conflict => {}
            Err(error) => return Err(error),
        }
    }
    Err(busy(what))
}
