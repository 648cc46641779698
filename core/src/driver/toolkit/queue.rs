//! The queue in front of a writer: many callers' units, taken in groups.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use once_cell::sync::Lazy;
use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{Notify, oneshot};

use crate::error::{Error, Result};
use crate::sql::{Receipt, Step, Unit};

/// How much a writer takes at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchLimits {
    /// The most units.
    pub units: usize,
    /// The most rows and statements in all; a unit that is larger than that is taken alone.
    pub rows: usize,
}

/// A unit that waits for a writer, and the caller who waits for its receipt.
#[derive(Debug)]
pub struct Pending {
    /// What is to be committed.
    pub unit: Unit,
    reply: oneshot::Sender<Answer>,
}

/// What the caller gets: also its unit, since memory is costly to free for another thread than the one that allocated it, and
/// a writer has no time for that.
type Answer = (Result<Receipt>, Unit);

impl Pending {
    /// Answers the caller. A caller that is gone does not matter: the unit is committed all the same.
    pub fn reply(self, result: Result<Receipt>) {
        let _ = self.reply.send((result, self.unit));
    }
}

/// Units in the order in which they came, for a writer thread ([`take_blocking`](Self::take_blocking)) or writer tasks
/// ([`take`](Self::take)) that commit what has gathered while they were busy: group commit, without a delay for a lone
/// caller.
///
/// ```
/// use decnet_db_core::driver::{BatchLimits, UnitQueue};
/// use decnet_db_core::sql::{Receipt, Unit};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let queue = std::sync::Arc::new(UnitQueue::new());
/// let writer = std::thread::spawn({
///     let queue = queue.clone();
///     move || {
///         while let Some(group) = queue.take_blocking(BatchLimits { units: 64, rows: 5_000 }) {
///             for pending in group {
///                 pending.reply(Ok(Receipt::default()));
///             }
///         }
///     }
/// });
/// assert!(queue.submit(Unit::new()).await.is_ok());
/// queue.close();
/// writer.join().unwrap();
/// # });
/// ```
#[derive(Debug, Default)]
pub struct UnitQueue {
    state: Mutex<State>,
    arrived: Condvar,
    notify: Notify,
    /// Callers that wait for an answer.
    callers: AtomicUsize,
    /// Units that wait, for those who look without the lock.
    waiting: AtomicUsize,
    /// Whether a thread takes the units, and not tasks.
    by_thread: AtomicBool,
}

/// How long both sides stay awake for each other when there is a single caller: waking a thread takes about as long as a
/// commit of one row.
const AWAKE: Duration = Duration::from_micros(200);
/// How often the processor pauses between two looks: together less than a microsecond.
const PAUSES: u32 = 16;

/// However steadily units come, a group is not waited for longer than this many times the patience for one.
const MANY: u32 = 10;

#[derive(Debug, Default)]
struct State {
    pending: VecDeque<Pending>,
    closed: bool,
    /// Since when the writer's thread waits for the next unit.
    idle: Option<Instant>,
    /// Whether the last one came so soon that it is worth staying awake for.
    brisk: bool,
}

impl UnitQueue {
    /// An empty, open queue.
    pub fn new() -> Self {
        Self::default()
    }

    /// Queues the unit and waits for its receipt. Once the future was polled the unit runs, also if the future is dropped.
    ///
    /// # Errors
    /// Whatever the writer answers; `Unavailable` when the queue is closed or the writer is gone.
    pub async fn submit(&self, unit: Unit) -> Result<Receipt> {
        let (reply, mut answer) = oneshot::channel();
        let _caller = Caller::count(&self.callers);
        {
            let mut state = self.state.lock();
            if state.closed {
                return Err(Error::closed());
            }
            state.pending.push_back(Pending { unit, reply });
            self.waiting.store(state.pending.len(), Ordering::Release);
        }
        self.arrived.notify_one();
        self.notify.notify_one();
        if self.is_awake_for_one() {
            let sent = Instant::now();
            // Other tasks get their turn, and with the first of them that writes this ends.
            while self.callers.load(Ordering::Relaxed) == 1 && sent.elapsed() < AWAKE {
                // The other side may share the processor's units with this one.
                (0..PAUSES).for_each(|_| std::hint::spin_loop());
                std::thread::yield_now();
                tokio::task::yield_now().await;
                match answer.try_recv() {
                    Ok((result, _)) => return result,
                    Err(TryRecvError::Empty) => {}
                    Err(TryRecvError::Closed) => return Err(Error::closed()),
                }
            }
        }
        match answer.await {
            Ok((result, _)) => result,
            Err(_) => Err(Error::closed()),
        }
    }

