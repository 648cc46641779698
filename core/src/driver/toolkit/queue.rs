//! The queue in front of writer tasks: many callers' units, taken in groups.

use std::collections::VecDeque;

use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore, oneshot};

use crate::error::{Error, Result};
use crate::sql::{Receipt, Step, Unit};

/// The most units that wait in a queue. Further callers wait for a place in it, with their units still their own.
const PLACES: usize = 4_096;

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
    /// Answers the caller. A caller that went away meanwhile does not matter: the unit was taken, and is committed or not
    /// all the same.
    pub fn reply(self, result: Result<Receipt>) {
        let _ = self.reply.send((result, self.unit));
    }

    fn is_wanted(&self) -> bool {
        !self.reply.is_closed()
    }
}

/// A bounded queue of units in the order in which they came, for writer tasks that commit what has gathered while they were
/// busy: group commit, without a delay for a lone caller.
///
/// ```
/// use decnet_db_core::driver::{BatchLimits, UnitQueue};
/// use decnet_db_core::sql::{Receipt, Unit};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let queue = std::sync::Arc::new(UnitQueue::new());
/// let writer = tokio::spawn({
///     let queue = queue.clone();
///     async move {
///         while let Some(group) = queue.take(BatchLimits { units: 64, rows: 5_000 }).await {
///             for pending in group {
///                 pending.reply(Ok(Receipt::default()));
///             }
///         }
///     }
/// });
/// assert!(queue.submit(Unit::new()).await.is_ok());
/// queue.close();
/// writer.await.unwrap();
/// # });
/// ```
#[derive(Debug)]
pub struct UnitQueue {
    state: Mutex<State>,
    arrived: Notify,
    /// A permit for each unit that may still be queued.
    places: Semaphore,
}

#[derive(Debug, Default)]
struct State {
    pending: VecDeque<Pending>,
    closed: bool,
}

impl Default for UnitQueue {
    fn default() -> Self {
        Self::new()
    }
}

impl UnitQueue {
    /// An empty, open queue.
    pub fn new() -> Self {
        Self { state: Mutex::default(), arrived: Notify::new(), places: Semaphore::new(PLACES) }
    }

    /// Queues the unit and waits for its receipt; waits for a place first when very many units are queued already.
    ///
    /// When the future is dropped, a unit that no writer has taken yet is not begun; one that was taken runs to its end.
    ///
    /// # Errors
    /// Whatever the writer answers; `Unavailable` when the queue is closed or the writer is gone.
    pub async fn submit(&self, unit: Unit) -> Result<Receipt> {
        let place = self.places.acquire().await.map_err(|_| Error::closed())?;
        let (reply, answer) = oneshot::channel();
        {
            let mut state = self.state.lock();
            if state.closed {
                return Err(Error::closed());
            }
            state.pending.push_back(Pending { unit, reply });
            // It is given back by whoever takes the unit.
            place.forget();
        }
        self.arrived.notify_one();
        match answer.await {
            Ok((result, _)) => result,
            Err(_) => Err(Error::closed()),
        }
    }

    /// How many units wait.
    pub fn len(&self) -> usize {
        self.state.lock().pending.len()
    }

    /// Whether no unit waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// No unit is accepted any more; those that wait are still handed out.
    pub fn close(&self) {
        self.state.lock().closed = true;
        self.places.close();
        self.arrived.notify_waiters();
        // A task that checked the queue just before waits for a permit, not for the broadcast.
        self.arrived.notify_one();
    }

    /// Waits for at least one unit, then takes all that have gathered, up to the limits. `None` when the queue is closed and
    /// empty. Several tasks may take from one queue. Dropping the future takes nothing.
    pub async fn take(&self, limits: BatchLimits) -> Option<Vec<Pending>> {
        loop {
            {
                let mut state = self.state.lock();
                let group = self.take_from(&mut state, limits);
                if !group.is_empty() {
                    if !state.pending.is_empty() {
                        self.arrived.notify_one();
                    }
                    return Some(group);
                }
                if state.closed {
                    self.arrived.notify_one();
                    return None;
                }
            }
            self.arrived.notified().await;
        }
    }

    /// Takes what waits at the moment, up to the limits, without waiting: nothing when no unit does.
    pub fn try_take(&self, limits: BatchLimits) -> Vec<Pending> {
        self.take_from(&mut self.state.lock(), limits)
    }

    /// Takes a group, and drops the units whose callers are gone: a caller that timed out and tries again must not have its
    /// work done twice.
    fn take_from(&self, state: &mut State, limits: BatchLimits) -> Vec<Pending> {
        let before = state.pending.len();
        let (mut group, mut rows) = (Vec::new(), 0);
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
            }
        }
        if !state.closed {
            self.places.add_permits(before - state.pending.len());
        }
        group
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

    #[tokio::test]
    async fn a_closed_queue_refuses_and_ends() {
        let queue = UnitQueue::new();
        queue.close();
        assert!(queue.submit(Unit::new()).await.unwrap_err().is_retryable());
        assert!(queue.take(ALL).await.is_none());
        assert!(queue.take(ALL).await.is_none());
        assert!(queue.try_take(ALL).is_empty());
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

    /// Polls the future once, for which it must wait.
    async fn begin<F: Future + Unpin>(future: &mut F) {
        // Else tokio takes it for a task that does not let others work.
        tokio::task::yield_now().await;
        let first =
            std::future::poll_fn(|context| Poll::Ready(std::pin::Pin::new(&mut *future).poll(context)));
        assert!(first.await.is_pending());
    }

    #[tokio::test]
    async fn a_unit_whose_caller_is_gone_is_not_handed_out() {
        let queue = UnitQueue::new();
        let (mut gone, mut kept) = (Box::pin(queue.submit(Unit::new())), Box::pin(queue.submit(Unit::new())));
        begin(&mut gone).await;
        begin(&mut kept).await;
        drop(gone);
        let group = queue.take(ALL).await.unwrap();
        assert_eq!((group.len(), queue.len()), (1, 0));
        group.into_iter().for_each(|pending| pending.reply(Ok(Receipt::default())));
        assert!(kept.await.is_ok());
    }

    #[tokio::test]
    async fn no_more_units_wait_than_there_are_places() {
        let queue = UnitQueue::new();
        let mut callers: Vec<_> = (0..PLACES + 2).map(|_| Box::pin(queue.submit(Unit::new()))).collect();
        for caller in &mut callers {
            begin(caller).await;
        }
        assert_eq!(queue.len(), PLACES);
        // As soon as one is taken, the next caller gets its place.
        drop(queue.try_take(BatchLimits { units: 1, rows: 1 }));
        begin(&mut callers[PLACES]).await;
        assert_eq!(queue.len(), PLACES);
        queue.close();
        assert!(
            callers.pop().unwrap().await.is_err(),
            "who waits for a place learns that there will be none"
        );
    }
}
