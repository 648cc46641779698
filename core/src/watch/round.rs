//! One look at the table: what is new, and what came late.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::position::{Anchor, Gap, Position, cover, print};
use crate::contract::{Engine, Log, LogFilter, Repository};
use crate::error::Result;
use crate::sql::{Record, Sql};

/// Events that are read at once.
pub(super) const PAGE: u64 = 1_000;
/// How many of the newest ids are looked at for gaps when a feed begins.
const LOOK_BACK: u64 = 20_000;
/// Ranges of ids, and ids, that one statement asks for.
const RANGES: usize = 32;
const IDS: usize = 256;
/// The last events by which it is seen from where on they were deleted.
const RECENT: usize = 1_024;
/// A gap of this age is looked at less often.
pub(super) const YOUNG: Duration = Duration::from_secs(2);
/// How often young gaps are looked at, and the others.
pub(super) const LOOK_YOUNG: Duration = Duration::from_millis(50);
const LOOK_OLD: Duration = Duration::from_secs(1);

/// What reads for all watchers.
pub(super) struct Reader<'r> {
    pub(super) repository: &'r dyn Repository,
    /// Whether an id may become visible below those that are visible already.
    with_gaps: bool,
    recent: VecDeque<(i64, u64)>,
    looked: [Instant; 2],
}

/// What was read at once.
pub(super) struct Read {
    /// Where the feed was before, other than it was left: what it had delivered last was deleted.
    pub(super) moved: Option<Position>,
    pub(super) events: Vec<Arc<Log>>,
    pub(super) position: Position,
    /// Whether there may be more.
    pub(super) full: bool,
    pub(super) in_order: bool,
}

impl<'r> Reader<'r> {
    pub(super) fn new(repository: &'r dyn Repository) -> Self {
        let with_gaps = !repository.engine().dialect().keys_in_commit_order();
        let now = Instant::now();
        Self { repository, with_gaps, recent: VecDeque::new(), looked: [now, now] }
    }

    /// Where the table ends now.
    pub(super) async fn end(&self) -> Result<Position> {
        let mut position = end(self.repository).await?;
        if self.with_gaps {
            let mut sql = Sql::new(self.repository.engine().dialect());
            sql.push("SELECT id").from::<Log>().and().column(Log::ID).push(" <= ").bind(position.upto);
            sql.desc(Log::ID).page(LOOK_BACK, 0);
            let rows = self.repository.engine().query(sql.finish()?).await?;
            let mut ids = rows.decode(|row| row.value::<i64>("id"))?;
            let since = Instant::now();
            if (ids.len() as u64) < LOOK_BACK && ids.last().is_some_and(|lowest| *lowest > 1) {
                // Servers count from 1.
                ids.push(0);
            }
            for pair in ids.windows(2).rev() {
                if pair[0] - 1 > pair[1] {
                    position.gaps.push(Gap { from: pair[1] + 1, to: pair[0] - 1, since });
                }
            }
            position.bound();
        }
        Ok(position)
    }

    /// The events behind the position, a page at most, and those that came in its gaps.
    pub(super) async fn read(&mut self, position: &Position) -> Result<Read> {
        let (mut position, mut moved) = (position.clone(), None);
        let mut new = self.behind(&position).await?;
        if new.is_none() {
            position = self.surviving(&position).await?;
            moved = Some(position.clone());
            new = self.behind(&position).await?;
        }
        // Deleted once more: the next round finds it.
        let mut events = new.unwrap_or_default();
        self.recent.extend(events.iter().map(|event| (event.id, print(event))));
        let surplus = self.recent.len().saturating_sub(RECENT);
        self.recent.drain(..surplus);
        let full = events.len() as u64 >= PAGE;
        let now = Instant::now();
        for event in &events {
            position.advance(event, self.with_gaps, now);
        }
        if !position.gaps.is_empty() {
            for event in self.late(&position, now).await? {
                position.advance(&event, self.with_gaps, now);
                events.push(event);
            }
        }
        Ok(Read { moved, events, position, full, in_order: !self.with_gaps })
    }

    /// The events behind the position; none when the one that it ends at is not there any more.
    async fn behind(&self, position: &Position) -> Result<Option<Vec<Arc<Log>>>> {
        let expected = position.anchor.print();
        let after = if expected.is_some() { position.upto.saturating_sub(1) } else { position.upto };
        let limit = PAGE + u64::from(expected.is_some());
        let mut events = self.repository.get_logs_after_id(after, limit, LogFilter::all()).await?.into_iter();
        if let Some(expected) = expected {
            let anchored =
                events.next().is_some_and(|first| first.id == position.upto && print(&first) == expected);
            if !anchored {
                return Ok(None);
            }
        } else if events.len() == 0 && position.upto > 0 && newest_id(self.repository).await? < position.upto
        {
            return Ok(None);
        }
        Ok(Some(events.map(Arc::new).collect()))
    }

