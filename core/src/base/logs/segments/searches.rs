//! What searches found in the segments: their totals, and the events themselves where those are few.
//!
//! A dashboard asks for the same search again and again. The first answer is a scan, or what n-gram filters leave of one. Then its
//! total is kept, up to the end of the segments; and where the events are few, with the second question their ids and times too:
//! pages and histograms of any time come from those, and only what is not in segments is looked through. It holds as long as the
//! segments do.

use std::collections::{BTreeMap, HashMap};
use std::iter::repeat;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use super::known::{Known, WIDTH};
use super::ngrams::Probe;
use super::statements::{Confirmation, Verdict};
use super::{ATTEMPTS, CHECKED, Segments, State, believed, clock, of_events};
use crate::base::logs::matching;
use crate::contract::search::Search;
use crate::contract::{Bucket, Log, LogFilter};
use crate::driver::Backend;
use crate::error::Result;
use crate::sql::{Dialect, Rows, Sql, Statement};
use crate::time::Timestamp;

/// How many searches are kept; of more, the one that was asked for least recently is forgotten.
const MOST: usize = 128;
/// The longest text of a search that is kept, in bytes.
const LONGEST: usize = 4_096;
/// How many events of a search are kept: 16 bytes each, so 8 MiB in all at most.
pub(super) const FEW: u64 = 4_096;
/// How many ranges of ids one statement looks through.
pub(super) const RANGES: usize = 64;
/// The largest page that is put together of them.
const PAGE: u64 = 1_024;
/// A search is common when at least one of so many events matches. A page of those is found among the newest events; and looking
/// through all, should they be the oldest, costs no more than reading all that match by an index and sorting them.
const COMMON: u64 = 16;

/// What searches found.
#[derive(Debug, Default)]
pub(super) struct Searches {
    found: HashMap<String, Found>,
    /// How often something was asked for.
    asked: u64,
}

/// What one search found in the segments.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// Which segments: those that were counted at this time, from the front on, to the end.
    epoch: u64,
    front: i64,
    end: i64,
    count: u64,
    /// When and under which id; once they were asked for.
    events: Option<Vec<(Timestamp, i64)>>,
    /// Until when it is believed, since others may change texts.
    until: Instant,
    asked: u64,
}

impl Found {
    /// How many of the events the filter's times hold.
    fn within(&self, filter: &LogFilter) -> Option<u64> {
        if filter.start_time.is_none() && filter.end_time.is_none() {
            return Some(self.count);
        }
        Some(self.events.as_ref()?.iter().filter(|(time, _)| holds(filter, *time)).count() as u64)
    }
}

fn holds(filter: &LogFilter, time: Timestamp) -> bool {
    filter.start_time.is_none_or(|start| time >= start) && filter.end_time.is_none_or(|end| time <= end)
}

/// An answer from what is kept, and what it was made of.
struct Answer {
    found: Found,
    total: u64,
    /// How many events the segments have.
    whole: u64,
}

/// What is known of a page of a search.
#[derive(Debug)]
pub(in crate::base) enum FoundPage {
    /// The ids of its events, newest first.
    Ids(Vec<i64>),
    /// The table has to tell, and many of its events match.
    Common,
    /// The table has to tell.
    Unknown,
}

impl FoundPage {
    /// The page that begins behind so many of the events and the event `after`.
    fn of(
        mut events: Vec<(Timestamp, i64)>,
        after: Option<(Timestamp, i64)>,
        limit: u64,
        offset: u64,
    ) -> Self {
        events.retain(|event| after.is_none_or(|after| *event < after));
        events.sort_unstable_by(|a, b| b.cmp(a));
        let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        Self::Ids(events.into_iter().skip(size(offset)).take(size(limit)).map(|(_, id)| id).collect())
    }
}

impl Segments {
    /// How many events match; none when only the table can tell.
    pub(in crate::base) async fn found_total(
        self: &Arc<Self>,
        backend: &Arc<dyn Backend>,
        filter: &LogFilter,
    ) -> Result<Option<u64>> {
        Ok(self.look_up(backend, filter, false).await?.map(|answer| answer.total))
    }

