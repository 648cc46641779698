//! Tasks that take units from a queue in groups, commit each group, and answer the callers.
//!
//! A unit belongs to such a task, so a caller's dropped future leaves nothing half done. While a group is committed, units
//! gather, and the next group has them all: the more callers, the fewer commits. So there is one group at a time, unless
//! it takes long: then the next one begins beside it.
//!
//! A lone caller whose unit may be done by one statement runs it without that task, which would cost two changes of tasks;
//! when its future is dropped, what remains of it becomes a task.

pub(crate) mod bulk_insert;
pub(crate) mod detached;
pub(crate) mod group;
pub(crate) mod lock_row;
pub(crate) mod named_lock;
pub(crate) mod transaction;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use decnet_db_core::driver::{BatchLimits, Pending, UnitQueue, backoff};
use decnet_db_core::sql::{Receipt, Unit};
use decnet_db_core::{Error, Result};
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::context::Context;
use crate::error::{Failure, Verdict};
use crate::options::Access;
use crate::read::pool::Pool;
use crate::write::detached::Detached;
use crate::write::group::{Attempt, attempt, is_ddl, may_autocommit};
use crate::write::named_lock::has_guard;

/// More units than that at once make a caller wait for more than they save.
const LIMITS: BatchLimits = BatchLimits { units: 256, rows: 2_000 };
/// A group that takes longer than that waits for something: the disk, a row lock, the network. The next one need not.
const LONG: Duration = Duration::from_millis(5);
/// The most groups at once. More commit smaller groups and wait for each other's row locks.
const MAX_CONCURRENT: u32 = 4;
/// The most units that wait for a guard at a time which somebody else has, with a connection each.
const MAX_APART: u32 = 4;
/// How long the unit that runs without the queue has to end when the repository is closed.
const FAST_PATH_END: Duration = Duration::from_secs(5);

/// Takes units, and commits them.
#[derive(Debug)]
pub(crate) struct Writer {
    plain: Arc<UnitQueue>,
    /// Units with guards: one group at a time, so that units of this process with the same guard wait in the queue and not
    /// with a connection each for the server's lock.
    guarded: Arc<UnitQueue>,
    committer: Arc<Committer>,
    /// For the one unit that runs without a queue.
    fast_path: Arc<Semaphore>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    closed: AtomicBool,
}

impl Writer {
    /// Starts the tasks.
    pub(crate) fn start(pool: &Arc<Pool>, context: &Arc<Context>, database: &str) -> Self {
        let (plain, guarded) = (Arc::new(UnitQueue::new()), Arc::new(UnitQueue::new()));
        let count = MAX_CONCURRENT.min(pool.status().max.saturating_sub(1)).max(1);
        let committer = Arc::new(Committer {
            pool: pool.clone(),
            context: context.clone(),
            database: database.to_owned(),
            busy: AtomicUsize::new(0),
            apart: Arc::new(Semaphore::new(MAX_APART as usize)),
        });
        let tasks = [(&guarded, 1), (&plain, count)]
            .map(|(queue, concurrency)| {
                tokio::spawn(GroupCommitter::new(queue, concurrency, &committer).run())
            })
            .into();
        let fast_path = Arc::new(Semaphore::new(1));
        Self {
            plain,
            guarded,
            committer,
            fast_path,
            tasks: Mutex::new(tasks),
            closed: AtomicBool::new(false),
        }
    }

    pub(crate) async fn commit(&self, unit: Unit) -> Result<Receipt> {
        if is_ddl(&unit) {
            return self.committer.clone().maintain(unit).await;
        }
        if has_guard(&unit) {
            return self.submit(&self.guarded, unit).await;
        }
        if self.plain.is_empty()
            && self.committer.is_idle()
            && may_autocommit(&unit)
            && let Ok(turn) = self.fast_path.clone().try_acquire_owned()
        {
            let committer = self.committer.clone();
            return Detached::new(async move {
                let outcome = committer.commit_directly(&unit).await;
                drop(turn);
                outcome
            })
            .await;
        }
        self.submit(&self.plain, unit).await
    }

    async fn submit(&self, queue: &UnitQueue, unit: Unit) -> Result<Receipt> {
        let outcome = queue.submit(unit).await;
        let ended = || self.tasks.lock().iter().any(JoinHandle::is_finished);
        match outcome {
            Err(Error::Unavailable { .. }) if !self.closed.load(Ordering::Acquire) && ended() => {
                Err(Error::Unavailable {
                    message: "the async runtime in which the repository was opened has ended, and what writes for it \
                              with it: open the repository in the runtime that uses it"
                        .to_owned(),
                    source: None,
                })
            }
            outcome => outcome,
        }
    }

