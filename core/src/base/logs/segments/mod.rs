//! What is known of the table `logs`, kept from one answer to the next, so that dashboards don't count everything again and again.
//!
//! # How
//!
//! Events are only ever appended, so what was counted of old ones stays true. The ids are divided into segments, and for each of
//! them the number of its events is kept, and how many each minute has ([`known`]). What lies behind the segments, and in the
//! first of them, is counted each time, in the same statement that reads the oldest and the newest id and looks whether the last
//! event of the segments is there still. So are sources whose first event lies behind those that were counted ([`sources`]). A
//! segment is closed when no event can come into it any more: at once where keys become visible in ascending order, else when
//! its gaps have been there for a while ([`gaps`]). Of closed segments it is also kept what searches found in them
//! ([`searches`]), and what they can't have ([`ngrams`]), from which also pages of new searches come ([`newest`]).
//!
//! # What is promised
//!
//! - When a method of this process has returned, all later answers show what it did, of whatever repository of the process.
//!   What it changed is counted anew, and nothing else ([`changes`]).
//! - What other programs append shows at once. So does what they delete of the oldest or newest, and a purge.
//! - What others delete or change in the middle (DECNET does neither) shows within [`CHECKED`], whatever happened to the server
//!   or its clock: the number of all events is counted, at once when an engine says that others have committed nothing. In
//!   place changes of times and texts show when the segments are counted anew: after the same time or, where that takes longer than a
//!   second, after [`SHARE`] times as long as it takes, so that it never costs more than that share of the time.
//! - The figures of one answer are of one moment.
//!
//! The first answer of a repository is counted by the database and nothing else: most programs ask once.

mod changes;
mod clock;
mod gaps;
mod known;
mod newest;
mod ngrams;
mod searches;
mod sources;
mod statements;

use std::ops::Range;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

pub(in crate::base) use self::changes::Changing;
pub(crate) use self::clock::advance as advance_clock;
use self::gaps::Gaps;
use self::known::{Known, LAST, MINUTES, WIDTH, start};
use self::ngrams::Ngrams;
pub(in crate::base) use self::searches::FoundPage;
use self::searches::Searches;
use self::sources::Sources;
use self::statements::{Anchor, Group, Headline, Rest, Verdict, Wanted};
use crate::contract::{Bucket, Log, Stats};
use crate::driver::Backend;
use crate::error::Result;
use crate::sql::{Dialect, Record, Sql};
use crate::time::Timestamp;

/// How old what is known may become before it is looked at whether others have deleted or changed events. One caller does so
/// when three quarters of the time are over, while the others go on; at its end they wait.
const CHECKED: Duration = Duration::from_secs(60);
/// How many times as long as it took what was counted is believed at least.
const SHARE: u32 = 50;
/// The least time between two tries to count everything.
const AGAIN: Duration = Duration::from_millis(200);
/// How many new ids are counted each time at most, until they are in segments.
const BEHIND: i64 = 4 * WIDTH;
/// How often what changes meanwhile is looked at again, before the table itself is asked.
const ATTEMPTS: usize = 4;

/// What is known of the table `logs`.
#[derive(Debug, Default)]
pub(in crate::base) struct Segments {
    /// How many bytes the n-gram filters may have.
    search_memory: usize,
    state: Mutex<State>,
    /// Held by the caller that counts segments.
    counting: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    known: Option<Known>,
    gaps: Gaps,
    sources: Option<Sources>,
    searches: Searches,
    ngrams: Ngrams,
    /// Another number for segments that were counted anew.
    epoch: u64,
    /// Segments that must be counted again, from the first to the last id.
    stale: Option<Range<i64>>,
    /// Another number than before: what is known is not what it was.
    generation: u64,
    /// How many changes of this process are in what is known.
    changes: u64,
    /// Whether something was asked already, and when the next try to count everything may begin.
    asked: bool,
    next: Option<Instant>,
}

/// What one caller must do before anything can be answered.
#[derive(Debug, Clone)]
enum Task {
    /// Count all segments.
    Build,
    /// Count some segments again.
    Recount(Range<i64>),
    /// Look whether others deleted something.
    Check,
}

/// The state of the table at one moment.
#[derive(Debug, Clone, Copy)]
struct Figures {
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
    /// The place is right as long as this is the oldest event …
    pub(in crate::base) first: i64,
    /// … and from this id on so many events are not older than `before`. With more it moves.
    pub(in crate::base) tail: i64,
    pub(in crate::base) newer: u64,
}