    /// Whether a thread takes the units, and there is a processor for either side.
    fn is_awake_for_one(&self) -> bool {
        self.by_thread.load(Ordering::Relaxed) && has_several_processors()
    }

    fn take_now(&self, state: &mut State, limits: BatchLimits) -> Vec<Pending> {
        let group = state.take(limits);
        self.waiting.store(state.pending.len(), Ordering::Release);
        group
    }

    /// How many units wait.
    pub fn len(&self) -> usize {
        self.state.lock().pending.len()
    }

    /// How many callers wait for an answer: those whose units wait, and those whose units are being committed.
    pub fn callers(&self) -> usize {
        self.callers.load(Ordering::Relaxed)
    }

    /// Whether no unit waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// No unit is accepted any more; those that wait are still handed out.
    pub fn close(&self) {
        self.state.lock().closed = true;
        self.arrived.notify_all();
        self.notify.notify_waiters();
        // A task that checked the queue just before waits for a permit, not for the broadcast.
        self.notify.notify_one();
    }

    /// Waits on the current thread for at least one unit, then takes all that have gathered, up to the limits. `None` when
    /// the queue is closed and empty.
    pub fn take_blocking(&self, limits: BatchLimits) -> Option<Vec<Pending>> {
        self.by_thread.store(true, Ordering::Relaxed);
        self.stay_awake();
        self.wait_and_take(limits)
    }

    fn wait_and_take(&self, limits: BatchLimits) -> Option<Vec<Pending>> {
        let mut state = self.state.lock();
        loop {
            if !state.pending.is_empty() {
                state.brisk = state.idle.take().is_some_and(|since| since.elapsed() < AWAKE);
                return Some(self.take_now(&mut state, limits));
            }
            if state.closed {
                return None;
            }
            self.arrived.wait(&mut state);
        }
    }

    /// Looks out for the next unit for a while, so that it need not wake this thread; unless they come seldom.
    fn stay_awake(&self) {
        let began = Instant::now();
        let brisk = {
            let mut state = self.state.lock();
            state.idle = Some(began);
            state.brisk
        };
        if !brisk || !has_several_processors() {
            return;
        }
        while self.waiting.load(Ordering::Acquire) == 0 && began.elapsed() < AWAKE {
            (0..PAUSES).for_each(|_| std::hint::spin_loop());
            std::thread::yield_now();
        }
    }

    /// As [`take_blocking`](Self::take_blocking), but gives the callers of the last groups, who were answered just now, a
    /// moment to come back: as long as fewer than `expected` units wait, until none has come for `patience`. Without it the
    /// first to come back gets a commit of its own, and the others wait for that.
    pub fn gather_blocking(
        &self,
        limits: BatchLimits,
        expected: usize,
        patience: Duration,
    ) -> Option<Vec<Pending>> {
        self.by_thread.store(true, Ordering::Relaxed);
        if expected <= 1 {
            self.stay_awake();
        }
        {
            let mut state = self.state.lock();
            while state.pending.is_empty() && !state.closed {
                self.arrived.wait(&mut state);
            }
        }
        let began = Instant::now();
        let (mut seen, mut last) = (0, began);
        loop {
            let waiting = self.waiting.load(Ordering::Acquire);
            if waiting >= expected.min(limits.units) {
                break;
            }
            let now = Instant::now();
            if waiting > seen {
                (seen, last) = (waiting, now);
            } else if now.duration_since(last) >= patience || now.duration_since(began) >= patience * MANY {
                break;
            }
            // Sleeping would take longer than they need; they get the processor instead.
            std::thread::yield_now();
        }
        self.wait_and_take(limits)
    }