    pub(crate) fn queued(&self) -> u32 {
        u32::try_from(self.plain.len() + self.guarded.len()).unwrap_or(u32::MAX)
    }

    /// Commits what is queued, then ends the tasks.
    pub(crate) async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.plain.close();
        self.guarded.close();
        let tasks = std::mem::take(&mut *self.tasks.lock());
        for task in tasks {
            let _ = task.await;
        }
        // They come after those that wait already.
        let _ = self.committer.apart.acquire_many(MAX_APART).await;
        // Whoever runs a unit without the queue may have stopped polling it.
        let _ = timeout(FAST_PATH_END, self.fast_path.acquire()).await;
        self.fast_path.close();
    }
}

/// Takes groups from one queue.
struct GroupCommitter {
    queue: Arc<UnitQueue>,
    committer: Arc<Committer>,
    concurrency: Arc<Semaphore>,
    count: u32,
}

impl GroupCommitter {
    fn new(queue: &Arc<UnitQueue>, count: u32, committer: &Arc<Committer>) -> Self {
        let concurrency = Arc::new(Semaphore::new(usize::try_from(count).unwrap_or(1)));
        Self { queue: queue.clone(), committer: committer.clone(), concurrency, count }
    }

    async fn run(self) {
        // Nobody closes the semaphore.
        while let Ok(lane) = self.concurrency.clone().acquire_owned().await
            && let Some(group) = self.queue.take(LIMITS).await
        {
            let committer = self.committer.clone();
            let mut work = Detached::new(async move {
                let _busy = Busy::new(&committer.busy);
                committer.commit(group).await;
                drop(lane);
            });
            // One that takes longer goes on as a task.
            let _ = timeout(LONG, &mut work).await;
        }
        let _ = self.concurrency.acquire_many(self.count).await;
    }
}

/// Counts a group as under way until it is dropped.
struct Busy<'c>(&'c AtomicUsize);

