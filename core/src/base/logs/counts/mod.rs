//! What is known of the table `logs` as a whole, kept from one answer to the next.
//!
//! Dashboards ask all the time how many events there are, from how many sources, and when they came. Counting anew costs
//! more the more there is; but events are only ever appended, so the next answer is the last one and what came since.
//! [`LogCounts`] keeps the last one, with the id up to which it is true ([`gaps`] has why that need not be the newest).
//!
//! Other programs write the same table. What is kept is used only after the database confirmed, in the same statement that
//! counts what is new, that the first and the last event that it covers are there still; and after the driver
//! confirmed that nobody else has changed anything since ([`Backend::query_marked`]), or, where it can't tell, the
//! number of all events agreed. So inserts, purges and deletions show at once, whoever made them. What can't be seen
//! this way is an event that another program changed in place, which no method of the contract does: that shows within a
//! minute or, where counting everything takes longer than 0.3 s, within 200 times as long.

mod gaps;
mod headline;
mod minutes;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use self::gaps::Gaps;
use self::headline::{Headline, Wanted};
use self::minutes::Minutes;
use crate::contract::{Bucket, Log, Stats};
use crate::driver::Backend;
use crate::error::Result;
use crate::sql::{Record, Step, Table, Unit, Value};
use crate::time::Timestamp;

/// How long what was counted once is believed at least, where other programs may have changed events in place.
const BELIEVED: Duration = Duration::from_secs(60);
/// And how much longer than counting took, so that counting never costs more than a two-hundredth of the time.
const BELIEVED_TIMES: u32 = 200;
/// From so many new events on, those before a missing id are counted for good, although that takes another round trip.
const MANY: u64 = 1_000;
/// How often what changes meanwhile is looked at again, before the table itself is asked.
const ATTEMPTS: usize = 4;

/// The running summary of the table `logs`.
#[derive(Debug, Default)]
pub(in crate::base) struct LogCounts {
    state: Mutex<State>,
    /// Grows when this repository does something else to events than appending them.
    changes: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    kept: Option<Kept>,
    /// Up to which id sources were counted, and how many there are.
    sources: Option<(i64, u64)>,
    minutes: Minutes,
    gaps: Gaps,
    /// What the driver said before `kept` was confirmed.
    mark: Option<u64>,
    /// Whether the next headline counts all events.
    verify: bool,
    changes: u64,
    answer: Option<Answer>,
}

/// What was counted for good.
#[derive(Debug, Clone)]
struct Kept {
    /// The first event.
    first: (i64, Value),
    /// The event up to which it is true.
    last: (i64, Value),
    /// How many events that is.
    count: u64,
    since: Instant,
    /// How long it took to count everything.
    cost: Duration,
}

/// The state of the table at one moment.
#[derive(Debug, Clone, Copy)]
struct Answer {
    /// When the question was sent.
    asked: Instant,
    wanted: Wanted,
    last: i64,
    total: u64,
    sources: u64,
    fleet: (u64, u64),
}

/// Where a page of all events begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::base) struct Seek {
    /// The page's events are older than this …
    pub(in crate::base) before: Timestamp,
    /// … and behind so many others that are older too.
    pub(in crate::base) skip: u64,
    /// The newest id: true as long as this is.
    pub(in crate::base) newest: i64,
}

/// What [`LogCounts::seek`] knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::base) enum Place {
    /// The page begins there.
    At(Seek),
    /// There are not so many events.
    Behind,
    /// Only the table can tell.
    Unknown,
}

impl LogCounts {
    /// How many events there are.
    pub(in crate::base) async fn total(&self, backend: &dyn Backend) -> Result<u64> {
        Ok(self.answer(backend, Wanted::default()).await?.total)
    }

    /// The dashboard's figures, of one moment.
    pub(in crate::base) async fn stats(&self, backend: &dyn Backend) -> Result<Stats> {
        let answer = self.answer(backend, Wanted { sources: true, fleet: true }).await?;
        let (active_deckies, deployed_deckies) = answer.fleet;
        Ok(Stats {
            total_logs: answer.total,
            unique_attackers: answer.sources,
            active_deckies,
            deployed_deckies,
        })
    }

    /// How many events each interval of so many minutes has; none when only the table can tell.
    pub(in crate::base) async fn histogram(
        &self,
        backend: &dyn Backend,
        width: i64,
    ) -> Result<Option<Vec<Bucket>>> {
        let mut state = self.state.lock().await;
        Ok(if self.minutes(backend, &mut state).await?.is_some() {
            Some(state.minutes.histogram(width))
        } else {
            None
        })
    }

    /// Where the page of the newest events begins that skips so many.
    pub(in crate::base) async fn seek(&self, backend: &dyn Backend, offset: u64) -> Result<Place> {
        let mut state = self.state.lock().await;
        Ok(match self.minutes(backend, &mut state).await? {
            Some(answer) if offset >= answer.total => Place::Behind,
            Some(answer) => match state.minutes.seek(offset) {
                Some((before, skip)) => Place::At(Seek { before, skip, newest: answer.last }),
                None => Place::Unknown,
            },
            None => Place::Unknown,
        })
    }