    /// As [`take_blocking`](Self::take_blocking), for a task; several tasks may take from one queue. Dropping the future
    /// takes nothing.
    pub async fn take(&self, limits: BatchLimits) -> Option<Vec<Pending>> {
        loop {
            {
                let mut state = self.state.lock();
                if !state.pending.is_empty() {
                    let group = self.take_now(&mut state, limits);
                    if !state.pending.is_empty() {
                        self.notify.notify_one();
                    }
                    return Some(group);
                }
                if state.closed {
                    self.notify.notify_one();
                    return None;
                }
            }
            self.notify.notified().await;
        }
    }
}

impl State {
    fn take(&mut self, limits: BatchLimits) -> Vec<Pending> {
        let mut rows = 0;
        let mut count = 0;
        for pending in self.pending.iter().take(limits.units.max(1)) {
            rows += weight(&pending.unit);
            if count > 0 && rows > limits.rows {
                break;
            }
            count += 1;
        }
        self.pending.drain(..count).collect()
    }
}

/// A caller that waits for its answer, also when it goes away.
struct Caller<'q>(&'q AtomicUsize);

impl<'q> Caller<'q> {
    fn count(callers: &'q AtomicUsize) -> Self {
        callers.fetch_add(1, Ordering::Relaxed);
        Self(callers)
    }
}

impl Drop for Caller<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// On a single processor, whoever stays awake keeps the other side from working.
fn has_several_processors() -> bool {
    static SEVERAL: Lazy<bool> =
        Lazy::new(|| std::thread::available_parallelism().is_ok_and(|processors| processors.get() > 1));
    *SEVERAL
}

fn weight(unit: &Unit) -> usize {
    unit.steps().iter().map(|step| if let Step::Insert(insert) = step { insert.len() } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const ALL: BatchLimits = BatchLimits { units: 64, rows: 1_000 };

    #[tokio::test]
    async fn a_group_is_what_has_gathered() {
        let queue = Arc::new(UnitQueue::new());
        let callers: Vec<_> = (0..3)
            .map(|_| {
                let queue = queue.clone();
                tokio::spawn(async move { queue.submit(Unit::new()).await })
            })
            .collect();
        while queue.len() < 3 {
            tokio::task::yield_now().await;
        }
        let two = queue.take(BatchLimits { units: 2, rows: 10 }).await.unwrap();
        assert_eq!(two.len(), 2);
        let rest = queue.take(ALL).await.unwrap();
        assert_eq!(rest.len(), 1);
        two.into_iter().chain(rest).for_each(|pending| pending.reply(Ok(Receipt::default())));
        for caller in callers {
            assert!(caller.await.unwrap().is_ok());
        }
    }

    #[test]
    fn a_lone_caller_is_not_kept_waiting_longer_than_the_patience() {
        let queue = Arc::new(UnitQueue::new());
        let caller = std::thread::spawn({
            let queue = queue.clone();
            move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                runtime.block_on(queue.submit(Unit::new()))
            }
        });
        let group = queue.gather_blocking(ALL, 64, Duration::from_millis(1)).unwrap();
        assert_eq!(group.len(), 1);
        group.into_iter().for_each(|pending| pending.reply(Ok(Receipt::default())));
        assert!(caller.join().unwrap().is_ok());
        queue.close();
        assert!(queue.gather_blocking(ALL, 64, Duration::from_millis(1)).is_none());
    }

    #[tokio::test]
    async fn a_closed_queue_refuses_and_ends() {
        let queue = UnitQueue::new();
        queue.close();
        assert!(queue.submit(Unit::new()).await.unwrap_err().is_retryable());
        assert!(queue.take(ALL).await.is_none());
        assert!(queue.take(ALL).await.is_none());
        assert!(queue.take_blocking(ALL).is_none());
    }

    #[tokio::test]
    async fn a_writer_that_goes_away_answers_its_callers() {
        let queue = Arc::new(UnitQueue::new());
        let caller = tokio::spawn({
            let queue = queue.clone();
            async move { queue.submit(Unit::new()).await }
        });
        drop(queue.take(ALL).await);
        assert!(caller.await.unwrap().is_err());
    }
}
