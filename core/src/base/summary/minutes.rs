//! How many events each minute has: what histograms and the places of pages are made from.

use std::collections::BTreeMap;

use crate::contract::Bucket;
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

    /// Adds the events up to the id `last`, which must be `total` then; `settled` says that none can come in between any
    /// more. Whether that succeeded.
    pub(super) async fn extend(
        &mut self,
        backend: &dyn Backend,
        last: i64,
        total: u64,
        settled: bool,
    ) -> Result<bool> {
        if self.hopeless {
            return Ok(false);
        }
        self.tail.clear();
        let (known, before) = self.upto.map_or((None, 0), |(id, count)| (Some(id), count));
        if known == Some(last) || total == 0 {
            return Ok(before == total);
        }
        let rows = backend.query(statement(backend.dialect(), known, last)).await?;
        if rows.len().saturating_add(self.counts.len()) > MOST {
            *self = Self { hopeless: true, ..Self::default() };
            return Ok(false);
        }
        let mut sum = before;
        let mut disordered = self.disordered;
        let groups = rows.decode(|row| {
            let minute: Option<i64> = row.read("logs", "minute")?;
            let count: u64 = row.read("logs", "count")?;
            let ends = [row.read::<Value>("logs", "timestamp")?, row.read::<Value>("logs", "timestamp")?];
            sum += count;
            disordered |= minute.is_some_and(|minute| !ends.iter().all(|end| is_plain(end, minute)));
            Ok(minute.map(|minute| (minute, count)))
        })?;
        let Some(groups) = groups.into_iter().collect::<Option<Vec<_>>>() else {
            *self = Self { hopeless: true, ..Self::default() };
            return Ok(false);
        };
        if sum != total {
            return Ok(false);
        }
        self.disordered = disordered;
        if settled {
            for (minute, count) in groups {
                *self.counts.entry(minute).or_default() += count;
            }
            self.upto = Some((last, total));
        } else {
            self.tail = groups;
        }
        Ok(true)
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
        if self.disordered || !self.tail.is_empty() {
            return None;
        }
        let mut newer = 0_u64;
        for (minute, count) in self.counts.iter().rev() {
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
    sql.push("SELECT ");
    dialect.bucket(&mut sql, "timestamp", 60);
    sql.push(" AS minute, COUNT(*), MIN(").identifier("timestamp");
    sql.push("), MAX(").identifier("timestamp").push(") FROM logs WHERE ");
    match known {
        Some(known) => sql.push("id > ").bind(known).push(" AND id <= ").bind(last),
        // So that the index of the times is read from end to end and not the table, which is far larger.
        None => sql.push("id + 0 <= ").bind(last),
    };
    sql.push(" GROUP BY minute");
    sql.finish()
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
