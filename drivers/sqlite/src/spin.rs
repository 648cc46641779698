//! Staying awake for another thread for a moment: waking one takes about as long as a commit of one row.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use once_cell::sync::Lazy;

/// How long a thread and a lone caller stay awake for each other.
pub(crate) const AWAKE: Duration = Duration::from_micros(200);
/// How often the processor pauses between two looks: together less than a microsecond.
const PAUSES: u32 = 16;

/// A pause between two looks: the other side may share the processor's units with this one.
pub(crate) fn pause() {
    (0..PAUSES).for_each(|_| std::hint::spin_loop());
    thread::yield_now();
}

/// Whether there is a processor for either side: on a single one, whoever stays awake keeps the other from working.
pub(crate) fn has_several_processors() -> bool {
    static SEVERAL: Lazy<bool> =
        Lazy::new(|| thread::available_parallelism().is_ok_and(|processors| processors.get() > 1));
    *SEVERAL
}

/// A caller that waits for its answer; it is counted until it goes away.
pub(crate) struct Caller<'c>(&'c AtomicUsize);

impl<'c> Caller<'c> {
    pub(crate) fn count(callers: &'c AtomicUsize) -> Self {
        callers.fetch_add(1, Ordering::Relaxed);
        Self(callers)
    }
}

impl Drop for Caller<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
