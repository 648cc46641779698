//! How many sources there are: those of the events up to an id are counted once, and which of them are gone with the oldest events
//! is known of the sources that were heard from least lately.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::of_events;
use crate::contract::Log;
use crate::driver::Backend;
use crate::error::Result;
use crate::sql::{Dialect, Sql, Statement, Value};

/// How many sources are known by name, and how many bytes their names may have in all.
const FADING: usize = 1_024;
const NAMES: usize = 1 << 20;

/// The sources of the events up to an id.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sources {
    pub(super) upto: i64,
    /// The oldest event then: when it is gone, so may be sources.
    first: i64,
    count: u64,
    /// Up to here this process has changed something since: what is there must be gone, or all are counted again.
    changed: i64,
    fading: Option<Arc<Fading>>,
}

/// The sources that were heard from least lately.
#[derive(Debug, PartialEq)]
struct Fading {
    /// By the id of the last event that was known of them: later it may be another one, never an earlier one.
    sources: BTreeMap<i64, Value>,
    /// All whose last event is no later than this are among them.
    upto: i64,
}

impl Sources {
    /// So many, as they were counted.
    pub(super) fn counted(upto: i64, first: i64, count: u64) -> Self {
        Self { upto, first, count, changed: i64::MIN, fading: None }
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// With so many more, whose first event lies behind the others' and not behind this id.
    pub(super) fn grown(self, upto: i64, more: u64) -> Self {
        Self { upto, count: self.count + more, ..self }
    }

    /// The same, where this process has changed something among these ids; none where they must be counted again.
    pub(super) fn changed(mut self, ids: &RangeInclusive<i64>) -> Option<Self> {
        self.changed = self.changed.max(*ids.end());
        (*ids.start() <= self.first).then_some(self)
    }

    /// The same when this is the oldest event; none where sources may be gone.
    pub(super) fn begin_at(&self, first: i64) -> Option<Self> {
        if self.first == first && self.changed == i64::MIN {
            return Some(self.clone());
        }
        self.gone(first)?.is_empty().then(|| Self { first, changed: i64::MIN, ..self.clone() })
    }

    /// Those whose last known event lies before this one, the oldest; none where that is not known of all.
    fn gone(&self, first: i64) -> Option<Vec<Value>> {
        let is_later = first >= self.first && first > self.changed;
        let fading = self.fading.as_ref().filter(|fading| is_later && first <= fading.upto)?;
        Some(fading.sources.range(..first).map(|(_, source)| source.clone()).collect())
    }

    /// Asks which sources are gone now that this is the oldest event; counts all where that takes too many questions.
    pub(super) async fn look(self, backend: &dyn Backend, first: i64) -> Result<Option<Self>> {
        let Some((gone, fading)) = self.gone(first).zip(self.fading.as_deref()) else {
            return Self::count_anew(backend, self.upto).await;
        };
        let mut sql = of_events(backend.dialect());
        sql.push("SELECT COUNT(DISTINCT attacker_ip)").from::<Log>().and().push("id <= ").bind(self.upto);
        sql.and().push("attacker_ip IN (");
        for (position, source) in gone.iter().enumerate() {
            sql.push(if position > 0 { ", " } else { "" }).bind(source.clone());
        }
        sql.push(")");
        let there = backend.query(sql.finish()?).await?.scalar::<u64>()?.unwrap_or(0);
        let Some(count) = (self.count + there).checked_sub(gone.len() as u64) else { return Ok(None) };
        // Those that are there have later events, behind all of these.
        let sources = fading.sources.range(first..).map(|(last, source)| (*last, source.clone())).collect();
        let fading = Some(Arc::new(Fading { sources, upto: fading.upto }));
        Ok(Some(Self { first, count, changed: i64::MIN, fading, ..self }))
    }

    /// Counts those of the events up to the id, and takes the names of the ones that were heard from least lately.
    async fn count_anew(backend: &dyn Backend, upto: i64) -> Result<Option<Self>> {
        let mut sql = of_events(backend.dialect());
        sql.push("SELECT attacker_ip, MAX(id) AS last_id, COUNT(*) OVER (), (SELECT MIN(id) FROM logs)")
            .from::<Log>();
        // The index of the column is read, and not the table.
        sql.and()
            .push("id + 0 <= ")
            .bind(upto)
            .push(" GROUP BY attacker_ip ORDER BY last_id LIMIT ")
            .bind(FADING as i64);
        let mut all = None;
        let rows: Vec<(i64, Value)> = backend.query(sql.finish()?).await?.decode(|row| {
            let source = row.value("attacker_ip")?;
            let last = row.value("id")?;
            all = Some((row.value::<u64>("count")?, row.value::<i64>("id")?));
            Ok((last, source))
        })?;
        let Some((count, first)) = all else { return Ok(None) };
        let is_all = rows.len() as u64 == count;
        let (mut sources, mut bytes) = (BTreeMap::new(), 0);
        let mut known = if is_all { upto } else { i64::MIN };
        for (last, source) in rows {
            bytes += match &source {
                Value::Text(text) => text.len(),
                _ => 0,
            };
            if bytes > NAMES {
                known = sources.last_key_value().map_or(i64::MIN, |(last, _)| *last);
                break;
            }
            sources.insert(last, source);
            known = known.max(last);
        }
        let fading = Some(Arc::new(Fading { sources, upto: known }));
        Ok(Some(Self { fading, ..Self::counted(upto, first, count) }))
    }

    /// The statement for the number of sources whose first event lies behind these and before the id.
    pub(super) fn statement(&self, dialect: &dyn Dialect, before: i64) -> Statement {
        let mut sql = of_events(dialect);
        write_fresh(sql.push("SELECT "), self.upto, Some(before));
        sql.into_statement()
    }
}

/// Writes the number of sources whose first event lies behind the id `upto`, and before the other one if there is one.
pub(super) fn write_fresh<'s, 'd>(sql: &'s mut Sql<'d>, upto: i64, before: Option<i64>) -> &'s mut Sql<'d> {
    // Not the bare column: SQLite would read its whole index, in order, instead of the few new rows.
    sql.push("(SELECT COUNT(*) FROM (SELECT DISTINCT CASE WHEN id > 0 OR id <= 0 THEN attacker_ip END AS attacker_ip ")
        .push("FROM logs WHERE id > ")
        .bind(upto);
    if let Some(before) = before {
        sql.push(" AND id < ").bind(before);
    }
    // Its first event is the first entry of a source in the index. Whether it has one up to an id, and which is the least,
    // takes some servers all of its entries.
    sql.push(
        ") AS recent WHERE (SELECT known.id FROM logs AS known WHERE known.attacker_ip = recent.attacker_ip ",
    )
    .push("ORDER BY known.id LIMIT 1) > ")
    .bind(upto)
    .push(")")
}
