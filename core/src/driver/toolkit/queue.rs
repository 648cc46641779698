//! The queue in front of writer tasks: many callers' units, taken in groups.

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::backlog::{Backlog, BatchLimits, Pending, Places};
use crate::error::{Error, Result};
use crate::sql::{Receipt, Unit};

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
#[derive(Debug, Default)]
pub struct UnitQueue {
    backlog: Mutex<Backlog>,
    arrived: Notify,
    places: Places,
}

impl UnitQueue {
    /// An empty, open queue.
    pub fn new() -> Self {
        Self::default()
    }

    /// Queues the unit and waits for its receipt; waits for a place first when very many units are queued already.
    ///
    /// When the future is dropped, a unit that no writer has taken yet is not begun; one that was taken runs to its end.
    ///
    /// # Errors
    /// Whatever the writer answers; `Unavailable` when the queue is closed or the writer is gone.
    pub async fn submit(&self, unit: Unit) -> Result<Receipt> {
        let place = self.places.free().await?;
        let answer = self.backlog.lock().push(unit, place)?;
        self.arrived.notify_one();
        match answer.await {
            Ok((result, _)) => result,
            Err(_) => Err(Error::closed()),
        }
    }

    /// How many units wait.
    pub fn len(&self) -> usize {
        self.backlog.lock().len()
    }

    /// Whether no unit waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// No unit is accepted any more; those that wait are still handed out.
    pub fn close(&self) {
        self.backlog.lock().close(&self.places);
        self.arrived.notify_waiters();
        // A task that checked the queue just before waits for a permit, not for the broadcast.
        self.arrived.notify_one();
    }

    /// Waits for at least one unit, then takes all that have gathered, up to the limits. `None` when the queue is closed and
    /// empty. Several tasks may take from one queue. Dropping the future takes nothing.
    pub async fn take(&self, limits: BatchLimits) -> Option<Vec<Pending>> {
        loop {
            {
                let mut backlog = self.backlog.lock();
                let (group, _) = backlog.take(limits, &self.places);
                if !group.is_empty() {
                    if !backlog.is_empty() {
                        self.arrived.notify_one();
                    }
                    return Some(group);
                }
                if backlog.is_closed() {
                    self.arrived.notify_one();
                    return None;
                }
            }
            self.arrived.notified().await;
        }
    }

    /// Takes what waits at the moment, up to the limits, without waiting: nothing when no unit does.
    pub fn try_take(&self, limits: BatchLimits) -> Vec<Pending> {
        self.backlog.lock().take(limits, &self.places).0
    }
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
        let mut callers: Vec<_> =
            (0..Places::COUNT + 2).map(|_| Box::pin(queue.submit(Unit::new()))).collect();
        for caller in &mut callers {
            begin(caller).await;
        }
        assert_eq!(queue.len(), Places::COUNT);
        // As soon as one is taken, the next caller gets its place.
        drop(queue.try_take(BatchLimits { units: 1, rows: 1 }));
        begin(&mut callers[Places::COUNT]).await;
        assert_eq!(queue.len(), Places::COUNT);
        queue.close();
        assert!(
            callers.pop().unwrap().await.is_err(),
            "who waits for a place learns that there will be none"
        );
    }
}
