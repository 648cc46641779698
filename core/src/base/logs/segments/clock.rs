//! The clock by which what is known grows old: monotonic, so that nobody who sets the time changes it, and tests can advance it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// By how many milliseconds tests have advanced it.
static ADVANCED: AtomicU64 = AtomicU64::new(0);

/// Now. How long something takes is measured without it, since tests advance it meanwhile.
pub(super) fn now() -> Instant {
    Instant::now() + Duration::from_millis(ADVANCED.load(Ordering::Relaxed))
}

/// Advances it.
pub(crate) fn advance(time: Duration) {
    ADVANCED.fetch_add(u64::try_from(time.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
}