    /// Where the feed goes on after the event that it ended at was deleted.
    async fn surviving(&mut self, position: &Position) -> Result<Position> {
        let known = std::mem::take(&mut self.recent);
        if let Some(lowest) = known.iter().map(|(id, _)| *id).min() {
            let after = lowest.saturating_sub(1);
            let there = self.repository.get_logs_after_id(after, 2 * RECENT as u64, LogFilter::all()).await?;
            let survivor = there.into_iter().rev().find(|event| known.contains(&(event.id, print(event))));
            if let Some(survivor) = survivor {
                let mut gaps = position.gaps.clone();
                gaps.retain(|gap| gap.to < survivor.id);
                return Ok(Position { upto: survivor.id, anchor: Anchor::Event(Arc::new(survivor)), gaps });
            }
        }
        without_anchor(self.repository, position).await
    }

    /// The events that came in gaps; each gap is looked at often while it is young.
    async fn late(&mut self, position: &Position, now: Instant) -> Result<Vec<Arc<Log>>> {
        let pauses = [LOOK_YOUNG, LOOK_OLD];
        let due = [0, 1].map(|age| now.duration_since(self.looked[age]) >= pauses[age]);
        let wanted = |gap: &&Gap| due[usize::from(now.duration_since(gap.since) >= YOUNG)];
        let gaps: Vec<Gap> = position.gaps.iter().filter(wanted).copied().collect();
        for (looked, due) in self.looked.iter_mut().zip(due) {
            if due {
                *looked = now;
            }
        }
        in_gaps(self.repository, &gaps, |id| position.is_missing(id)).await
    }
}

/// The events whose ids are in the gaps, where `wanted` says so.
pub(super) async fn in_gaps(
    repository: &dyn Repository,
    gaps: &[Gap],
    wanted: impl Fn(i64) -> bool,
) -> Result<Vec<Arc<Log>>> {
    let engine = repository.engine();
    let mut events = Vec::new();
    if gaps.is_empty() {
        return Ok(events);
    }
    for ids in late_ids(engine, gaps, wanted).await?.chunks(IDS) {
        let mut sql = Sql::new(engine.dialect());
        sql.select(Log::TABLE).only_in(Log::ID, ids.iter().copied()).asc(Log::ID);
        let found = engine.query(sql.finish()?).await?.records::<Log>()?;
        events.extend(found.into_iter().map(Arc::new));
    }
    Ok(events)
}

async fn late_ids(engine: &dyn Engine, gaps: &[Gap], wanted: impl Fn(i64) -> bool) -> Result<Vec<i64>> {
    let mut ranges = cover(gaps, RANGES);
    // Few texts for all numbers of ranges.
    if let Some(last) = ranges.last().copied() {
        ranges.resize(ranges.len().next_power_of_two(), last);
    }
    let mut sql = Sql::new(engine.dialect());
    sql.push("SELECT id").from::<Log>();
    for (position, (from, to)) in ranges.into_iter().enumerate() {
        sql.push(if position == 0 { " WHERE id BETWEEN " } else { " OR id BETWEEN " });
        sql.bind(from).push(" AND ").bind(to);
    }
    let ids = engine.query(sql.finish()?).await?.decode(|row| row.value::<i64>("id"))?;
    Ok(ids.into_iter().filter(|id| wanted(*id)).collect())
}

/// The position behind the newest event.
pub(super) async fn end(repository: &dyn Repository) -> Result<Position> {
    let upto = newest_id(repository).await?;
    let newest = repository.get_logs_after_id(upto.saturating_sub(1), 1, LogFilter::all()).await?;
    let newest = newest.into_iter().find(|event| event.id == upto);
    let anchor = newest.map_or(Anchor::None, |event| Anchor::Event(Arc::new(event)));
    Ok(Position { upto, anchor, gaps: Vec::new() })
}

async fn newest_id(repository: &dyn Repository) -> Result<i64> {
    repository.get_max_log_id().await
}

/// Whether the event that the position ends at is there still, or none was and the table still reaches as far.
pub(super) async fn holds(repository: &dyn Repository, position: &Position) -> Result<bool> {
    let Some(expected) = position.anchor.print() else {
        return Ok(position.upto <= 0 || newest_id(repository).await? >= position.upto);
    };
    let there = repository.get_logs_after_id(position.upto.saturating_sub(1), 1, LogFilter::all()).await?;
    Ok(there.first().is_some_and(|event| event.id == position.upto && print(event) == expected))
}

/// Where to go on when the event that a position ends at was deleted. Ids that were given once are given again only
/// when the table was cleared: then all that is there is new.
pub(super) async fn without_anchor(repository: &dyn Repository, position: &Position) -> Result<Position> {
    let cleared = newest_id(repository).await? < position.upto;
    // SQLite gives ids of deleted rows again, so that those of a cleared table may reach beyond.
    let filled_again = !cleared && repository.engine().dialect().keys_in_commit_order() && {
        let first = repository.get_logs_after_id(i64::MIN, 1, LogFilter::all()).await?;
        first.first().is_some_and(|event| event.id <= position.upto)
    };
    if cleared || filled_again {
        return Ok(Position::start());
    }
    Ok(Position { anchor: Anchor::None, ..position.clone() })
}