    /// The page of matching events that begins behind so many and the event `after`: its ids where they are all in segments or
    /// were found behind them.
    pub(in crate::base) async fn found_page(
        self: &Arc<Self>,
        backend: &Arc<dyn Backend>,
        filter: &LogFilter,
        after: Option<(Timestamp, i64)>,
        limit: u64,
        offset: u64,
    ) -> Result<FoundPage> {
        if limit > PAGE {
            return Ok(FoundPage::Unknown);
        }
        if let Some(newest) = self.newest(backend, filter, after, limit.saturating_add(offset)).await? {
            return Ok(FoundPage::of(newest, after, limit, offset));
        }
        let Some(Answer { found, total, whole }) = self.look_up(backend, filter, true).await? else {
            return Ok(FoundPage::Unknown);
        };
        let Some(events) = &found.events else {
            let is_common = found.count > FEW && found.count.saturating_mul(COMMON) >= whole;
            return Ok(if is_common { FoundPage::Common } else { FoundPage::Unknown });
        };
        let Some(mut all) = outside(&**backend, &(found.front..found.end), filter).await? else {
            return Ok(FoundPage::Unknown);
        };
        all.extend(events.iter().filter(|(time, _)| holds(filter, *time)));
        // Something has changed since it was counted.
        if all.len() as u64 != total {
            return Ok(FoundPage::Unknown);
        }
        Ok(FoundPage::of(all, after, limit, offset))
    }

    /// How many matching events each interval of so many minutes has; none when only the table can tell.
    pub(in crate::base) async fn found_histogram(
        self: &Arc<Self>,
        backend: &Arc<dyn Backend>,
        filter: &LogFilter,
        width: i64,
    ) -> Result<Option<Vec<Bucket>>> {
        let Some(Answer { found, total, .. }) = self.look_up(backend, filter, true).await? else {
            return Ok(None);
        };
        let Some(events) = &found.events else { return Ok(None) };
        let seconds = width * 60;
        let mut intervals = BTreeMap::<i64, u64>::new();
        for (time, _) in events.iter().filter(|(time, _)| holds(filter, *time)) {
            let second = time.as_microseconds().div_euclid(1_000_000);
            *intervals.entry(second.div_euclid(seconds) * seconds).or_default() += 1;
        }
        let mut sql = of_events(backend.dialect());
        sql.push("SELECT ").bucket(Log::TIMESTAMP, seconds).push(" AS bucket, COUNT(*)");
        others(&mut sql, &(found.front..found.end), filter).push(" GROUP BY bucket");
        backend.query(sql.finish()?).await?.decode(|row| {
            let start: Option<i64> = row.value("bucket")?;
            *intervals.entry(start.unwrap_or(i64::MIN)).or_default() += row.value::<u64>("count")?;
            Ok(())
        })?;
        if intervals.values().sum::<u64>() != total || intervals.contains_key(&i64::MIN) {
            return Ok(None);
        }
        let bucket = |(start, count)| Bucket { time: Timestamp::bucket_text(start), count };
        Ok(Some(intervals.into_iter().map(bucket).collect()))
    }

