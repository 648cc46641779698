//! Whether rows may have been deleted by others.
//!
//! The server counts the rows that are deleted, in all of its databases together (`Handler_delete`). While the count stands
//! still, no row was deleted. It grows when the row is deleted, and not when that is committed: so for a while after it
//! has grown nothing can be told. (There is no such count of updates that would stand still in a database in use; no method
//! of the contract changes an event.)

use std::time::{Duration, Instant};

use decnet_db_core::Result;
use parking_lot::Mutex;

use crate::error::Failure;
use crate::read::connection::Connection;

/// How long a transaction that deleted rows may take to commit.
const OPEN: Duration = Duration::from_secs(60);

/// What is known of the server's count.
#[derive(Debug, Default)]
pub(crate) struct DeleteCounter {
    last: Mutex<Option<Seen>>,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    count: u64,
    since: Instant,
    /// Whether this is the first count that was read: rows that were deleted just before may be committed after it.
    first: bool,
}

impl DeleteCounter {
    /// Reads the count, and makes a mark of it: see [`Backend::query_marked`](decnet_db_core::driver::Backend::query_marked).
    pub(crate) async fn mark(&self, connection: &mut Connection) -> Result<Option<u64>, Failure> {
        let row: Option<(String, String)> =
            connection.first("SHOW GLOBAL STATUS LIKE 'Handler_delete'").await?;
        Ok(row.and_then(|(_, count)| count.parse().ok()).and_then(|count| self.judge(count, Instant::now())))
    }

    fn judge(&self, count: u64, now: Instant) -> Option<u64> {
        let mut last = self.last.lock();
        let seen = match *last {
            Some(seen) if seen.count == count => seen,
            other => Seen { count, since: now, first: other.is_none() },
        };
        *last = Some(seen);
        let settled = now.duration_since(seen.since) >= OPEN;
        // Never 0, as others may change rows in place; and another mark once what was under way must have ended.
        (settled || seen.first)
            .then(|| count.saturating_mul(2).saturating_add(1).saturating_add(settled.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_stands_still_with_the_count_and_is_none_for_a_while_after_it_has_grown() {
        let deletions = DeleteCounter::default();
        let begun = Instant::now();
        let first = deletions.judge(7, begun);
        assert!(first.is_some() && first != Some(0));
        assert_eq!(deletions.judge(7, begun + OPEN / 2), first);
        let settled = deletions.judge(7, begun + OPEN);
        assert!(settled.is_some() && settled != first, "once more, when all that was under way has ended");
        assert_eq!(deletions.judge(7, begun + OPEN * 9), settled);
        let later = begun + OPEN * 10;
        assert_eq!(deletions.judge(8, later), None);
        assert_eq!(deletions.judge(8, later + OPEN / 2), None);
        let grown = deletions.judge(8, later + OPEN);
        assert!(grown.is_some() && grown != settled);
    }
}
