//! The metrics of a pool of connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use metrics::{Key, Label, SharedString, with_recorder};

use super::names::{COUNT, CREATE_TIME, MAX, PENDING, POOL, STATE, TIMEOUTS, USE_TIME, WAIT_TIME};
use super::{Database, METADATA};
use crate::config::DatabaseUrl;
use crate::driver::PoolStatus;

/// The metrics of a driver's pool: who waits for a connection and how long, what opening one and using it takes.
///
/// A driver keeps one, made from the URL that it opens, and tells it what happens; the numbers of
/// [`PoolStatus`] are reported by the repository.
#[derive(Debug, Clone)]
pub struct PoolMetrics(Arc<Keys>);

#[derive(Debug)]
struct Keys {
    pending: Key,
    timeouts: Key,
    created: Key,
    waited: Key,
    used: Key,
}

impl PoolMetrics {
    /// The metrics of the pool for this database.
    pub fn new(url: &DatabaseUrl) -> Self {
        let pool = Database::of(url).pool.unwrap_or_else(|| SharedString::const_str(""));
        let key = |name: &'static str| Key::from_parts(name, vec![Label::new(POOL, pool.clone())]);
        Self(Arc::new(Keys {
            pending: key(PENDING),
            timeouts: key(TIMEOUTS),
            created: key(CREATE_TIME),
            waited: key(WAIT_TIME),
            used: key(USE_TIME),
        }))
    }

    /// A caller that waits from now on, until it has a connection or what is returned is dropped.
    pub fn wait(&self) -> Waiting {
        with_recorder(|to| to.register_gauge(&self.0.pending, &METADATA).increment(1.0));
        Waiting { metrics: self.clone(), since: Instant::now() }
    }

    /// A connection was opened, which took so long.
    pub fn created(&self, took: Duration) {
        histogram(&self.0.created, took);
    }

    /// A caller was sent away, since no connection became free in time.
    pub fn timed_out(&self) {
        with_recorder(|to| to.register_counter(&self.0.timeouts, &METADATA).increment(1));
    }
}

/// A caller that waits for a connection.
#[derive(Debug)]
pub struct Waiting {
    metrics: PoolMetrics,
    since: Instant,
}

impl Waiting {
    /// It was sent away: see [`PoolMetrics::timed_out`].
    pub fn timed_out(&self) {
        self.metrics.timed_out();
    }

    /// It has one: what is returned is dropped when the connection is given back.
    pub fn over(self) -> InUse {
        let now = Instant::now();
        histogram(&self.metrics.0.waited, now.saturating_duration_since(self.since));
        InUse { metrics: self.metrics.clone(), since: now }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        with_recorder(|to| to.register_gauge(&self.metrics.0.pending, &METADATA).decrement(1.0));
    }
}

/// A connection that is used.
#[derive(Debug)]
pub struct InUse {
    metrics: PoolMetrics,
    since: Instant,
}

impl Drop for InUse {
    fn drop(&mut self) {
        histogram(&self.metrics.0.used, self.since.elapsed());
    }
}

fn histogram(key: &Key, time: Duration) {
    with_recorder(|to| to.register_histogram(key, &METADATA).record(time.as_secs_f64()));
}

/// Reports how the connections stand.
pub(super) fn report(database: &Database, status: PoolStatus) {
    let Some(pool) = &database.pool else { return };
    let set = |name: &'static str, state: Option<&'static str>, count: u32| {
        let mut labels = vec![Label::new(POOL, pool.clone())];
        labels.extend(state.map(|state| Label::new(STATE, state)));
        with_recorder(|to| {
            to.register_gauge(&Key::from_parts(name, labels), &METADATA).set(f64::from(count));
        });
    };
    set(COUNT, Some("idle"), status.idle);
    set(COUNT, Some("used"), status.open.saturating_sub(status.idle));
    set(MAX, None, status.max);
}

/// How many seconds pass between reports where nobody asks.
const PAUSE: u64 = 5;

/// Says when it is time to report how the connections stand.
pub(super) struct Reports {
    opened: Instant,
    /// The second of the next one.
    next: AtomicU64,
}

impl Reports {
    pub(super) fn new() -> Self {
        Self { opened: Instant::now(), next: AtomicU64::new(0) }
    }

    /// Whether one is due; of several callers one is told so.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        let second = now.saturating_duration_since(self.opened).as_secs();
        let next = self.next.load(Ordering::Relaxed);
        second >= next
            && self.next.compare_exchange(next, second + PAUSE, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_due_at_once_and_then_after_a_pause() {
        let reports = Reports::new();
        let after = |seconds| reports.is_due(reports.opened + Duration::from_secs(seconds));
        assert_eq!(
            [0, 1, 4, 5, 6, 9, 20, 21].map(after),
            [true, false, false, true, false, false, true, false]
        );
    }
}
