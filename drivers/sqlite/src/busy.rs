//! The busy handler: waiting for other programs' transactions.

use std::cell::Cell;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, Result};

/// The first pause, which doubles up to the longest. SQLite's own waiting sleeps up to 100 ms at a time: against a busy writer
/// that is hardly ever the right moment.
const FIRST: Duration = Duration::from_micros(200);
const LONGEST: Duration = Duration::from_millis(3);

thread_local! {
    static TIMEOUT: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    static SINCE: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Installs the handler: whoever uses the connection waits as long as the thread's [timeout](set_timeout); threads that never set one don't
/// wait.
pub(crate) fn install(connection: &Connection) -> Result<()> {
    connection.busy_handler(Some(wait))
}

/// Sets how long this thread waits for others from now on.
pub(crate) fn set_timeout(timeout: Duration) {
    TIMEOUT.set(timeout);
}

/// SQLite calls this when another connection is in the way, with the number of times that it has done so before, and tries
/// again when the answer is true.
fn wait(before: i32) -> bool {
    let now = Instant::now();
    let since = match SINCE.get() {
        Some(since) if before > 0 => since,
        _ => {
            SINCE.set(Some(now));
            now
        }
    };
    let left = TIMEOUT.get().saturating_sub(now.duration_since(since));
    if left.is_zero() {
        return false;
    }
    let doubled = FIRST * (1 << before.clamp(0, 8));
    thread::sleep(doubled.min(LONGEST).min(left));
    true
}