    /// The search of a filter, when all is done that must be before it can be answered; none when it looks for nothing.
    pub(super) async fn search<'f>(
        self: &Arc<Self>,
        backend: &Arc<dyn Backend>,
        filter: &'f LogFilter,
    ) -> Result<Option<&'f Search>> {
        let Some(search) = filter.search.as_ref().filter(|search| !search.terms().is_empty()) else {
            return Ok(None);
        };
        search.check()?;
        self.prepare(&**backend).await;
        self.read_ngrams(backend);
        self.state.lock().asked = true;
        Ok(Some(search))
    }

    /// What is kept of a search, brought up to date, with what is not in segments counted now.
    async fn look_up(
        self: &Arc<Self>,
        backend: &Arc<dyn Backend>,
        filter: &LogFilter,
        events: bool,
    ) -> Result<Option<Answer>> {
        for _ in 0..ATTEMPTS {
            let Some(search) = self.search(backend, filter).await? else { return Ok(None) };
            let all = LogFilter { search: Some(search.clone()), ..LogFilter::default() };
            let Some(found) = self.state.lock().found(search.text()) else { return Ok(None) };
            let found = match found {
                Some(found) => self.bring_up(&**backend, &all, found, events).await?,
                None => self.find(&**backend, &all).await?,
            };
            // Who asks for events is not made to wait until all are counted. And a part of all times is looked through by the
            // table's own index.
            if found.is_none() && (events || filter.start_time.is_some() || filter.end_time.is_some()) {
                return Ok(None);
            }
            let (begun, watch) = (clock::now(), Instant::now());
            let (statement, generation) = {
                let state = self.state.lock();
                let Some(known) = &state.known else { return Ok(None) };
                let range =
                    found.as_ref().map_or((known.front(), known.front()), |found| (found.front, found.end));
                if range.0 != known.front() {
                    continue;
                }
                let confirmed = (known, &state.gaps);
                (counting(backend.dialect(), confirmed, range, filter, found.is_none())?, state.generation)
            };
            let rows = backend.query(statement).await?;
            let cost = watch.elapsed();
            let (ends, answer) = {
                let mut state = self.state.lock();
                if state.generation != generation {
                    continue;
                }
                let Some(known) = &state.known else { continue };
                let (ends, verdict, [others, inside]) = read(rows, known)?;
                if verdict != Verdict::Holds {
                    state.correct(verdict);
                    continue;
                }
                let (front, end, epoch, whole) = (known.front(), known.end, state.epoch, known.count());
                let found = found.unwrap_or_else(|| {
                    let until = begun + believed(cost);
                    let found = Found { epoch, front, end, count: inside, events: None, until, asked: 0 };
                    state.searches.keep(search.text(), found.clone());
                    found
                });
                let within = found.within(filter);
                (ends, within.map(|within| Answer { total: within + others, found, whole }))
            };
            self.keep_up(&**backend, ends).await;
            return Ok(answer);
        }
        Ok(None)
    }

    /// Looks through the blocks of the segments that may have events that match; none when those are too many.
    async fn find(&self, backend: &dyn Backend, all: &LogFilter) -> Result<Option<Found>> {
        let Some(probe) = all.search.as_ref().and_then(Probe::of) else { return Ok(None) };
        let (ids, mut found, listed) = {
            let state = self.state.lock();
            let Some(known) = &state.known else { return Ok(None) };
            let (front, end) = (known.front(), known.end);
            let blocks = state.ngrams.candidates(&probe, &(front..end), clock::now());
            let Some((ids, until)) = blocks.zip(state.ngrams.until()) else { return Ok(None) };
            let found = Found { epoch: state.epoch, front, end, count: 0, events: None, until, asked: 0 };
            (ids, found, known.is_ordered())
        };
        // On a server each statement costs a round trip, and reads in places that are far apart.
        let middle = (ids.len().div_ceil(RANGES).div_ceil(2) * RANGES).min(ids.len());
        let (left, right) = ids.split_at(middle);
        let (left, right) = tokio::try_join!(
            look_through(backend, all, left, listed),
            look_through(backend, all, right, listed),
        )?;
        found.count = left.count + right.count;
        found.events = left.events.zip(right.events).map(|(left, right)| [left, right].concat());
        if found.count > FEW {
            found.events = None;
        }
        self.keep(all, &found);
        Ok(Some(found))
    }

    /// Looks through the segments that came since, and finds the events themselves, if they are wanted and few.
    async fn bring_up(
        &self,
        backend: &dyn Backend,
        all: &LogFilter,
        mut found: Found,
        events: bool,
    ) -> Result<Option<Found>> {
        let (end, is_ordered) = {
            let state = self.state.lock();
            let Some(known) = &state.known else { return Ok(Some(found)) };
            (known.end, known.is_ordered())
        };
        // Where the order of what is stored is another one, the table must tell.
        let list = is_ordered && events && found.events.is_none() && found.count <= FEW;
        let from = if list { found.front } else { found.end };
        if !list && end - found.end < WIDTH {
            return Ok(Some(found));
        }
        let mut sql = of_events(backend.dialect());
        let counted = found.events.is_none() && !list;
        sql.push(if counted { "SELECT COUNT(*)" } else { "SELECT id, timestamp" }).from::<Log>();
        sql.and().push("id >= ").bind(from).and().push("id < ").bind(end);
        matching(&mut sql, all);
        if counted {
            found.count += backend.query(sql.finish()?).await?.scalar::<u64>()?.unwrap_or(0);
        } else {
            sql.push(" LIMIT ").number(2 * FEW as i64);
            let Some(new) = events_of(backend, sql).await? else { return Ok(None) };
            let mut events = found.events.take().unwrap_or_default();
            events.extend(new);
            found.count = events.len() as u64;
            if found.count >= 2 * FEW {
                // There are no longer few: the next total counts them.
                let search = all.search.as_ref().map_or("", |search| search.text());
                self.state.lock().searches.found.remove(search);
                return Ok(None);
            }
            found.events = Some(events);
        }
        found.end = end;
        self.keep(all, &found);
        Ok(Some(found))
    }

    /// Keeps what was found, unless the segments were counted anew meanwhile.
    fn keep(&self, all: &LogFilter, found: &Found) {
        let mut state = self.state.lock();
        if state.epoch == found.epoch
            && let Some(search) = &all.search
        {
            state.searches.keep(search.text(), found.clone());
        }
    }
}

