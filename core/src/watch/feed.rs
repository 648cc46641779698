//! What all watchers of a repository share, and the task that reads for them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use tokio::time::sleep;

use super::position::Position;
use super::ring::{Batch, Ring};
use super::round::{LOOK_YOUNG, Read, Reader, YOUNG};
use crate::contract::{LogFilter, Repository};
use crate::driver::backoff;
use crate::error::{Error, Result};

/// How often it is asked whether others have committed, where the driver tells.
const TICK: Duration = Duration::from_millis(25);
/// And after which time it is read without that: for commits of ours whose callers went away.
const UNTOLD: Duration = Duration::from_secs(1);
/// The least time from one round to the next: what comes meanwhile is read, and its watchers are woken, together.
const SPACING: Duration = Duration::from_millis(10);
/// The longest pause while the database can't be read.
const LONGEST: Duration = Duration::from_secs(5);

/// The shared part of all watchers of a repository.
#[derive(Default)]
pub(super) struct Feed {
    pub(super) state: Mutex<State>,
    /// Grows with whatever watchers have to look at.
    pub(super) changed: watch::Sender<u64>,
    /// Wakes the task: somebody joined or left.
    wake: Notify,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) ring: Ring,
    /// Behind the last batch; none before the first round.
    pub(super) position: Option<Arc<Position>>,
    watchers: HashMap<u64, Settings>,
    filters: Vec<(u64, LogFilter, usize)>,
    serial: u64,
    pub(super) running: bool,
    pub(super) closed: bool,
    /// Since when it can't be read, by a number, and why.
    pub(super) outage: Option<(u64, Error)>,
    /// Rounds that have begun, and the last of them that has ended.
    begun: u64,
    ended: u64,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) poll: Duration,
    pub(super) patience: Duration,
}

impl Feed {
    /// Takes in a watcher: its number, and that of its filter.
    pub(super) fn join(&self, settings: Settings, filter: &LogFilter) -> (u64, u64) {
        let mut state = self.state.lock();
        state.serial += 1;
        let watcher = state.serial;
        state.watchers.insert(watcher, settings);
        if let Some((id, _, users)) = state.filters.iter_mut().find(|(_, known, _)| known == filter) {
            *users += 1;
            return (watcher, *id);
        }
        state.filters.push((watcher, filter.clone(), 1));
        (watcher, watcher)
    }

    /// Lets a watcher go.
    pub(super) fn leave(&self, watcher: u64, filter: u64) {
        let mut state = self.state.lock();
        state.watchers.remove(&watcher);
        if let Some(place) = state.filters.iter().position(|(id, ..)| *id == filter) {
            state.filters[place].2 -= 1;
            if state.filters[place].2 == 0 {
                state.filters.swap_remove(place);
            }
        }
        if state.watchers.is_empty() {
            self.wake.notify_one();
        }
    }

    /// Starts the task unless it runs.
    pub(super) fn start(self: &Arc<Self>, repository: &Arc<dyn Repository>) {
        let mut state = self.state.lock();
        if state.running || state.closed {
            return;
        }
        state.running = true;
        drop(state);
        tokio::spawn(run(Arc::clone(self), Arc::clone(repository)));
    }

    /// Waits for a round that begins after this call; what the feed has then.
    ///
    /// # Errors
    /// Why it can't be read.
    pub(super) async fn after_a_round(
        self: &Arc<Self>,
        repository: &Arc<dyn Repository>,
    ) -> Result<(u64, Arc<Position>)> {
        let mut changed = self.changed.subscribe();
        let wanted = self.state.lock().begun + 1;
        self.wake.notify_one();
        loop {
            changed.mark_unchanged();
            self.start(repository);
            {
                let state = self.state.lock();
                if state.closed {
                    return Err(Error::closed());
                }
                match (&state.position, &state.outage) {
                    _ if state.ended < wanted => {}
                    (_, Some((_, error))) => return Err(error.clone()),
                    (Some(position), None) => return Ok((state.ring.last(), Arc::clone(position))),
                    (None, None) => {}
                }
            }
            // The sender lives as long as this.
            drop(changed.changed().await);
        }
    }

