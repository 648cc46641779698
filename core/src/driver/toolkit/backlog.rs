//! Units that wait for a writer: bounded, in order, without those whose callers are gone. What queues share.

use std::collections::VecDeque;

use tokio::sync::{Semaphore, SemaphorePermit, oneshot};

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
pub type Answer = (Result<Receipt>, Unit);

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

/// The places in a queue. Callers beyond them wait for one, with their units still their own.
#[derive(Debug)]
pub struct Places(Semaphore);

impl Default for Places {
    fn default() -> Self {
        Self(Semaphore::new(Self::COUNT))
    }
}

impl Places {
    /// The most units that wait in a queue.
    pub const COUNT: usize = 4_096;

    /// Waits for a place; [`Backlog::push`] takes it.
    ///
    /// # Errors
    /// `Unavailable`, when the queue is closed.
    pub async fn free(&self) -> Result<SemaphorePermit<'_>> {
        self.0.acquire().await.map_err(|_| Error::closed())
    }

    /// No place becomes free any more: those who wait for one learn it.
    pub fn close(&self) {
        self.0.close();
    }
}

/// The units that wait, in the order in which they came; for a queue that guards it by a lock.
#[derive(Debug, Default)]
pub struct Backlog {
    pending: VecDeque<Pending>,
    closed: bool,
}

impl Backlog {
    /// Adds a unit, which takes the place until [`take`](Self::take) gives it back.
    ///
    /// # Errors
    /// `Unavailable`, when the queue is closed.
    pub fn push(&mut self, unit: Unit, place: SemaphorePermit<'_>) -> Result<oneshot::Receiver<Answer>> {
        if self.closed {
            return Err(Error::closed());
        }
        let (reply, answer) = oneshot::channel();
        self.pending.push_back(Pending { unit, reply });
        place.forget();
        Ok(answer)
    }

    /// Takes a group, up to the limits, and drops the units whose callers are gone: a caller that timed out and tries again must
    /// not have its work done twice. Also says how many were dropped.
    pub fn take(&mut self, limits: BatchLimits, places: &Places) -> (Vec<Pending>, usize) {
        let before = self.pending.len();
        let (mut group, mut rows) = (Vec::with_capacity(before.min(limits.units)), 0);
        while group.len() < limits.units.max(1)
            && let Some(next) = self.pending.front()
        {
            if next.is_wanted() {
                rows += weight(&next.unit);
                if !group.is_empty() && rows > limits.rows {
                    break;
                }
                group.extend(self.pending.pop_front());
            } else {
                self.pending.pop_front();
            }
        }
        let taken = before - self.pending.len();
        if !self.closed {
            places.0.add_permits(taken);
        }
        let dropped = taken - group.len();
        (group, dropped)
    }

    /// How many units wait.
    pub fn len(&self) -> usize {
        self.pending.len()
    }

    /// Whether no unit waits.
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// Whether no unit is accepted any more.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// No unit is accepted any more; those that wait can still be taken.
    pub fn close(&mut self, places: &Places) {
        self.closed = true;
        places.close();
    }
}

fn weight(unit: &Unit) -> usize {
    unit.steps().iter().map(|step| if let Step::Insert(insert) = step { insert.len() } else { 1 }).sum()
}