/// What was found in ranges of ids.
pub(super) struct Part {
    count: u64,
    pub(super) events: Option<Vec<(Timestamp, i64)>>,
}

/// Counts the events within the ids that match, and lists them where that is wanted and they are few.
pub(super) async fn look_through(
    backend: &dyn Backend,
    all: &LogFilter,
    ids: &[Range<i64>],
    listed: bool,
) -> Result<Part> {
    let mut found = Part { count: 0, events: listed.then(Vec::new) };
    for ids in ids.chunks(RANGES) {
        let statement = |what| {
            let mut sql = of_events(backend.dialect());
            sql.push(what).from::<Log>().and().push("(");
            // As many each time, so that the statement is prepared once.
            for (position, part) in ids.iter().chain(repeat(&(0..0))).take(RANGES).enumerate() {
                sql.push(if position > 0 { " OR id BETWEEN " } else { "id BETWEEN " }).bind(part.start);
                sql.push(" AND ").bind(part.end - 1);
            }
            matching(sql.push(")"), all);
            sql
        };
        if let Some(events) = &mut found.events {
            match events_of(backend, statement("SELECT id, timestamp")).await? {
                Some(new) => {
                    found.count += new.len() as u64;
                    events.extend(new);
                    if found.count > FEW {
                        found.events = None;
                    }
                    continue;
                }
                None => found.events = None,
            }
        }
        let rows = backend.query(statement("SELECT COUNT(*)").finish()?).await?;
        found.count += rows.scalar::<u64>()?.unwrap_or(0);
    }
    Ok(found)
}

/// Times and ids of events; none when one has a time that is none.
async fn events_of(backend: &dyn Backend, sql: Sql<'_>) -> Result<Option<Vec<(Timestamp, i64)>>> {
    let rows = backend.query(sql.finish()?).await?;
    let events = rows.decode(|row| {
        let id = row.value("id")?;
        Ok((row.value("timestamp")?, id))
    });
    Ok(events.ok())
}

impl State {
    /// What is kept of a search: none at all when nothing is known, nothing when it is new.
    pub(super) fn found(&mut self, text: &str) -> Option<Option<Found>> {
        let known = self.known.as_ref()?;
        let Some(found) = self.searches.find(text) else { return Some(None) };
        if found.epoch != self.epoch || clock::now() >= found.until {
            return Some(None);
        }
        let front = known.front();
        if found.front != front {
            // The oldest events are gone. Which of a number, nobody knows.
            let Some(events) = &mut found.events else { return Some(None) };
            events.retain(|(_, id)| *id >= front);
            (found.front, found.end, found.count) = (front, found.end.max(front), events.len() as u64);
        }
        Some(Some(found.clone()))
    }
}

