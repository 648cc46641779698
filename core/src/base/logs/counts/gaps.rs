//! Ids that are missing, and whether they may still come.
//!
//! Writers take their ids before they commit, so an event can appear behind newer ones: what is kept must not go beyond a
//! missing id as if it were known to be missing. But most missing ids never come (their writer gave up, the engine handed
//! out more than were needed, the event was deleted), and to count all events behind one of them anew each time would cost
//! as much as no summary at all. So a gap that has been there for a while is believed and watched: should an event come
//! after all, everything is counted again.

use std::time::{Duration, Instant};

use crate::driver::Backend;
use crate::error::Result;
use crate::sql::{Dialect, Sql, Statement};

/// How long a missing id may still come: no writer holds a transaction open for longer.
const LATE: Duration = Duration::from_secs(60);
/// From when on a gap is watched instead of being waited for: writers that are not stuck have committed by then.
const WATCHED: Duration = Duration::from_secs(1);
/// A gap that has so many newer ids when it is seen first is watched at once.
const FAR: i64 = 10_000;
/// The most gaps that are watched. Where there are more, what is behind them waits.
const MOST: usize = 1_000;

/// Missing ids, from the first to the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Gap {
    from: i64,
    to: i64,
    /// When it was seen first.
    since: Instant,
}

/// How far what is kept may go, and the gaps on the way.
#[derive(Debug)]
pub(super) struct Reach {
    pub(super) to: i64,
    gaps: Vec<Gap>,
}

/// The gaps among the ids of the table `logs`.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    /// Those that what is kept goes beyond.
    watched: Vec<Gap>,
    /// Those before which it ends, the first of them first.
    open: Vec<Gap>,
    /// Since when there are too many of those to be looked at one by one, and the newest id then.
    many: Option<(Instant, i64)>,
}

impl Gaps {
    /// No id is missing between what is kept and the newest event.
    pub(super) fn none_open(&mut self) {
        self.open.clear();
        self.many = None;
    }

    /// Forgets the gaps in which nothing can come any more.
    pub(super) fn expire(&mut self) {
        self.watched.retain(|gap| gap.since.elapsed() < LATE);
    }

    /// Appends the number of events that came in watched gaps.
    pub(super) fn write_late(&self, sql: &mut Sql<'_>) {
        if self.watched.is_empty() {
            sql.push("0");
            return;
        }
        sql.push("(SELECT COUNT(*) FROM logs");
        for (position, gap) in self.watched.iter().enumerate() {
            sql.push(if position == 0 { " WHERE id BETWEEN " } else { " OR id BETWEEN " });
            sql.bind(gap.from).push(" AND ").bind(gap.to);
        }
        sql.push(")");
    }

    /// Looks for gaps behind the id `known`, up to `newest`.
    pub(super) async fn look(&mut self, backend: &dyn Backend, known: i64, newest: i64) -> Result<Reach> {
        let rows = backend.query(statement(backend.dialect(), known, newest)).await?;
        let found = rows.decode(|row| {
            let next: i64 = row.value("id")?;
            let before: i64 = row.value("id")?;
            Ok((before.saturating_add(1), next.saturating_sub(1)))
        })?;
        let now = Instant::now();
        if found.len() + self.watched.len() > MOST {
            let (since, bound) = *self.many.get_or_insert((now, newest));
            let late = now.duration_since(since) >= LATE;
            if late {
                self.many = None;
            }
            return Ok(Reach { to: if late { bound } else { known }, gaps: Vec::new() });
        }
        self.many = None;
        let before = std::mem::take(&mut self.open);
        let mut reach = Reach { to: newest, gaps: Vec::new() };
        for (from, to) in found {
            // An event that came in the middle divides a gap.
            let seen = before.iter().find(|gap| gap.from <= from && to <= gap.to);
            let gap = Gap { from, to, since: seen.map_or(now, |gap| gap.since) };
            self.open.push(gap);
            let settled = now.duration_since(gap.since) >= WATCHED || newest.saturating_sub(to) >= FAR;
            if settled && reach.to == newest {
                reach.gaps.push(gap);
            } else {
                reach.to = reach.to.min(from - 1);
            }
        }
        Ok(reach)
    }

    /// What is kept reaches so far now: the gaps on the way are watched.
    pub(super) fn watch(&mut self, reach: Reach) {
        self.open.retain(|gap| gap.from > reach.to);
        self.watched.extend(reach.gaps);
    }
}

/// Each event that has no predecessor, with the id before that there is; `known` is there.
fn statement(dialect: &dyn Dialect, known: i64, newest: i64) -> Statement {
    let mut sql = Sql::new(dialect);
    sql.push("SELECT id, before_id FROM (SELECT id, LAG(id) OVER (ORDER BY id) AS before_id FROM logs WHERE id >= ");
    sql.bind(known).push(" AND id <= ").bind(newest);
    sql.push(") AS pair WHERE before_id < id - 1 ORDER BY id LIMIT ").bind(MOST as i64 + 1);
    sql.into_statement()
}
