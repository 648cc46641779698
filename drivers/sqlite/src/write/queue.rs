//! The queue in front of the writer's thread: many callers' units, taken in groups.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use decnet_db_core::driver::BatchLimits;
use decnet_db_core::sql::{Receipt, Step, Unit};
use decnet_db_core::{Error, Result};
use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{Semaphore, oneshot};

use crate::spin::{self, Caller};

/// The most units that wait. Further callers wait for a place, with their units still their own.
const PLACES: usize = 4_096;

/// However steadily units come, a group is not waited for longer than this many times the patience for one.
const MANY: u32 = 10;

/// A unit that waits for the writer, and the caller who waits for its receipt.
pub(crate) struct Pending {
    /// What is to be committed.
    pub(crate) unit: Unit,
    reply: oneshot::Sender<Answer>,
}

/// What the caller gets: also its unit, since memory is costly to free for another thread than the one that allocated it, and
/// the writer has no time for that.
type Answer = (Result<Receipt>, Unit);

impl Pending {
    /// Answers the caller. A caller that went away meanwhile does not matter: the unit was taken, and is committed or not
    /// all the same.
    pub(crate) fn reply(self, result: Result<Receipt>) {
        let _ = self.reply.send((result, self.unit));
    }

    fn is_wanted(&self) -> bool {
        !self.reply.is_closed()
    }
}

/// A bounded queue of units in the order in which they came, for one thread.
///
/// Waking a thread takes about as long as a commit of one row. So a lone caller and the thread stay awake for each other for
/// a moment, and of many callers the thread gives those that it has just answered a moment to come back.
pub(crate) struct WriteQueue {
    state: Mutex<State>,
    arrived: Condvar,
    /// A permit for each unit that may still be queued.
    places: Semaphore,
    /// Callers that wait for an answer.
    callers: AtomicUsize,
    /// Units that wait, for those who look without the lock.
    waiting: AtomicUsize,
}

#[derive(Default)]
struct State {
    pending: VecDeque<Pending>,
    closed: bool,
    /// Since when the thread waits for the next unit.
    idle: Option<Instant>,
    /// Whether the last unit came so soon that it is worth staying awake for.
    brisk: bool,
}