impl Searches {
    /// Nobody has changed anything until now.
    pub(super) fn refresh(&mut self, now: Instant) {
        self.found.values_mut().for_each(|found| found.until = found.until.max(now + CHECKED * 3 / 4));
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.found.clear();
    }

    fn find(&mut self, text: &str) -> Option<&mut Found> {
        self.asked += 1;
        let found = self.found.get_mut(text)?;
        found.asked = self.asked;
        Some(found)
    }

    fn keep(&mut self, text: &str, found: Found) {
        if text.len() > LONGEST {
            return;
        }
        if self.found.len() >= MOST && !self.found.contains_key(text) {
            let oldest = self.found.iter().min_by_key(|(_, found)| found.asked).map(|(text, _)| text.clone());
            oldest.map(|text| self.found.remove(&text));
        }
        let asked = self.asked;
        self.found.insert(text.to_owned(), Found { asked, ..found });
    }
}

/// The statement for the events that match and are not in the range, and those in the segments if they are `new`.
pub(super) fn counting(
    dialect: &dyn Dialect,
    (known, gaps): (&Known, &super::gaps::Gaps),
    (front, end): (i64, i64),
    filter: &LogFilter,
    new: bool,
) -> Result<Statement> {
    let mut sql = of_events(dialect);
    sql.push("SELECT ");
    Confirmation::write(&mut sql, Some((known, gaps)));
    let count = |sql: &mut Sql<'_>, from: Option<i64>, to: Option<i64>| {
        sql.push(", ").subquery(|sql| {
            sql.push("SELECT COUNT(*)").from::<Log>();
            if let Some(from) = from {
                sql.and().push("id >= ").bind(from);
            }
            if let Some(to) = to {
                sql.and().push("id < ").bind(to);
            }
            matching(sql, filter)
        });
    };
    count(&mut sql, None, Some(front));
    count(&mut sql, Some(if new { known.end } else { end }), None);
    if new {
        count(&mut sql, Some(front), Some(known.end));
    } else {
        sql.push(", 0");
    }
    sql.finish()
}

/// What [`counting`] tells: the oldest and the newest event, whether what is known holds, the events outside of segments, and
/// those inside.
type Counted = (Option<(i64, i64)>, Verdict, [u64; 2]);

/// Reads what came back.
pub(super) fn read(rows: Rows, known: &Known) -> Result<Counted> {
    let answers = rows.decode(|row| {
        let state = Confirmation::read(row)?;
        let others = row.value::<u64>("count")? + row.value::<u64>("count")?;
        Ok((state.ends, state.verdict(known), [others, row.value("count")?]))
    })?;
    answers.into_iter().next().ok_or_else(|| crate::base::support::broken("a count came back without a row"))
}

/// Times and ids of the matching events that are not in the segments within the ids; none when they are [`FEW`] or more, or one
/// has a time that is none.
pub(super) async fn outside(
    backend: &dyn Backend,
    ids: &Range<i64>,
    filter: &LogFilter,
) -> Result<Option<Vec<(Timestamp, i64)>>> {
    let mut sql = of_events(backend.dialect());
    sql.push("SELECT id, ").column(Log::TIMESTAMP);
    others(&mut sql, ids, filter).push(" LIMIT ").bind(FEW);
    Ok(events_of(backend, sql).await?.filter(|events| (events.len() as u64) < FEW))
}

/// Writes `FROM` and the conditions for the matching events that are not in the segments within the ids.
fn others<'s, 'd>(sql: &'s mut Sql<'d>, ids: &Range<i64>, filter: &LogFilter) -> &'s mut Sql<'d> {
    sql.from::<Log>().and().push("(id < ").bind(ids.start).push(" OR id >= ").bind(ids.end).push(")");
    matching(sql, filter)
}