impl<'c> Busy<'c> {
    fn new(count: &'c AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Commits units, and replays them.
#[derive(Debug)]
struct Committer {
    pool: Arc<Pool>,
    context: Arc<Context>,
    database: String,
    /// How many groups are under way.
    busy: AtomicUsize,
    /// For units whose guards others hold.
    apart: Arc<Semaphore>,
}

impl Committer {
    fn is_idle(&self) -> bool {
        self.busy.load(Ordering::Relaxed) == 0
    }

    /// Runs a unit of DDL beside the groups: it commits whatever stands before it in its transaction.
    async fn maintain(self: Arc<Self>, unit: Unit) -> Result<Receipt> {
        Detached::new(async move { self.commit_directly(&unit).await }).await
    }

    /// Commits one unit.
    async fn commit_directly(&self, unit: &Unit) -> Result<Receipt> {
        let started = Instant::now();
        match self.attempt(&[unit]).await {
            Ok(outcomes) => only(outcomes),
            Err(Halt::Replay(failure)) => {
                self.count_replays(&failure, 1);
                self.alone(unit, started).await?
            }
            Err(Halt::Final(error) | Halt::Away(error)) => Err(error),
            // Only groups are told that; a unit alone waits.
            Err(Halt::Contended(_)) => self.alone(unit, started).await?,
        }
    }

    async fn commit(self: &Arc<Self>, group: Vec<Pending>) {
        self.commit_from(group, Instant::now()).await;
    }

    /// A unit whose guard somebody else holds waits for it without the others of its group.
    fn wait_apart(self: &Arc<Self>, pending: Pending, started: Instant) {
        let committer = self.clone();
        tokio::spawn(async move {
            let _turn = committer.apart.acquire().await;
            let outcome = committer.alone(&pending.unit, started).await.unwrap_or_else(Err);
            pending.reply(outcome);
        });
    }

    async fn commit_from(self: &Arc<Self>, group: Vec<Pending>, started: Instant) {
        let units: Vec<&Unit> = group.iter().map(|pending| &pending.unit).collect();
        match self.attempt(&units).await {
            Ok(outcomes) => reply(group, outcomes),
            // What failed as a group is replayed one by one: then only those fail that must.
            Err(Halt::Replay(failure)) => {
                self.count_replays(&failure, group.len());
                let mut group = group.into_iter();
                while let Some(pending) = group.next() {
                    match self.alone(&pending.unit, started).await {
                        Ok(outcome) => pending.reply(outcome),
                        // The others need not wait as long again, one after another.
                        Err(away) => {
                            let rest = std::iter::once(pending).chain(group).collect();
                            return reply_all(rest, away);
                        }
                    }
                }
            }
            Err(Halt::Contended(held)) => {
                let free = |pending: &Pending| {
                    named_lock::names(&self.database, std::iter::once(&pending.unit)).is_subset(&held)
                };
                let (free, contended): (Vec<_>, Vec<_>) = group.into_iter().partition(free);
                for pending in contended {
                    self.wait_apart(pending, started);
                }
                // Fewer than before, as one at least was not free.
                if !free.is_empty() {
                    Box::pin(self.commit_from(free, started)).await;
                }
            }
            Err(Halt::Final(error) | Halt::Away(error)) => reply_all(group, error),
        }
    }

    /// Tries one unit until it has an outcome, or too often; the error is that there is no server.
    async fn alone(&self, unit: &Unit, started: Instant) -> Result<Result<Receipt>> {
        let mut tries = 1;
        loop {
            tokio::time::sleep(backoff(tries - 1)).await;
            match self.attempt(&[unit]).await {
                Ok(outcomes) => return Ok(only(outcomes)),
                Err(Halt::Final(error)) => return Ok(Err(error)),
                Err(Halt::Away(error)) => return Err(error),
                Err(Halt::Contended(_)) => {}
                Err(Halt::Replay(failure)) => {
                    tries += 1;
                    if started.elapsed() >= self.pool.patience() {
                        return Ok(Err(failure.tell("writing")));
                    }
                    self.count_replays(&failure, 1);
                }
            }
        }
    }

    async fn attempt(&self, units: &[&Unit]) -> Result<Vec<Result<Receipt>>, Halt> {
        let lease = self.pool.acquire(Access::Write).await.map_err(Halt::Away)?;
        let wait = self.pool.patience().min(self.pool.connector().answer_timeout() / 2);
        match attempt(lease, &self.context, &self.database, units, wait).await {
            Attempt::Done(outcomes) => Ok(outcomes),
            Attempt::Contended(held) => Err(Halt::Contended(held)),
            Attempt::Unknown(error) => {
                self.pool.suspect();
                Err(Halt::Final(error))
            }
            Attempt::Undone(failure) => match failure.verdict() {
                Verdict::Final => Err(Halt::Final(failure.tell("writing"))),
                Verdict::Elsewhere if !self.pool.has_alternatives() => {
                    Err(Halt::Final(failure.tell("writing")))
                }
                Verdict::Lost => {
                    self.pool.suspect();
                    Err(Halt::Replay(failure))
                }
                Verdict::Again(_) | Verdict::Elsewhere | Verdict::Unknown => Err(Halt::Replay(failure)),
            },
        }
    }

    fn count_replays(&self, failure: &Failure, units: usize) {
        let reason = match failure.verdict() {
            Verdict::Again(reason) => reason,
            Verdict::Elsewhere => "another_host",
            _ => "connection_lost",
        };
        tracing::debug!(reason, units, "replaying");
        let system = decnet_db_core::sql::Dialect::system(&self.context.dialect);
        metrics::counter!("decnet_db.replays", "db.system.name" => system, "reason" => reason)
            .increment(units.try_into().unwrap_or(u64::MAX));
    }
}

/// Why a group has no outcomes.
enum Halt {
    /// Nothing was written, and the same may work now.
    Replay(Failure),
    /// All callers get this error.
    Final(Error),
    /// No connection was to be had in time: nothing was written.
    Away(Error),
    /// Somebody else holds some of the guards; these were free.
    Contended(BTreeSet<String>),
}

/// A task ends when the queue is closed, or with its runtime: then nobody may wait for an answer for ever.
impl Drop for GroupCommitter {
    fn drop(&mut self) {
        self.queue.close();
        // Whose units are dropped is told that the queue is closed.
        while !self.queue.try_take(LIMITS).is_empty() {}
    }
}

/// The outcome of a group of one.
fn only(outcomes: Vec<Result<Receipt>>) -> Result<Receipt> {
    outcomes.into_iter().next().unwrap_or_else(|| Ok(Receipt::default()))
}

fn reply(group: Vec<Pending>, outcomes: Vec<Result<Receipt>>) {
    for (pending, outcome) in group.into_iter().zip(outcomes) {
        pending.reply(outcome);
    }
}

fn reply_all(group: Vec<Pending>, error: Error) {
    let mut group = group.into_iter();
    let first = group.next();
    for pending in group {
        pending.reply(Err(error.clone()));
    }
    if let Some(pending) = first {
        pending.reply(Err(error));
    }
}
