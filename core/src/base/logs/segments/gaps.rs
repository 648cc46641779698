//! Ids that are missing, and whether they may still come.
//!
//! Writers take their ids before they commit, so an event can appear behind newer ones: what is kept must not go beyond a
//! missing id as if it were known to be missing. But most missing ids never come (their writer gave up, the engine handed
//! out more than were needed, the event was deleted), and to count all events behind one of them anew each time would cost
//! as much as no summary at all. So a gap that has been there for a while is believed and watched: should an event come
//! after all, everything is counted again.

use std::time::{Duration, Instant};

use super::known::start;
use super::{clock, of_events};
use crate::driver::Backend;
use crate::error::Result;
use crate::sql::{Dialect, Sql, Statement};

/// How long a missing id may still come: no writer holds a transaction open for longer.
const LATE: Duration = Duration::from_secs(60);
/// From when on a gap is watched instead of being waited for: writers that are not stuck have committed by then.
const WATCHED: Duration = Duration::from_secs(1);
/// A gap that has so many newer ids when it is seen first is watched at once.
const FAR: i64 = 10_000;
/// The least time between two looks.
const PAUSE: Duration = Duration::from_millis(100);
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

/// The gaps among the ids of the table `logs`.
#[derive(Debug, Clone, Default)]
pub(super) struct Gaps {
    /// Those that what is kept goes beyond.
    watched: Vec<Gap>,
    /// Those before which it ends, the first of them first.
    open: Vec<Gap>,
    /// Since when there are too many of those to be looked at one by one, and the newest id then.
    many: Option<(Instant, i64)>,
    looked: Option<Instant>,
}

impl Gaps {
    /// No id is missing between what is kept and the newest event.
    pub(super) fn none_open(&mut self) {
        self.open.clear();
        self.many = None;
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

    /// Looks for gaps behind the event `there`, from the id `from` on, up to the event `newest`. Answers up to which id
    /// segments may be closed; the gaps before it are watched from now on.
    pub(super) async fn look(
        &mut self,
        backend: &dyn Backend,
        there: i64,
        from: i64,
        newest: i64,
    ) -> Result<i64> {
        let now = clock::now();
        if self.looked.is_some_and(|looked| now - looked < PAUSE) {
            return Ok(from);
        }
        self.looked = Some(now);
        self.watched.retain(|gap| now - gap.since < LATE);
        let rows = backend.query(statement(backend.dialect(), there, newest)).await?;
        let found = rows.decode(|row| {
            let next: i64 = row.value("id")?;
            let before: i64 = row.value("id")?;
            Ok((before.saturating_add(1).max(from), next.saturating_sub(1)))
        })?;
        if found.len() + self.watched.len() > MOST {
            let (since, bound) = *self.many.get_or_insert((now, newest));
            if now - since < LATE {
                return Ok(from);
            }
            self.many = None;
            return Ok(start(bound + 1));
        }
        self.many = None;
        let mut to = newest + 1;
        let before = std::mem::take(&mut self.open);
        for (from, last) in found.into_iter().filter(|(from, last)| from <= last) {
            // An event that came in the middle divides a gap.
            let seen = before.iter().find(|gap| gap.from <= from && last <= gap.to);
            let gap = Gap { from, to: last, since: seen.map_or(now, |gap| gap.since) };
            if now - gap.since < WATCHED && newest - last < FAR {
                to = to.min(from);
            }
            self.open.push(gap);
        }
        let to = start(to);
        for gap in self.open.extract_if(.., |gap| gap.from < to) {
            self.watched.push(Gap { to: gap.to.min(to - 1), ..gap });
        }
        Ok(to)
    }
}

/// Each event that has no predecessor, with the id before that there is; `known` is there.
fn statement(dialect: &dyn Dialect, known: i64, newest: i64) -> Statement {
    let mut sql = of_events(dialect);
    sql.push("SELECT id, before_id FROM (SELECT id, LAG(id) OVER (ORDER BY id) AS before_id FROM logs WHERE id >= ");
    sql.bind(known).push(" AND id <= ").bind(newest);
    sql.push(") AS pair WHERE before_id < id - 1 ORDER BY id LIMIT ").bind(MOST as i64 + 1);
    sql.into_statement()
}
