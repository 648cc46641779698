//! What takes the place of locks, threads and clocks: the same interfaces over shuttle's, which try one schedule after the other.

use std::ops::{Add, Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use shuttle::rand::{Rng as _, thread_rng};
use shuttle::sync::atomic::AtomicBool;

/// As `std::thread`, on a machine of two processors.
pub(crate) mod thread {
    use std::io;
    use std::num::NonZero;

    pub(crate) use shuttle::thread::{Builder, yield_now};

    pub(crate) fn available_parallelism() -> io::Result<NonZero<usize>> {
        NonZero::new(2).ok_or_else(|| io::Error::other("two is not zero"))
    }
}

/// As `parking_lot::Mutex`.
#[derive(Debug, Default)]
pub(crate) struct Mutex<T>(shuttle::sync::Mutex<T>);

/// As `parking_lot::MutexGuard`; without the lock only while a [`Condvar`] has it.
pub(crate) struct MutexGuard<'m, T>(Option<shuttle::sync::MutexGuard<'m, T>>);

const HELD: &str = "a guard has its lock whenever its owner can look";

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(shuttle::sync::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        MutexGuard(Some(self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())))
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_ref().expect(HELD)
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.as_mut().expect(HELD)
    }
}

/// As `parking_lot::Condvar`.
#[derive(Debug, Default)]
pub(crate) struct Condvar(Arc<shuttle::sync::Condvar>);

pub(crate) struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    pub(crate) fn timed_out(&self) -> bool {
        self.0
    }
}

impl Condvar {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn notify_one(&self) {
        self.0.notify_one();
    }

    pub(crate) fn notify_all(&self) {
        self.0.notify_all();
    }

    pub(crate) fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
        let held = guard.0.take().expect(HELD);
        guard.0 = Some(self.0.wait(held).unwrap_or_else(|poisoned| poisoned.into_inner()));
    }

    /// Time passes as the schedule wants it: sooner or later a thread wakes who waits. Others who wait wake with it, as they may.
    pub(crate) fn wait_for<T>(&self, guard: &mut MutexGuard<'_, T>, _: Duration) -> WaitTimeoutResult {
        let over = Arc::new(AtomicBool::new(false));
        let (condvar, rings) = (Arc::clone(&self.0), Arc::clone(&over));
        shuttle::thread::spawn(move || {
            rings.store(true, Ordering::SeqCst);
            condvar.notify_all();
        });
        self.wait(guard);
        WaitTimeoutResult(over.load(Ordering::SeqCst))
    }
}

/// As `std::time::Instant`: a clock that goes on whenever it is looked at, now and then by much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(Duration);

impl Instant {
    pub(crate) fn now() -> Self {
        static MICROSECONDS: AtomicU64 = AtomicU64::new(0);
        let step = if thread_rng().gen_ratio(1, 16) { 5_000 } else { 40 };
        Self(Duration::from_micros(MICROSECONDS.fetch_add(step, Ordering::Relaxed)))
    }

    pub(crate) fn elapsed(&self) -> Duration {
        Self::now().duration_since(*self)
    }

    pub(crate) fn duration_since(&self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0 + duration)
    }
}
