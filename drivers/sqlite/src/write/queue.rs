//! The queue in front of the writer's thread: many callers' units, taken in groups.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use decnet_db_core::driver::{Backlog, BatchLimits, Pending, Places};
use decnet_db_core::sql::{Receipt, Unit};
use decnet_db_core::{Error, Result};
use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot::error::TryRecvError;

use crate::spin::{self, Caller};

/// However steadily units come, a group is not waited for longer than this many times the patience for one.
const MANY: u32 = 10;

/// A bounded queue of units in the order in which they came, for one thread.
///
/// Waking a thread takes about as long as a commit of one row. So a lone caller and the thread stay awake for each other for
/// a moment, and of many callers the thread gives those that it has just answered a moment to come back.
pub(crate) struct WriteQueue {
    state: Mutex<State>,
    arrived: Condvar,
    places: Places,
    /// Callers that wait for an answer.
    callers: AtomicUsize,
    /// Units that wait, for those who look without the lock.
    waiting: AtomicUsize,
}

#[derive(Default)]
struct State {
    backlog: Backlog,
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
            places: Places::default(),
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
        let place = self.places.free().await?;
        let _caller = Caller::count(&self.callers);
        let mut answer = {
            let mut state = self.state.lock();
            let answer = state.backlog.push(unit, place)?;
            self.waiting.store(state.backlog.len(), Ordering::Release);
            answer
        };
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
        self.state.lock().backlog.len()
    }

    /// How many callers wait for an answer: those whose units wait, and those whose units are being committed.
    pub(crate) fn callers(&self) -> usize {
        self.callers.load(Ordering::Relaxed)
    }

    /// No unit is accepted any more; those that wait are still handed out.
    pub(crate) fn close(&self) {
        self.state.lock().backlog.close(&self.places);
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
        while state.backlog.is_empty() && !state.backlog.is_closed() {
            self.arrived.wait(&mut state);
        }
        !state.backlog.is_empty()
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

    fn take_now(&self, limits: BatchLimits) -> Vec<Pending> {
        let mut state = self.state.lock();
        state.brisk = state.idle.take().is_some_and(|since| since.elapsed() < spin::AWAKE);
        let (group, dropped) = state.backlog.take(limits, &self.places);
        if dropped > 0 {
            metrics::counter!("decnet_db.sqlite.units.abandoned").increment(dropped as u64);
        }
        self.waiting.store(state.backlog.len(), Ordering::Release);
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
    async fn no_more_units_wait_than_there_are_places() {
        let queue = WriteQueue::new();
        let mut callers: Vec<_> =
            (0..Places::COUNT + 2).map(|_| Box::pin(queue.submit(Unit::new()))).collect();
        for caller in &mut callers {
            begin(caller).await;
        }
        assert_eq!(queue.len(), Places::COUNT);
        drop(queue.take(BatchLimits { units: 1, rows: 1 }, 1, PATIENCE));
        begin(&mut callers[Places::COUNT]).await;
        assert_eq!(queue.len(), Places::COUNT);
        queue.close();
        assert!(
            callers.pop().unwrap().await.is_err(),
            "who waits for a place learns that there will be none"
        );
    }
}