impl WriteQueue {
    /// An empty, open queue.
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::default(),
            arrived: Condvar::new(),
            places: Semaphore::new(PLACES),
            callers: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
        }
    }

    /// Queues the unit and waits for its receipt; waits for a place first when very many units are queued already.
    ///
    /// When the future is dropped, a unit that was not taken yet is not begun; one that was taken runs to its end.
    ///
    /// # Errors
    /// Whatever the writer answers; `Unavailable` when the queue is closed or the writer is gone.
    pub(crate) async fn submit(&self, unit: Unit) -> Result<Receipt> {
        let place = self.places.acquire().await.map_err(|_| Error::closed())?;
        let (reply, mut answer) = oneshot::channel();
        let _caller = Caller::count(&self.callers);
        {
            let mut state = self.state.lock();
            if state.closed {
                return Err(Error::closed());
            }
            state.pending.push_back(Pending { unit, reply });
            self.waiting.store(state.pending.len(), Ordering::Release);
            // It is given back by the thread that takes the unit.
            place.forget();
        }
        self.arrived.notify_one();
        if spin::has_several_processors() {
            let sent = Instant::now();
            // Other tasks get their turn, and with the first of them that writes this ends.
            while self.callers.load(Ordering::Relaxed) == 1 && sent.elapsed() < spin::AWAKE {
                spin::pause();
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

    /// How many units wait.
    pub(crate) fn len(&self) -> usize {
        self.state.lock().pending.len()
    }

    /// How many callers wait for an answer: those whose units wait, and those whose units are being committed.
    pub(crate) fn callers(&self) -> usize {
        self.callers.load(Ordering::Relaxed)
    }

    /// No unit is accepted any more; those that wait are still handed out.
    pub(crate) fn close(&self) {
        self.state.lock().closed = true;
        self.places.close();
        self.arrived.notify_all();
    }

    /// Waits for at least one unit and takes all that have gathered, up to the limits. `None` when the queue is closed and
    /// empty.
    ///
    /// The callers of the last groups, who were answered just now, get a moment to come back: as long as fewer than
    /// `expected` units wait, until none has come for `patience`. Without it the first to come back gets a commit of its own,
    /// and the others wait for that.
    pub(crate) fn take(
        &self,
        limits: BatchLimits,
        expected: usize,
        patience: Duration,
    ) -> Option<Vec<Pending>> {
        if expected <= 1 {
            self.stay_awake();
        }
        loop {
            if !self.wait() {
                return None;
            }
            self.gather(expected.min(limits.units), patience);
            let group = self.take_now(limits);
            if !group.is_empty() {
                return Some(group);
            }
            // Those who had queued them are gone.
        }
    }

    /// Waits for a unit; false when the queue is closed and empty.
    fn wait(&self) -> bool {
        let mut state = self.state.lock();
        while state.pending.is_empty() && !state.closed {
            self.arrived.wait(&mut state);
        }
        !state.pending.is_empty()
    }

    fn gather(&self, expected: usize, patience: Duration) {
        let began = Instant::now();
        let (mut seen, mut last) = (0, began);
        loop {
            let waiting = self.waiting.load(Ordering::Acquire);
            if waiting >= expected {
                return;
            }
            let now = Instant::now();
            if waiting > seen {
                (seen, last) = (waiting, now);
            } else if now.duration_since(last) >= patience || now.duration_since(began) >= patience * MANY {
                return;
            }
            // Sleeping would take longer than they need; they get the processor instead.
            thread::yield_now();
        }
    }

    /// Takes a group, and drops the units whose callers are gone: a caller that timed out and tries again must not have its
    /// work done twice.
    fn take_now(&self, limits: BatchLimits) -> Vec<Pending> {
        let mut state = self.state.lock();
        state.brisk = state.idle.take().is_some_and(|since| since.elapsed() < spin::AWAKE);
        let before = state.pending.len();
        let (mut group, mut rows) = (Vec::with_capacity(before.min(limits.units)), 0);
        while group.len() < limits.units.max(1)
            && let Some(next) = state.pending.front()
        {
            if next.is_wanted() {
                rows += weight(&next.unit);
                if !group.is_empty() && rows > limits.rows {
                    break;
                }
                group.extend(state.pending.pop_front());
            } else {
                state.pending.pop_front();
                metrics::counter!("db.sqlite.units.abandoned").increment(1);
            }
        }
        self.waiting.store(state.pending.len(), Ordering::Release);
        if !state.closed {
            self.places.add_permits(before - state.pending.len());
        }
        group
    }

    /// Looks out for the next unit for a while, so that it need not wake this thread; unless they come seldom.
    fn stay_awake(&self) {
        let began = Instant::now();
        let brisk = {
            let mut state = self.state.lock();
            state.idle = Some(began);
            state.brisk
        };
        if !brisk || !spin::has_several_processors() {
            return;
        }
        while self.waiting.load(Ordering::Acquire) == 0 && began.elapsed() < spin::AWAKE {
            spin::pause();
        }
    }
}

fn weight(unit: &Unit) -> usize {
    unit.steps().iter().map(|step| if let Step::Insert(insert) = step { insert.len() } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::task::Poll;

    use super::*;

    const ALL: BatchLimits = BatchLimits { units: 64, rows: 1_000 };
    const PATIENCE: Duration = Duration::from_millis(1);

    /// Polls the future once, for which it must wait.
    async fn begin<F: Future + Unpin>(future: &mut F) {
        // Else tokio takes it for a task that does not let others work.
        tokio::task::yield_now().await;
        let first =
            std::future::poll_fn(|context| Poll::Ready(std::pin::Pin::new(&mut *future).poll(context)));
        assert!(first.await.is_pending());
    }

    #[test]
    fn a_lone_caller_is_not_kept_waiting_longer_than_the_patience() {
        let queue = Arc::new(WriteQueue::new());
        let caller = thread::spawn({
            let queue = queue.clone();
            move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                runtime.block_on(queue.submit(Unit::new()))
            }
        });
        let group = queue.take(ALL, 64, PATIENCE).unwrap();
        assert_eq!(group.len(), 1);
        group.into_iter().for_each(|pending| pending.reply(Ok(Receipt::default())));
        assert!(caller.join().unwrap().is_ok());
        queue.close();
        assert!(queue.take(ALL, 64, PATIENCE).is_none());
    }

    #[tokio::test]
    async fn a_group_is_what_has_gathered_up_to_the_limits() {
        let queue = WriteQueue::new();
        let mut callers: Vec<_> = (0..3).map(|_| Box::pin(queue.submit(Unit::new()))).collect();
        for caller in &mut callers {
            begin(caller).await;
        }
        let two = queue.take(BatchLimits { units: 2, rows: 10 }, 1, PATIENCE).unwrap();
        let rest = queue.take(ALL, 1, PATIENCE).unwrap();
        assert_eq!((two.len(), rest.len()), (2, 1));
        two.into_iter().chain(rest).for_each(|pending| pending.reply(Ok(Receipt::default())));
        for caller in callers {
            assert!(caller.await.is_ok());
        }
    }

    #[tokio::test]
    async fn a_writer_that_goes_away_answers_its_callers_and_a_closed_queue_refuses() {
        let queue = WriteQueue::new();
        let mut caller = Box::pin(queue.submit(Unit::new()));
        begin(&mut caller).await;
        drop(queue.take(ALL, 1, PATIENCE));
        assert!(caller.await.is_err());
        queue.close();
        assert!(queue.submit(Unit::new()).await.unwrap_err().is_retryable());
        assert!(queue.take(ALL, 1, PATIENCE).is_none());
    }

    #[tokio::test]
    async fn a_unit_whose_caller_is_gone_is_not_handed_out() {
        let queue = WriteQueue::new();
        let (mut gone, mut kept) = (Box::pin(queue.submit(Unit::new())), Box::pin(queue.submit(Unit::new())));
        begin(&mut gone).await;
        begin(&mut kept).await;
        drop(gone);
        let group = queue.take(ALL, 1, PATIENCE).unwrap();
        assert_eq!((group.len(), queue.len()), (1, 0));
        group.into_iter().for_each(|pending| pending.reply(Ok(Receipt::default())));
        assert!(kept.await.is_ok());
    }

    #[tokio::test]
    async fn no_more_units_wait_than_there_are_places() {
        let queue = WriteQueue::new();
        let mut callers: Vec<_> = (0..PLACES + 2).map(|_| Box::pin(queue.submit(Unit::new()))).collect();
        for caller in &mut callers {
            begin(caller).await;
        }
        assert_eq!(queue.len(), PLACES);
        drop(queue.take(BatchLimits { units: 1, rows: 1 }, 1, PATIENCE));
        begin(&mut callers[PLACES]).await;
        assert_eq!(queue.len(), PLACES);
        queue.close();
        assert!(
            callers.pop().unwrap().await.is_err(),
            "who waits for a place learns that there will be none"
        );
    }
}