    fn tell(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    /// The shortest poll and the longest patience of all watchers; none without watchers.
    fn settings(&self) -> Option<Settings> {
        let state = self.state.lock();
        state
            .watchers
            .values()
            .copied()
            .reduce(|a, b| Settings { poll: a.poll.min(b.poll), patience: a.patience.max(b.patience) })
    }

    /// Hands on what was read.
    fn publish(&self, read: Read, patience: Duration) -> u64 {
        let mut state = self.state.lock();
        let Read { moved, events, mut position, in_order, .. } = read;
        let before = match (&state.position, moved) {
            (Some(before), None) => Arc::clone(before),
            (_, moved) => Arc::new(moved.unwrap_or_else(|| position.clone())),
        };
        position.gaps.retain(|gap| gap.since.elapsed() < patience);
        let given_up = position.bound();
        let position = Arc::new(position);
        state.position = Some(Arc::clone(&position));
        if !events.is_empty() {
            state.ring.push(Batch::new(before, events, position, in_order));
        }
        given_up
    }
}

/// The task: reads until no watcher is left, or the repository is closed.
async fn run(feed: Arc<Feed>, repository: Arc<dyn Repository>) {
    // However it ends, also with its runtime: the next watcher that looks starts another one.
    let _ends = Ends(&feed);
    let mut commits = repository.engine().commits().subscribe();
    let mut reader = Reader::new(&*repository);
    let mut failures = 0;
    loop {
        let Some(settings) = feed.settings() else { return };
        if commits.borrow_and_update().closed {
            feed.state.lock().closed = true;
            return;
        }
        let foreign = repository.engine().foreign_commits().await;
        let begun = Instant::now();
        feed.state.lock().begun += 1;
        let pause = match round(&feed, &mut reader, settings).await {
            Ok(()) => {
                failures = 0;
                None
            }
            // What fails because the repository is closed is its end.
            Err(_) if commits.borrow().closed => continue,
            Err(error) => {
                failures += 1;
                feed.fail(error);
                Some((backoff(failures) * 4).min(LONGEST))
            }
        };
        {
            let mut state = feed.state.lock();
            state.ended = state.begun;
            if pause.is_none() {
                state.outage = None;
            }
        }
        feed.tell();
        let wait = async {
            let young = feed.has_young_gaps();
            loop {
                let told = if pause.is_none() { foreign } else { None };
                let most = match (pause, told) {
                    (Some(pause), _) => pause,
                    (None, Some(_)) => settings.poll.max(UNTOLD),
                    (None, None) => settings.poll,
                };
                let most = if young && pause.is_none() { most.min(LOOK_YOUNG) } else { most };
                let left = most.saturating_sub(begun.elapsed());
                sleep(if told.is_some() { left.min(TICK) } else { left }).await;
                if begun.elapsed() >= most {
                    return;
                }
                let now = repository.engine().foreign_commits().await;
                if now.is_some() && now != foreign {
                    return;
                }
            }
        };
        tokio::select! {
            _ = commits.changed() => {}
            () = feed.wake.notified() => continue,
            () = wait => {}
        }
        if pause.is_none() {
            sleep(SPACING.saturating_sub(begun.elapsed())).await;
        }
    }
}

/// Reads what is new.
async fn round(feed: &Feed, reader: &mut Reader<'_>, settings: Settings) -> Result<()> {
    loop {
        let position = feed.state.lock().position.clone();
        let Some(position) = position else {
            let end = reader.end().await?;
            feed.state.lock().position = Some(Arc::new(end));
            return Ok(());
        };
        let read = reader.read(&position).await?;
        let full = read.full;
        if read.moved.is_some() {
            tracing::info!(
                "events that were watched last are not there any more: the table is read from where it still agrees"
            );
        }
        let given_up = feed.publish(read, settings.patience);
        if given_up > 0 {
            tracing::warn!(
                ids = given_up,
                "too many ids are missing: of the oldest no event is expected any more, although one may still be committed"
            );
        }
        if !full {
            return Ok(());
        }
        feed.tell();
        tokio::task::yield_now().await;
    }
}

impl Feed {
    fn fail(&self, error: Error) {
        let mut state = self.state.lock();
        let same = state.outage.as_ref().is_some_and(|(_, known)| known.kind() == error.kind());
        if !same {
            tracing::warn!(%error, "events can't be read; trying again");
            state.serial += 1;
            state.outage = Some((state.serial, error));
        }
    }

    fn has_young_gaps(&self) -> bool {
        let state = self.state.lock();
        let newest = state.position.as_ref().and_then(|position| position.gaps.last().copied());
        newest.is_some_and(|gap| gap.since.elapsed() < YOUNG)
    }
}

/// The end of the task.
struct Ends<'f>(&'f Feed);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        state.running = false;
        if state.watchers.is_empty() {
            // Whoever comes next begins where the table ends then.
            state.position = None;
            state.ring.clear();
            state.outage = None;
        }
        drop(state);
        self.0.tell();
    }
}
