//! One reader of the feed.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::timeout;

use super::feed::{Feed, Settings};
use super::filter::Matcher;
use super::position::{Anchor, Gap, Position};
use super::ring::{Current, Numbered};
use super::round::{PAGE, holds, in_gaps, without_anchor};
use super::token::Token;
use crate::contract::{Log, LogFilter, Repository};
use crate::error::{Error, Result};

/// How often gaps are looked at that only this watcher waits for.
const LOOK: Duration = Duration::from_secs(1);

/// A stream of events, in the order in which their transactions became visible: made by [`watch`](super::watch()).
///
/// It may be dropped at any time. It holds the repository open: [`Repository::close`] ends it.
pub struct Watcher {
    feed: Arc<Feed>,
    repository: Arc<dyn Repository>,
    id: u64,
    filter_id: u64,
    filter: Matcher,
    patience: Duration,
    changed: watch::Receiver<u64>,
    /// The outage that was told last.
    told: u64,
    /// What was delivered before what is in `stage`.
    position: Arc<Position>,
    stage: Stage,
    /// Ids that came from a token, and that nobody else waits for.
    own: Vec<Gap>,
    looked: Instant,
    /// Events that came in these.
    late: VecDeque<Arc<Log>>,
}

/// Where the next events come from.
enum Stage {
    /// From the batches that all share: from this one, of which so many events were looked at.
    Shared { next: u64, batch: Option<Current> },
    /// From the database, because the batches don't reach back so far.
    Behind(Option<CatchUp>),
}

/// The way from where a watcher was to where the feed is.
struct CatchUp {
    /// The last batch before which all is read from the database.
    last: u64,
    target: Arc<Position>,
    events: VecDeque<Arc<Log>>,
    /// Whether what is behind `events` was read too.
    complete: bool,
}

impl Watcher {
    pub(super) fn new(
        feed: Arc<Feed>,
        repository: Arc<dyn Repository>,
        filter: LogFilter,
        settings: Settings,
    ) -> Self {
        let (id, filter_id) = feed.join(settings, &filter);
        let changed = feed.changed.subscribe();
        Self {
            feed,
            repository,
            id,
            filter_id,
            filter: Matcher::new(filter),
            patience: settings.patience,
            changed,
            told: 0,
            position: Arc::new(Position::start()),
            stage: Stage::Behind(None),
            own: Vec::new(),
            looked: Instant::now(),
            late: VecDeque::new(),
        }
    }

    /// Begins behind the batch with the number.
    pub(super) fn begin_now(&mut self, last: u64, position: Arc<Position>) {
        self.position = position;
        self.stage = Stage::Shared { next: last + 1, batch: None };
    }

    /// Begins where a token ends.
    pub(super) fn begin_at(&mut self, position: Position) {
        self.position = Arc::new(position);
        self.stage = Stage::Behind(None);
    }

