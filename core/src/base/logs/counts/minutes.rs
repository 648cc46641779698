//! How many events each minute has: what histograms and the places of pages are made from.

use std::collections::BTreeMap;

use crate::contract::{Bucket, Log};
use crate::driver::Backend;
use crate::error::Result;
use crate::sql::{Dialect, Sql, Statement, Value};
use crate::time::Timestamp;

/// The most minutes that are kept: those of a year. Events of more (wrong clocks, many years) are counted by the database
/// each time.
const MOST: usize = 530_000;

/// The events of each minute, up to an id.
#[derive(Debug, Default)]
pub(super) struct Minutes {
    /// By the seconds since 1970 at which the minute begins.
    counts: BTreeMap<i64, u64>,
    /// Up to which id, and how many events that is.
    upto: Option<(i64, u64)>,
    /// Events behind it that are not counted for good yet.
    tail: Vec<(i64, u64)>,
    /// Whether a time is stored in another form, which another order may follow from.
    disordered: bool,
    /// Whether there are too many, or times that are none.
    hopeless: bool,
}

impl Minutes {
    /// Whether minutes were counted before.
    pub(super) fn has_begun(&self) -> bool {
        self.upto.is_some()
    }

    /// Whether the database must count each time.
    pub(super) fn is_hopeless(&self) -> bool {
        self.hopeless
    }

    /// Adds the events up to the id and number of events `settled`, before which none can come any more, for good; and
    /// those up to `last` until the next time. Whether the numbers agreed.
    pub(super) async fn extend(
        &mut self,
        backend: &dyn Backend,
        settled: Option<(i64, u64)>,
        last: (i64, u64),
    ) -> Result<bool> {
        self.tail.clear();
        if let Some(settled) = settled
            && self.upto != Some(settled)
        {
            let Some(groups) = self.count(backend, settled).await? else { return Ok(false) };
            for (minute, count) in groups {
                *self.counts.entry(minute).or_default() += count;
            }
            self.upto = Some(settled);
        }
        if self.upto != Some(last) && last.1 > 0 {
            let Some(groups) = self.count(backend, last).await? else { return Ok(false) };
            self.tail = groups;
        }
        Ok(!self.hopeless)
    }

    /// The minutes of the events behind those that are counted, up to the id and number of events `to`; none when the numbers
    /// don't agree.
    async fn count(&mut self, backend: &dyn Backend, to: (i64, u64)) -> Result<Option<Vec<(i64, u64)>>> {
        if self.hopeless {
            return Ok(None);
        }
        let (known, before) = self.upto.map_or((None, 0), |(id, count)| (Some(id), count));
        let rows = backend.query(statement(backend.dialect(), known, to.0)).await?;
        if rows.len().saturating_add(self.counts.len()) > MOST {
            *self = Self { hopeless: true, ..Self::default() };
            return Ok(None);
        }
        let mut sum = before;
        let mut disordered = self.disordered;
        let groups = rows.decode(|row| {
            let minute: Option<i64> = row.value("minute")?;
            let count: u64 = row.value("count")?;
            let ends = [row.value::<Value>("timestamp")?, row.value::<Value>("timestamp")?];
            sum += count;
            disordered |= minute.is_some_and(|minute| !ends.iter().all(|end| is_plain(end, minute)));
            Ok(minute.map(|minute| (minute, count)))
        })?;
        let Some(mut groups) = groups.into_iter().collect::<Option<Vec<_>>>() else {
            *self = Self { hopeless: true, ..Self::default() };
            return Ok(None);
        };
        if sum != to.1 {
            return Ok(None);
        }
        self.disordered = disordered;
        groups.sort_unstable();
        Ok(Some(groups))
    }

    /// The intervals of `width` minutes that have events.
    pub(super) fn histogram(&self, width: i64) -> Vec<Bucket> {
        let seconds = width * 60;
        let start = |minute: i64| minute.div_euclid(seconds) * seconds;
        let mut intervals: Vec<(i64, u64)> = Vec::new();
        for (minute, count) in &self.counts {
            match intervals.last_mut() {
                Some(last) if last.0 == start(*minute) => last.1 += count,
                _ => intervals.push((start(*minute), *count)),
            }
        }
        for (minute, count) in &self.tail {
            match intervals.binary_search_by_key(&start(*minute), |(start, _)| *start) {
                Ok(place) => intervals[place].1 += count,
                Err(place) => intervals.insert(place, (start(*minute), *count)),
            }
        }
        let bucket = |(start, count)| Bucket { time: Timestamp::bucket_text(start), count };
        intervals.into_iter().map(bucket).collect()
    }

    /// In which minute the event lies that so many newer ones come before: its end, and how many of its own events are
    /// newer.
    pub(super) fn seek(&self, offset: u64) -> Option<(Timestamp, u64)> {
        if self.disordered {
            return None;
        }
        let mut settled = self.counts.iter().rev().map(|(minute, count)| (*minute, *count)).peekable();
        let mut tail = self.tail.iter().rev().copied().peekable();
        let mut newer = 0_u64;
        while let Some(minute) = settled.peek().max(tail.peek()).map(|(minute, _)| *minute) {
            let mut count = 0;
            for part in [settled.next_if(|it| it.0 == minute), tail.next_if(|it| it.0 == minute)] {
                count += part.map_or(0, |(_, count)| count);
            }
            if newer + count > offset {
                let end = minute.checked_add(60)?.checked_mul(1_000_000)?;
                return Some((Timestamp::from_microseconds(end).ok()?, offset - newer));
            }
            newer += count;
        }
        None
    }
}

/// The minutes of the events behind `known` up to `last`, each with its first and last time.
fn statement(dialect: &dyn Dialect, known: Option<i64>, last: i64) -> Statement {
    let mut sql = Sql::new(dialect);
    sql.push("SELECT ").bucket(Log::TIMESTAMP, 60).push(" AS minute, COUNT(*), MIN(").column(Log::TIMESTAMP);
    sql.push("), MAX(").column(Log::TIMESTAMP).push(") FROM logs WHERE ");
    match known {
        Some(known) => sql.push("id > ").bind(known).push(" AND id <= ").bind(last),
        // So that the index of the times is read from end to end and not the table, which is far larger.
        None => sql.push("id + 0 <= ").bind(last),
    };
    sql.push(" GROUP BY minute");
    sql.into_statement()
}

/// Whether the time is stored so that its order is that of the instants: as a time, or in DECNET's 26 characters.
fn is_plain(time: &Value, minute: i64) -> bool {
    match time {
        Value::Time(_) => true,
        Value::Text(text) => {
            let start =
                minute.checked_mul(1_000_000).and_then(|start| Timestamp::from_microseconds(start).ok());
            start.is_some_and(|start| text.len() == 26 && text.get(..16) == start.to_sql_text().get(..16))
        }
        _ => false,
    }
}