    /// What is kept is forgotten when a unit of this repository does something else to events than appending them: when
    /// it begins, and when what this returns is dropped.
    pub(in crate::base) fn around(&self, unit: &Unit) -> Option<Changing<'_>> {
        unit.steps().iter().any(changes_events).then(|| Changing::begin(self))
    }

    /// What is true now, or was since this call began: of callers at the same time one asks for all.
    async fn answer(&self, backend: &dyn Backend, wanted: Wanted) -> Result<Answer> {
        let called = Instant::now();
        let mut state = self.state.lock().await;
        if let Some(answer) = state.answer
            && answer.asked >= called
            && answer.wanted.covers(wanted)
        {
            return Ok(answer);
        }
        let answer = self.current(backend, &mut state, wanted).await?;
        state.answer = Some(answer);
        Ok(answer)
    }

    /// Brings the minutes up to date; none when they can't be.
    async fn minutes(&self, backend: &dyn Backend, state: &mut State) -> Result<Option<Answer>> {
        for _ in 0..ATTEMPTS {
            let answer = self.current(backend, state, Wanted::default()).await?;
            let settled = state.kept.as_ref().map(|kept| (kept.last.0, kept.count));
            let begun = Instant::now();
            let whole = !state.minutes.has_begun();
            if !state.minutes.extend(backend, settled, (answer.last, answer.total)).await? {
                if state.minutes.is_hopeless() {
                    return Ok(None);
                }
                state.minutes = Minutes::default();
                continue;
            }
            if let Some(kept) = state.kept.as_mut().filter(|_| whole) {
                kept.cost = kept.cost.max(begun.elapsed());
            }
            return Ok(Some(answer));
        }
        Ok(None)
    }

    /// What is true now.
    async fn current(&self, backend: &dyn Backend, state: &mut State, wanted: Wanted) -> Result<Answer> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            self.forget(state);
            state.gaps.expire();
            let asked = Instant::now();
            let statement = Headline::statement(backend.dialect(), state, wanted);
            let (rows, mark) = backend.query_marked(statement).await?;
            let headline = Headline::read(rows, wanted)?;
            if !headline.confirms(state) {
                *state = State { changes: state.changes, mark, ..State::default() };
                continue;
            }
            // A mark is read after the rows: what it does not show was not there when they were read.
            let unseen =
                state.kept.is_some() && headline.all.is_none() && (mark.is_none() || mark != state.mark);
            if unseen && attempt <= ATTEMPTS {
                state.verify = true;
                state.mark = mark;
                continue;
            }
            state.verify = mark.is_none();
            let answer = headline.answer(state, asked, wanted);
            self.keep(backend, state, &headline, &answer).await?;
            return Ok(answer);
        }
    }

    /// Keeps what was counted, up to where no id can come any more.
    async fn keep(
        &self,
        backend: &dyn Backend,
        state: &mut State,
        headline: &Headline,
        answer: &Answer,
    ) -> Result<()> {
        let Some((first, last)) = headline.ends.clone() else { return Ok(()) };
        let whole = state.kept.is_none();
        let known = state.kept.as_ref().map_or(first.0.saturating_sub(1), |kept| kept.last.0);
        let complete = u64::try_from(last.0.saturating_sub(known)) == Ok(headline.added);
        if complete || backend.dialect().keys_in_commit_order() {
            let (since, cost) = match &state.kept {
                Some(kept) => (kept.since, kept.cost),
                None => (Instant::now(), answer.asked.elapsed()),
            };
            state.gaps.none_open();
            state.kept = Some(Kept { first, last, count: answer.total, since, cost });
            if answer.wanted.sources {
                state.sources = Some((answer.last, answer.sources));
            }
            return Ok(());
        }
        let reach = state.gaps.look(backend, known, last.0).await?;
        if reach.to <= known || (reach.to < last.0 && !whole && headline.added < MANY) {
            return Ok(());
        }
        let (begun, wanted) = (Instant::now(), Wanted { sources: true, fleet: false });
        let statement = Headline::up_to(backend.dialect(), state, reach.to);
        let part = Headline::read(backend.query(statement).await?, wanted)?;
        if part.confirms(state)
            && let Some((first, last)) = part.ends.clone()
        {
            let answer = part.answer(state, begun, wanted);
            let (since, cost) = match &state.kept {
                Some(kept) => (kept.since, kept.cost),
                None => (begun, begun.elapsed()),
            };
            state.sources = Some((last.0, answer.sources));
            state.kept = Some(Kept { first, last, count: answer.total, since, cost });
            state.gaps.watch(reach);
        } else {
            // An event came where none was expected any more.
            *state = State { changes: state.changes, mark: state.mark, ..State::default() };
        }
        Ok(())
    }

    /// Forgets what must not be believed any more.
    fn forget(&self, state: &mut State) {
        let changes = self.changes.load(Ordering::Acquire);
        let old = state.kept.as_ref().is_some_and(|kept| {
            // Without a word from others nothing can have been changed in place.
            let alone = state.mark == Some(0);
            !alone && kept.since.elapsed() >= BELIEVED.max(kept.cost.saturating_mul(BELIEVED_TIMES))
        });
        if old || changes != state.changes {
            *state = State { changes, mark: state.mark, ..State::default() };
        }
    }
}

/// A unit is under way that changes events.
pub(in crate::base) struct Changing<'s>(&'s LogCounts);

impl<'s> Changing<'s> {
    fn begin(summary: &'s LogCounts) -> Self {
        summary.changes.fetch_add(1, Ordering::AcqRel);
        Self(summary)
    }
}

impl Drop for Changing<'_> {
    fn drop(&mut self) {
        self.0.changes.fetch_add(1, Ordering::AcqRel);
    }
}

/// Whether a step does something else to events than appending them.
fn changes_events(step: &Step) -> bool {
    let is_logs = |table: &Table| *table == *Log::TABLE;
    match step {
        Step::Execute(statement, _) => statement.table().is_none_or(is_logs),
        // Ids that the caller chose may lie anywhere.
        Step::Insert(insert) => is_logs(insert.table()) && insert.columns().contains(&Log::ID.name()),
        _ => false,
    }
}