    /// The next event that matches; waits until there is one. `None` when the repository is closed.
    ///
    /// An error is told once: when the database can't be read any more, and again when it fails in another way. Nothing
    /// is lost by it: the next call waits until the database can be read again, and goes on where the stream was.
    ///
    /// A call that is dropped loses nothing.
    ///
    /// # Errors
    /// `Unavailable` when the database can't be reached; `Configuration` when it lost its tables; `Backend` otherwise.
    pub async fn next(&mut self) -> Option<Result<Arc<Log>>> {
        loop {
            if let Some(event) = self.take() {
                return Some(Ok(event));
            }
            match self.advance().await {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// The next events, as many as are there, but at least one: as [`next`](Self::next), with fewer calls.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub async fn next_batch(&mut self, most: usize) -> Option<Result<Vec<Arc<Log>>>> {
        let first = match self.next().await? {
            Ok(first) => first,
            Err(error) => return Some(Err(error)),
        };
        let mut events = vec![first];
        while events.len() < most {
            match self.take() {
                Some(event) => events.push(event),
                None => break,
            }
        }
        Some(Ok(events))
    }

    /// Where the stream is: behind the event that came last. A watcher that begins [after](super::Watch::after) it goes on with
    /// the one that follows.
    pub fn token(&self) -> Token {
        let mut position = (*self.position).clone();
        let now = Instant::now();
        match &self.stage {
            Stage::Shared { batch: Some(current), .. } => {
                for event in current.batch.events.iter().take(current.looked_at()) {
                    // Where ids come in order, there are no gaps in the batch's positions either.
                    position.advance(event, !current.batch.in_order, now);
                }
            }
            Stage::Behind(Some(catch_up)) => {
                let known = catch_up.target.gaps.iter().filter(|gap| gap.from <= position.upto);
                let cut = known.map(|gap| Gap { to: gap.to.min(position.upto), ..*gap });
                position.gaps = cut.collect();
            }
            _ => {}
        }
        position.merge(&self.own);
        Token::of(&position)
    }

    /// An event that is at hand.
    fn take(&mut self) -> Option<Arc<Log>> {
        if let Some(event) = self.late.pop_front() {
            remove(&mut self.own, event.id);
            return Some(event);
        }
        match &mut self.stage {
            Stage::Shared { batch, .. } => {
                let current = batch.as_mut()?;
                if let Some(event) = current.next() {
                    return Some(event);
                }
                self.position = Arc::clone(&current.batch.after);
                *batch = None;
                None
            }
            Stage::Behind(catch_up) => {
                let event = catch_up.as_mut()?.events.pop_front()?;
                let position = Arc::make_mut(&mut self.position);
                position.upto = event.id;
                position.anchor = Anchor::Event(Arc::clone(&event));
                Some(event)
            }
        }
    }

    /// Looks for more; `false` when nothing can come any more.
    async fn advance(&mut self) -> Result<bool> {
        if let Stage::Behind(_) = self.stage {
            return self.catch_up().await;
        }
        if !self.own.is_empty() && self.looked.elapsed() >= LOOK {
            self.look().await?;
            return Ok(true);
        }
        self.changed.mark_unchanged();
        let Stage::Shared { next, batch } = &mut self.stage else { return Ok(true) };
        {
            let state = self.feed.state.lock();
            match state.ring.get(*next) {
                Numbered::There(there) => {
                    drop(state);
                    let places = (!self.filter.filter().is_all())
                        .then(|| there.matching(self.filter_id, &self.filter));
                    self.position = Arc::clone(&there.before);
                    *batch = Some(Current::new(there, places));
                    *next += 1;
                    return Ok(true);
                }
                Numbered::Gone => {
                    drop(state);
                    self.stage = Stage::Behind(None);
                    return Ok(true);
                }
                Numbered::NotYet if state.closed => return Ok(false),
                Numbered::NotYet => {}
            }
            if let Some((number, error)) = &state.outage
                && *number > self.told
            {
                self.told = *number;
                return Err(error.clone());
            }
        }
        self.wait().await;
        Ok(true)
    }

    /// Waits until there may be something.
    async fn wait(&mut self) {
        self.feed.start(&self.repository);
        if self.own.is_empty() {
            // The sender lives as long as the feed.
            drop(self.changed.changed().await);
        } else {
            drop(timeout(LOOK, self.changed.changed()).await);
        }
    }

    /// Reads on from the database by the watcher's own position.
    async fn catch_up(&mut self) -> Result<bool> {
        let Stage::Behind(catch_up) = &mut self.stage else { return Ok(true) };
        let Some(under_way) = catch_up else {
            return self.begin_catch_up().await;
        };
        if under_way.complete {
            self.position = Arc::clone(&under_way.target);
            self.stage = Stage::Shared { next: under_way.last + 1, batch: None };
            return Ok(true);
        }
        let target = Arc::clone(&under_way.target);
        let page =
            match self.repository.get_logs_after_id(self.position.upto, PAGE, self.filter.outline()).await {
                Ok(page) => page,
                Err(error) => return self.failed(error).await,
            };
        let complete = (page.len() as u64) < PAGE || page.last().is_some_and(|last| last.id > target.upto);
        let read_to = page.last().map(|last| last.id);
        // Those that the feed misses come with its batches.
        let fits = |event: &Log| {
            event.id <= target.upto && !target.is_missing(event.id) && self.filter.matches(event)
        };
        let events: VecDeque<_> = page.into_iter().filter(fits).map(Arc::new).collect();
        if events.is_empty()
            && !complete
            && let Some(read_to) = read_to
        {
            let position = Arc::make_mut(&mut self.position);
            (position.upto, position.anchor) = (read_to, Anchor::None);
        }
        if let Stage::Behind(Some(under_way)) = &mut self.stage {
            (under_way.events, under_way.complete) = (events, complete);
        }
        Ok(true)
    }

    async fn begin_catch_up(&mut self) -> Result<bool> {
        self.changed.mark_unchanged();
        let (last, target) = {
            let state = self.feed.state.lock();
            match &state.position {
                _ if state.closed => return Ok(false),
                Some(position) => (state.ring.last(), Some(Arc::clone(position))),
                None => (0, None),
            }
        };
        let Some(target) = target else {
            self.wait().await;
            return Ok(true);
        };
        let repository = Arc::clone(&self.repository);
        let holds = match holds(&*repository, &self.position).await {
            Ok(holds) => holds,
            Err(error) => return self.failed(error).await,
        };
        if !holds {
            match without_anchor(&*repository, &self.position).await {
                Ok(position) => self.position = Arc::new(position),
                Err(error) => return self.failed(error).await,
            }
        }
        let mut unlike = self.position.gaps_unlike(&target);
        unlike.retain(|gap| gap.from <= target.upto);
        self.own.extend(unlike);
        self.own.sort_unstable_by_key(|gap| gap.from);
        Arc::make_mut(&mut self.position).gaps.clear();
        self.stage = Stage::Behind(Some(CatchUp { last, target, events: VecDeque::new(), complete: false }));
        if !self.own.is_empty() {
            self.look().await?;
        }
        Ok(true)
    }

    /// Looks at the gaps that only this watcher waits for.
    async fn look(&mut self) -> Result<()> {
        let repository = Arc::clone(&self.repository);
        let own = &self.own;
        let wanted = |id| own.iter().any(|gap| gap.from <= id && id <= gap.to);
        match in_gaps(&*repository, own, wanted).await {
            Ok(events) => {
                self.looked = Instant::now();
                for event in &events {
                    if !self.filter.matches(event) {
                        remove(&mut self.own, event.id);
                    }
                }
                let filter = &self.filter;
                self.late.extend(events.into_iter().filter(|event| filter.matches(event)));
                let patience = self.patience;
                let late = &self.late;
                self.own.retain(|gap| {
                    gap.since.elapsed() < patience
                        || late.iter().any(|event| gap.from <= event.id && event.id <= gap.to)
                });
                Ok(())
            }
            Err(error) => self.failed(error).await.map(drop),
        }
    }

    /// Waits for the feed, which reads the same database, and tells its outages.
    async fn failed(&mut self, error: Error) -> Result<bool> {
        let told = {
            let state = self.feed.state.lock();
            if state.closed || self.repository.engine().commits().is_closed() {
                return Ok(false);
            }
            state.outage.as_ref().map(|(number, _)| *number)
        };
        if told.is_some() && told == Some(self.told) {
            drop(timeout(LOOK, self.changed.changed()).await);
            return Ok(true);
        }
        self.told = told.unwrap_or(self.told);
        // Not at once again, if the caller asks at once.
        tokio::time::sleep(LOOK / 10).await;
        Err(error)
    }
}

/// The id is no part of the gaps any more.
fn remove(gaps: &mut Vec<Gap>, id: i64) {
    let mut position = Position { gaps: std::mem::take(gaps), ..Position::start() };
    position.fill(id);
    *gaps = position.gaps;
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.feed.leave(self.id, self.filter_id);
    }
}

impl std::fmt::Debug for Watcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watcher")
            .field("filter", self.filter.filter())
            .field("token", &self.token())
            .finish_non_exhaustive()
    }
}
