//! Whether rows may have been deleted by others.
//!
//! The server counts the rows that are deleted, in all of its databases together (`Handler_delete`). While the count stands
//! still, no row was deleted. It grows when the row is deleted, and not when that is committed: so for a while after it
//! has grown nothing can be told. (There is no such count of updates that would stand still in a database in use; no method
//! of the contract changes an event.)
//!
//! A server counts from the beginning when it starts, and another server of a cluster has a count of its own: so the count
//! is that of one start of one server, and another start makes another mark though the numbers agree.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

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
    start: Start,
    /// How many starts were seen before.
    era: u64,
    count: u64,
    since: Instant,
    /// Whether this is the first count that was read: rows that were deleted just before may be committed after it.
    first: bool,
}

/// One start of one server.
#[derive(Debug, Clone, Copy)]
struct Start {
    host: usize,
    /// Seconds since 1970, from the time of now and the time that the server says it is up.
    second: i64,
}

impl Start {
    /// Both times are in whole seconds, and one was read a little later.
    fn is(self, other: Self) -> bool {
        self.host == other.host && (self.second - other.second).abs() <= 2
    }
}

impl DeleteCounter {
    /// Reads the count, and makes a mark of it: see [`Backend::query_marked`](decnet_db_core::driver::Backend::query_marked).
    pub(crate) async fn mark(&self, connection: &mut Connection) -> Result<Option<u64>, Failure> {
        let rows: Vec<(String, String)> =
            connection.rows("SHOW GLOBAL STATUS WHERE Variable_name IN ('Handler_delete', 'Uptime')").await?;
        let number = |name: &str| -> Option<u64> {
            rows.iter().find(|(variable, _)| variable.eq_ignore_ascii_case(name))?.1.parse().ok()
        };
        let (Some(count), Some(uptime)) = (number("Handler_delete"), number("Uptime")) else {
            return Ok(None);
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let second = i64::try_from(now).unwrap_or(i64::MAX) - i64::try_from(uptime).unwrap_or(0);
        let start = Start { host: connection.host().position(), second };
        Ok(self.judge(start, count, Instant::now()))
    }

    fn judge(&self, start: Start, count: u64, now: Instant) -> Option<u64> {
        let mut last = self.last.lock();
        let seen = match *last {
            Some(seen) if seen.start.is(start) && seen.count == count => seen,
            Some(seen) if seen.start.is(start) => Seen { count, since: now, first: false, ..seen },
            // What was under way at a server that is gone is gone too.
            Some(seen) => Seen { start, era: seen.era + 1, count, since: now, first: true },
            None => Seen { start, era: 0, count, since: now, first: true },
        };
        *last = Some(seen);
        let settled = now.duration_since(seen.since) >= OPEN;
        // Never 0, as others may change rows in place; and another mark once what was under way must have ended.
        (settled || seen.first).then(|| {
            (seen.era << 44).wrapping_add(count.wrapping_mul(2)).wrapping_add(1 + u64::from(settled)).max(1)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Start = Start { host: 0, second: 1_700_000_000 };

    #[test]
    fn another_start_or_another_server_makes_another_mark() {
        let deletions = DeleteCounter::default();
        let now = Instant::now();
        let first = deletions.judge(START, 0, now);
        let a_moment_later = Start { second: START.second + 1, ..START };
        assert_eq!(deletions.judge(a_moment_later, 0, now), first, "the clock's rounding");
        let restarted = deletions.judge(Start { second: START.second + 100, ..START }, 0, now);
        assert!(restarted.is_some() && restarted != first);
        let elsewhere = deletions.judge(Start { second: START.second + 100, host: 1 }, 0, now);
        assert!(elsewhere.is_some() && elsewhere != restarted && elsewhere != first);
    }

    #[test]
    fn a_mark_stands_still_with_the_count_and_is_none_for_a_while_after_it_has_grown() {
        let deletions = DeleteCounter::default();
        let begun = Instant::now();
        let first = deletions.judge(START, 7, begun);
        assert!(first.is_some() && first != Some(0));
        assert_eq!(deletions.judge(START, 7, begun + OPEN / 2), first);
        let settled = deletions.judge(START, 7, begun + OPEN);
        assert!(settled.is_some() && settled != first, "once more, when all that was under way has ended");
        assert_eq!(deletions.judge(START, 7, begun + OPEN * 9), settled);
        let later = begun + OPEN * 10;
        assert_eq!(deletions.judge(START, 8, later), None);
        assert_eq!(deletions.judge(START, 8, later + OPEN / 2), None);
        let grown = deletions.judge(START, 8, later + OPEN);
        assert!(grown.is_some() && grown != settled);
    }
}