/// What [`Segments::seek`] knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::base) enum Place {
    At(Seek),
    /// There are not so many events.
    Behind,
}

impl Segments {
    /// Nothing is known yet; the n-gram filters may have so many bytes.
    pub(in crate::base) fn new(search_memory: usize) -> Self {
        Self { search_memory, ..Self::default() }
    }

    /// How many events there are.
    pub(in crate::base) async fn total(&self, backend: &dyn Backend) -> Result<u64> {
        Ok(self.figures(backend, Wanted::default()).await?.total)
    }

    /// The dashboard's figures, of one moment.
    pub(in crate::base) async fn stats(&self, backend: &dyn Backend) -> Result<Stats> {
        let figures = self.figures(backend, Wanted { sources: true, fleet: true, all: false }).await?;
        let (active_deckies, deployed_deckies) = figures.fleet;
        Ok(Stats {
            total_logs: figures.total,
            unique_attackers: figures.sources,
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
        self.minutes(backend, |known, rest| known.histogram(&rest.minutes, width)).await
    }

    /// Where the page of the newest events begins that skips so many, less the last `slack` of them; none when only the table
    /// can tell.
    pub(in crate::base) async fn seek(
        &self,
        backend: &dyn Backend,
        offset: u64,
        slack: u64,
    ) -> Result<Option<Place>> {
        self.minutes(backend, |known, rest| {
            if !(known.is_ordered() && rest.is_ordered) {
                return None;
            }
            if offset >= known.count() + rest.minutes.values().sum::<u64>() {
                return Some(Place::Behind);
            }
            let (before, skip) = known.place(&rest.minutes, offset.saturating_sub(slack))?;
            let newer = rest.tail_since(before);
            Some(Place::At(Seek { before, skip, first: rest.state.ends?.0, tail: known.end, newer }))
        })
        .await
    }

    /// What is true now.
    async fn figures(&self, backend: &dyn Backend, wanted: Wanted) -> Result<Figures> {
        for _ in 0..ATTEMPTS {
            self.prepare(backend).await;
            let (statement, sources, generation) = {
                let state = self.state.lock();
                let known = state.known.as_ref().map(|known| (known, &state.gaps));
                let sources = state.sources.clone().filter(|_| known.is_some());
                let statement = Headline::statement(backend.dialect(), known, sources.as_ref(), wanted);
                (statement, sources, state.generation)
            };
            let headline = Headline::read(backend.query(statement).await?, wanted)?;
            let (answer, grown, moved) = {
                let mut state = self.state.lock();
                if state.generation != generation {
                    continue;
                }
                let answer = state.answer(&headline, wanted, sources.as_ref());
                let grown = answer.is_some().then(|| state.grown(&headline)).flatten();
                let first = headline.state.ends.map(|(first, _)| first);
                // What is known holds, but with the oldest events sources may have gone.
                let moved = wanted.sources && answer.is_none() && state.generation == generation;
                (answer, grown, sources.zip(first).filter(|_| moved))
            };
            if let Some((end, last)) = grown
                && let Ok(_counting) = self.counting.try_lock()
            {
                // What this call asked for it has. Who asks next hears of what is wrong.
                drop(self.extend(backend, end, last, headline.tail).await);
            }
            if let Some(figures) = answer {
                return Ok(figures);
            }
            if let Some((sources, first)) = moved {
                let now = sources.look(backend, first).await?;
                let mut state = self.state.lock();
                if state.generation == generation {
                    state.sources = now;
                }
            }
        }
        let statement = Headline::statement(backend.dialect(), None, None, wanted);
        Ok(Headline::read(backend.query(statement).await?, wanted)?.counted())
    }

    /// What the minutes tell; none when they can't.
    async fn minutes<T>(
        &self,
        backend: &dyn Backend,
        tell: impl Fn(&Known, &Rest) -> Option<T>,
    ) -> Result<Option<T>> {
        for _ in 0..ATTEMPTS {
            self.prepare(backend).await;
            let (statement, generation) = {
                let mut state = self.state.lock();
                state.asked = true;
                let Some(known) = state.known.as_ref().filter(|known| known.has_minutes()) else {
                    return Ok(None);
                };
                (Rest::statement(backend.dialect(), known, &state.gaps), state.generation)
            };
            let rest = Rest::read(backend.query(statement).await?)?;
            let answer = {
                let mut state = self.state.lock();
                if state.generation != generation {
                    continue;
                }
                let Some(known) = &state.known else { continue };
                match rest.state.verdict(known) {
                    Verdict::Holds => rest.has_minutes.then(|| tell(known, &rest)).flatten(),
                    verdict => {
                        state.correct(verdict);
                        continue;
                    }
                }
            };
            self.keep_up(backend, rest.state.ends).await;
            return Ok(answer);
        }
        Ok(None)
    }

    /// Counts the segments that were filled since, where they are several: a program need not ask for totals, which do so by
    /// themselves. What fails here the next one hears of.
    async fn keep_up(&self, backend: &dyn Backend, ends: Option<(i64, i64)>) {
        let end = self.state.lock().known.as_ref().map(|known| known.end);
        if let (Some(end), Some((_, last))) = (end, ends)
            && last.saturating_sub(end) >= BEHIND
        {
            drop(self.total(backend).await);
        }
    }

    /// Does what must be done before anything can be answered, or leaves it to the caller that does it already.
    async fn prepare(&self, backend: &dyn Backend) {
        loop {
            let Some((_, must)) = self.state.lock().task() else { return };
            let counting = match self.counting.try_lock() {
                Ok(counting) => counting,
                Err(_) if must => self.counting.lock().await,
                Err(_) => return,
            };
            // Another caller may have done it meanwhile.
            let Some((task, _)) = self.state.lock().task() else { return };
            let done = match task {
                Task::Build => self.build(backend).await,
                Task::Recount(ids) => self.recount(backend, ids).await,
                Task::Check => self.check(backend).await,
            };
            if done.is_err() {
                // The table can be asked still, or says itself what is wrong.
                let mut state = self.state.lock();
                state.forget();
                state.next = Some(clock::now() + CHECKED);
            }
            drop(counting);
        }
    }

    /// Counts all segments.
    async fn build(&self, backend: &dyn Backend) -> Result<()> {
        let (begun, watch) = (clock::now(), Instant::now());
        let changes = changes::number();
        let foreign = backend.foreign_commits().await;
        let mut gaps = self.state.lock().gaps.clone();
        let mut known = None;
        let ends = ends(backend).await?.filter(|(first, last, _)| *first > 0 && *last < LAST);
        if let Some((first, last, count)) = ends {
            let dense = count.is_none_or(|count| u64::try_from(last - first + 1) == Ok(count));
            let to = if dense {
                start(last.saturating_add(1))
            } else {
                gaps.look(backend, first, start(first), last).await?
            };
            if to > start(first) + WIDTH {
                let ids = start(first)..to;
                let (groups, last) = count_segments(backend, &ids, true).await?;
                known = last.map(|last| Known::of(first, ids.end, last, &groups, foreign));
            }
        }
        let cost = watch.elapsed();
        let mut state = self.state.lock();
        // What searches have found stays true where as many events are as there were.
        let same =
            state.known.as_ref().zip(known.as_ref()).is_some_and(|(old, new)| {
                old.front() == new.front() && new.count_before(old.end) == old.count()
            });
        if same {
            let (searches, ngrams) = (std::mem::take(&mut state.searches), std::mem::take(&mut state.ngrams));
            let epoch = state.epoch;
            state.forget();
            (state.searches, state.ngrams, state.epoch) = (searches, ngrams, epoch);
            if let Some(known) = &known {
                state.ngrams.forget(known.end..i64::MAX);
            }
        } else {
            state.forget();
        }
        if let Some(known) = &mut known {
            (known.cost, known.built, known.checked) = (cost, begun, begun);
        }
        state.known = known;
        state.gaps = gaps;
        state.changes = changes;
        state.next = Some(clock::now() + cost.saturating_mul(SHARE).clamp(AGAIN, CHECKED));
        Ok(())
    }

    /// Counts the segments again in which this process has changed something.
    async fn recount(&self, backend: &dyn Backend, ids: Range<i64>) -> Result<()> {
        let (groups, _) = count_segments(backend, &ids, false).await?;
        let mut state = self.state.lock();
        // What was changed while they were counted is counted once more.
        if state.stale.as_ref() == Some(&ids) {
            state.stale = None;
        }
        state.generation += 1;
        if let Some(known) = &mut state.known {
            known.forget(ids);
            known.learn(&groups);
        }
        Ok(())
    }

    /// Looks whether others have deleted events, and whether it is time to count all anew.
    async fn check(&self, backend: &dyn Backend) -> Result<()> {
        let now = clock::now();
        let foreign = backend.foreign_commits().await;
        let wanted = Wanted { all: true, ..Wanted::default() };
        let old = {
            let mut state = self.state.lock();
            let Some(known) = &mut state.known else { return Ok(()) };
            if foreign.is_some() && foreign == known.foreign {
                (known.built, known.checked) = (now, now);
                state.searches.refresh(now);
                state.ngrams.refresh(now);
                return Ok(());
            }
            known.is_old(now)
        };
        if old {
            return self.build(backend).await;
        }
        let (statement, generation) = {
            let state = self.state.lock();
            let known = state.known.as_ref().map(|known| (known, &state.gaps));
            (Headline::statement(backend.dialect(), known, None, wanted), state.generation)
        };
        let headline = Headline::read(backend.query(statement).await?, wanted)?;
        let mut state = self.state.lock();
        if state.generation == generation
            && let Some(known) = &mut state.known
            && headline.state.verdict(known) == Verdict::Holds
        {
            if headline.all == Some(headline.front + known.count() + headline.tail) {
                known.checked = now;
                state.sources = None;
            } else {
                state.forget();
            }
        }
        Ok(())
    }

    /// Counts the segments that were filled since.
    async fn extend(&self, backend: &dyn Backend, end: i64, last: i64, tail: u64) -> Result<()> {
        let mut to = start(last.saturating_add(1));
        let mut gaps = None;
        if !backend.dialect().keys_in_commit_order() && u64::try_from(last - end + 1) != Ok(tail) {
            let (known, mut looked) = {
                let state = self.state.lock();
                let Some(known) = &state.known else { return Ok(()) };
                (known.anchor.0, state.gaps.clone())
            };
            to = looked.look(backend, known, end, last).await?;
            gaps = Some(looked);
        }
        if to <= end {
            if let Some(gaps) = gaps {
                self.state.lock().gaps = gaps;
            }
            return Ok(());
        }
        let (sources, changes) = {
            let state = self.state.lock();
            (state.sources.clone(), state.changes)
        };
        let (groups, anchor) = count_segments(backend, &(end..to), false).await?;
        let mut fresh = None;
        if let Some(sources) = sources {
            let statement = sources.statement(backend.dialect(), to);
            fresh = backend.query(statement).await?.scalar::<u64>()?.map(|fresh| (sources, fresh));
        }
        let mut state = self.state.lock();
        // What this process changed meanwhile would be in none of the segments that are counted again.
        if state.changes != changes {
            return Ok(());
        }
        let Some(known) = state.known.as_mut().filter(|known| known.end == end) else { return Ok(()) };
        known.end = to;
        known.learn(&groups);
        known.anchor = anchor.unwrap_or_else(|| known.anchor.clone());
        match gaps {
            Some(gaps) => state.gaps = gaps,
            None => state.gaps.none_open(),
        }
        if let Some((before, fresh)) = fresh
            && state.sources.as_ref() == Some(&before)
        {
            state.sources = Some(before.grown(to - 1, fresh));
        }
        state.generation += 1;
        Ok(())
    }
}

impl State {
    /// What must be done before anything can be answered, and whether answers must wait for it.
    fn task(&mut self) -> Option<(Task, bool)> {
        self.follow();
        let now = clock::now();
        let Some(known) = &self.known else {
            return (self.asked && self.next.is_none_or(|next| next <= now)).then_some((Task::Build, false));
        };
        if let Some(ids) = &self.stale {
            return Some((Task::Recount(ids.clone()), true));
        }
        let age = now.duration_since(known.checked);
        (age >= CHECKED * 3 / 4).then_some((Task::Check, age >= CHECKED))
    }

    /// Takes notice of what this process has changed.
    fn follow(&mut self) {
        if self.changes == changes::number() {
            return;
        }
        let (number, spans) = changes::since(self.changes);
        self.changes = number;
        for span in spans {
            self.sources = self.sources.take().and_then(|sources| sources.changed(&span));
            self.generation += 1;
            let Some(known) = &self.known else { continue };
            if *span.start() <= known.first && known.end <= *span.end() {
                self.forget();
                continue;
            }
            let from = start(*span.start()).max(known.front());
            let to = start(span.end().saturating_add(WIDTH)).min(known.end);
            if from < to {
                self.searches.clear();
                self.ngrams.forget(from..to);
                self.epoch += 1;
                let stale = self.stale.take().unwrap_or(from..to);
                self.stale = Some(stale.start.min(from)..stale.end.max(to));
            }
        }
    }

    /// Forgets what is known.
    fn forget(&mut self) {
        self.generation += 1;
        self.epoch += 1;
        self.searches.clear();
        self.ngrams.clear();
        (self.known, self.stale, self.sources) = (None, None, None);
    }

    /// Takes notice of what others have deleted.
    fn correct(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Holds => {}
            Verdict::Wrong => self.forget(),
            Verdict::BeginsAt(first) => {
                self.generation += 1;
                if let Some(known) = &mut self.known {
                    known.begins_at(first);
                    self.ngrams.forget(i64::MIN..known.front());
                }
            }
        }
    }

    /// What is known and what was counted now, together; none when what is known does not hold.
    fn answer(&mut self, headline: &Headline, wanted: Wanted, sources: Option<&Sources>) -> Option<Figures> {
        self.asked = true;
        let Some(known) = &self.known else { return Some(headline.counted()) };
        let verdict = headline.state.verdict(known);
        if verdict != Verdict::Holds {
            self.correct(verdict);
            return None;
        }
        let (first, _) = headline.state.ends?;
        let total = headline.front + known.count() + headline.tail;
        let mut figures = Figures { total, sources: 0, fleet: headline.fleet };
        if wanted.sources {
            let before = match sources {
                Some(before) => before.begin_at(first)?,
                None => {
                    let count = headline.sources?.checked_sub(headline.fresh)?;
                    Sources::counted(known.end - 1, first, count)
                }
            };
            figures.sources = before.count() + headline.fresh;
            self.sources = Some(before);
        }
        Some(figures)
    }

    /// Where the segments end, and the newest event, when there are enough for another segment.
    fn grown(&self, headline: &Headline) -> Option<(i64, i64)> {
        let (_, last) = headline.state.ends.filter(|(_, last)| *last < LAST)?;
        let end = self.known.as_ref()?.end;
        (start(last.saturating_add(1)) > end).then_some((end, last))
    }
}

/// For how long what took so long to count, or to look for, is believed: others may have changed it.
fn believed(cost: Duration) -> Duration {
    (CHECKED * 3 / 4).max(cost.saturating_mul(SHARE))
}

/// Counts the segments within the ids; `whole` when that is most of the table. Without minutes, where there are too many.
async fn count_segments(
    backend: &dyn Backend,
    ids: &Range<i64>,
    whole: bool,
) -> Result<(Vec<Group>, Option<Anchor>)> {
    let statement = |minutes| Group::statement(backend.dialect(), ids, whole, minutes);
    let (groups, last) = Group::read_all(backend.query(statement(true)).await?)?;
    if groups.len() <= MINUTES {
        return Ok((groups, last));
    }
    Group::read_all(backend.query(statement(false)).await?)
}

/// A statement about events.
fn of_events(dialect: &dyn Dialect) -> Sql<'_> {
    let mut sql = Sql::new(dialect);
    sql.about(Log::TABLE);
    sql
}

/// The oldest and the newest id; and how many events there are, where keys may become visible in another order than theirs.
async fn ends(backend: &dyn Backend) -> Result<Option<(i64, i64, Option<u64>)>> {
    let in_order = backend.dialect().keys_in_commit_order();
    let mut sql = of_events(backend.dialect());
    sql.push("SELECT (SELECT MIN(id) FROM logs), (SELECT MAX(id) FROM logs), ");
    sql.push(if in_order { "NULL" } else { "(SELECT COUNT(*) FROM logs)" });
    let ends = backend.query(sql.into_statement()).await?.decode(|row| {
        let (first, last): (Option<i64>, Option<i64>) = (row.value("id")?, row.value("id")?);
        let count: Option<u64> = row.value("count")?;
        Ok(first.zip(last).map(|(first, last)| (first, last, count)))
    })?;
    Ok(ends.into_iter().next().flatten())
}
