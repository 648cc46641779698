//! Which events go.

use super::Plan;
use crate::contract::{Engine, Log};
use crate::error::{Error, Result};
use crate::sql::{Sql, Value};
use crate::time::Timestamp;

/// The events that go: those before a place in the order of times, but never one of those that are stored meanwhile, nor the
/// last one that was stored before.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    before: Before,
    /// The highest id when it was decided. It stays, so that no id is given twice.
    last_id: i64,
}

/// A place in the order of times. What an engine answered is compared as it is: another program may have stored a time in a form
/// of its own.
#[derive(Debug, Clone)]
enum Before {
    Time(Timestamp),
    Event(Value, i64),
    /// None goes.
    Nothing,
}

impl Bounds {
    /// The events before an instant.
    pub(super) async fn since(engine: &dyn Engine, time: Timestamp) -> Result<Self> {
        let Some(last_id) = last_id(engine).await? else { return Ok(Self::nothing()) };
        Ok(Self { before: Before::Time(time), last_id })
    }

    /// All events but the newest `kept`, which is at least 1.
    pub(super) async fn but_newest(engine: &dyn Engine, kept: u64) -> Result<Self> {
        Self::from_event(engine, kept.saturating_sub(1), |sql| {
            sql.desc(Log::TIMESTAMP).desc(Log::ID);
        })
        .await
    }

    /// The events up to the one with this time and id.
    pub(super) async fn up_to(engine: &dyn Engine, time: Value, id: i64) -> Result<Self> {
        let last_id = last_id(engine).await?.unwrap_or(i64::MIN);
        Ok(Self { before: Before::Event(time, id.saturating_add(1)), last_id })
    }

    /// The `count` oldest events, or all but one.
    pub(super) async fn oldest(engine: &dyn Engine, count: u64) -> Result<Self> {
        let oldest = Self::from_event(engine, count, |sql| {
            sql.asc(Log::TIMESTAMP).asc(Log::ID);
        })
        .await?;
        match oldest.before {
            Before::Nothing => Self::but_newest(engine, 1).await,
            _ => Ok(oldest),
        }
    }

    /// The events before the one that lies so far behind the first in this order; none where there is no such one.
    async fn from_event(engine: &dyn Engine, offset: u64, order: impl FnOnce(&mut Sql<'_>)) -> Result<Self> {
        let Some(last_id) = last_id(engine).await? else { return Ok(Self::nothing()) };
        let mut sql = Sql::new(engine.dialect());
        sql.push("SELECT ").column(Log::TIMESTAMP).push(", ").column(Log::ID).from::<Log>();
        order(&mut sql);
        sql.page(1, offset);
        let found = engine.query(sql.finish()?).await?;
        let found = found.decode(|row| Ok(Before::Event(row.value("timestamp")?, row.read(Log::ID)?)))?;
        Ok(found.into_iter().next().map_or_else(Self::nothing, |before| Self { before, last_id }))
    }

    const fn nothing() -> Self {
        Self { before: Before::Nothing, last_id: i64::MIN }
    }

    /// Whether none goes, whatever the table has.
    pub(super) const fn is_nothing(&self) -> bool {
        matches!(self.before, Before::Nothing)
    }

    /// Adds the conditions.
    pub(super) fn write(&self, sql: &mut Sql<'_>) {
        match &self.before {
            Before::Time(time) => {
                sql.and().column(Log::TIMESTAMP).push(" < ").bind(*time);
            }
            Before::Event(time, id) => {
                // The first comparison is the range of the index.
                sql.and().column(Log::TIMESTAMP).push(" <= ").bind(time.clone());
                sql.and().push("(").column(Log::TIMESTAMP).push(" < ").bind(time.clone());
                sql.push(" OR ").column(Log::ID).push(" < ").bind(*id).push(")");
            }
            Before::Nothing => {
                sql.and().push("1 = 0");
            }
        }
        // No condition that an index on the ids could serve: they are read in the order of times.
        sql.and().push("id + 0 < ").bind(self.last_id);
    }

    /// How many events they are, and their times.
    pub(super) async fn count(&self, engine: &dyn Engine) -> Result<Plan> {
        let mut sql = Sql::new(engine.dialect());
        sql.push("SELECT COUNT(*), MIN(").column(Log::TIMESTAMP).push("), MAX(").column(Log::TIMESTAMP);
        sql.push("), (SELECT COUNT(*) FROM logs)").from::<Log>();
        self.write(&mut sql);
        let plans = engine.query(sql.finish()?).await?.decode(|row| {
            let events: u64 = row.value("count")?;
            let (oldest, newest) = (row.value("oldest")?, row.value("newest")?);
            let all: u64 = row.value("count")?;
            Ok(Plan { events, oldest, newest, left: all.saturating_sub(events), space: None })
        })?;
        plans.into_iter().next().ok_or_else(|| {
            Error::backend(
                "the events could not be counted",
                anyhow::anyhow!("the database answered without a row"),
            )
        })
    }
}

/// The highest id; none without events.
async fn last_id(engine: &dyn Engine) -> Result<Option<i64>> {
    let mut sql = Sql::new(engine.dialect());
    sql.push("SELECT MAX(").column(Log::ID).push(")").from::<Log>();
    Ok(engine.query(sql.finish()?).await?.scalar::<Option<i64>>()?.flatten())
}

/// Events in the order of times, from the place where the last ones were deleted: what engines keep of deleted rows for a while
/// is not gone through again and again.
#[derive(Debug, Default)]
pub(super) struct Front(Option<Value>);

impl Front {
    /// The condition, the order and the number of events.
    pub(super) fn write(&self, sql: &mut Sql<'_>, limit: usize) {
        if let Some(time) = &self.0 {
            sql.and().column(Log::TIMESTAMP).push(" >= ").bind(time.clone());
        }
        sql.asc(Log::TIMESTAMP).asc(Log::ID).page(limit as u64, 0);
    }

    /// The events up to this time are gone.
    pub(super) fn advance(&mut self, time: Value) {
        self.0 = Some(time);
    }
}
