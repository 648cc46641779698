//! The one statement that tells how far the table `logs` has come, and whether what is kept of it still holds.

use super::{Answer, State};
use crate::contract::Log;
use crate::error::Result;
use crate::sql::{Dialect, Rows, Sql, Statement, Value};
use std::time::Instant;

/// What is asked for beside the number of events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The number of distinct sources.
    pub(super) sources: bool,
    /// The deckies of fleet and topologies.
    pub(super) fleet: bool,
}

impl Wanted {
    /// Whether an answer to this is one to `other` too.
    pub(super) fn covers(self, other: Self) -> bool {
        (self.sources || !other.sources) && (self.fleet || !other.fleet)
    }
}

/// One answer of the database, from one snapshot.
#[derive(Debug, Clone)]
pub(super) struct Headline {
    /// The first event's and the last one's id and time; none when there are no events.
    pub(super) ends: Option<((i64, Value), (i64, Value))>,
    /// How many events came behind those that are kept.
    pub(super) added: u64,
    /// How many of the two ends that are kept are there still.
    standing: u64,
    /// How many events came where none was expected any more.
    late: u64,
    /// How many events there are, counted one by one.
    pub(super) all: Option<u64>,
    /// How many sources the new events have that no earlier one has.
    fresh: u64,
    fleet: (u64, u64),
}

impl Headline {
    /// The statement for all events.
    pub(super) fn statement(dialect: &dyn Dialect, state: &State, wanted: Wanted) -> Statement {
        Self::write(dialect, state, wanted, None)
    }

    /// The statement for the events up to an id, with their sources.
    pub(super) fn up_to(dialect: &dyn Dialect, state: &State, bound: i64) -> Statement {
        Self::write(dialect, state, Wanted { sources: true, fleet: false }, Some(bound))
    }

    fn write(dialect: &dyn Dialect, state: &State, wanted: Wanted, bound: Option<i64>) -> Statement {
        let mut sql = Sql::new(dialect);
        sql.push("SELECT (SELECT MIN(id) FROM logs), (SELECT MAX(id) FROM logs");
        up_to(&mut sql, " WHERE id <= ", bound);
        sql.push("), (SELECT ").column(Log::TIMESTAMP);
        sql.push(" FROM logs WHERE id = (SELECT MIN(id) FROM logs)), (SELECT ").column(Log::TIMESTAMP);
        sql.push(" FROM logs WHERE id = (SELECT MAX(id) FROM logs");
        up_to(&mut sql, " WHERE id <= ", bound);
        sql.push(")), (SELECT COUNT(*) FROM logs");
        match &state.kept {
            Some(kept) => {
                sql.push(" WHERE id > ").bind(kept.last.0);
                up_to(&mut sql, " AND id <= ", bound);
                sql.push(")");
                for (position, (id, time)) in [&kept.first, &kept.last].into_iter().enumerate() {
                    sql.push(if position == 0 { ", " } else { " + " })
                        .push("(SELECT COUNT(*) FROM logs WHERE id = ");
                    sql.bind(*id)
                        .push(" AND ")
                        .column(Log::TIMESTAMP)
                        .push(" = ")
                        .bind(time.clone())
                        .push(")");
                }
                sql.push(", ");
                state.gaps.write_late(&mut sql);
            }
            None => {
                // So that an index is read from end to end and not the table, which is far larger.
                up_to(&mut sql, " WHERE id + 0 <= ", bound);
                sql.push("), 2, 0");
            }
        }
        sql.push(if state.verify && bound.is_none() { ", (SELECT COUNT(*) FROM logs)" } else { ", NULL" });
        if wanted.sources {
            match state.sources {
                Some((known, _)) => {
                    // Not the bare column: SQLite would read its whole index, in order, instead of the few new rows.
                    sql.push(", (SELECT COUNT(*) FROM (SELECT DISTINCT CASE WHEN id > 0 OR id <= 0 THEN attacker_ip END AS ")
                        .push("attacker_ip FROM logs WHERE id > ")
                        .bind(known);
                    up_to(&mut sql, " AND id <= ", bound);
                    // Its first event is the first entry of a source in the index. Whether it has one up to an id, and which
                    // is the least, takes some servers all of its entries.
                    sql.push(
                        ") AS recent WHERE (SELECT known.id FROM logs AS known WHERE known.attacker_ip = ",
                    )
                    .push("recent.attacker_ip ORDER BY known.id LIMIT 1) > ")
                    .bind(known);
                }
                None => {
                    sql.push(", (SELECT COUNT(DISTINCT attacker_ip) FROM logs");
                    up_to(&mut sql, " WHERE id + 0 <= ", bound);
                }
            }
            sql.push(")");
        } else {
            sql.push(", NULL");
        }
        if wanted.fleet {
            sql.push(", (SELECT COUNT(*) FROM fleet_deckies WHERE state = ").bind("running");
            sql.push(") + (SELECT COUNT(*) FROM topology_deckies WHERE state = ").bind("running");
            sql.push("), (SELECT COUNT(*) FROM fleet_deckies) + (SELECT COUNT(*) FROM topology_deckies)");
        }
        sql.into_statement()
    }

    /// Reads what came back.
    pub(super) fn read(rows: Rows, wanted: Wanted) -> Result<Self> {
        let headlines = rows.decode(|row| {
            let first: Option<i64> = row.value("id")?;
            let last: Option<i64> = row.value("id")?;
            let (first_time, last_time) = (row.value("timestamp")?, row.value("timestamp")?);
            Ok(Self {
                ends: first.zip(last).map(|(first, last)| ((first, first_time), (last, last_time))),
                added: row.value("count")?,
                standing: row.value("count")?,
                late: row.value("count")?,
                all: row.value("count")?,
                fresh: row.value::<Option<u64>>("attacker_ip")?.unwrap_or(0),
                fleet: if wanted.fleet { (row.value("count")?, row.value("count")?) } else { (0, 0) },
            })
        })?;
        let headline = headlines.into_iter().next();
        headline.ok_or_else(|| crate::base::support::broken("the number of events came back without a row"))
    }

    /// Whether what is kept is still true.
    pub(super) fn confirms(&self, state: &State) -> bool {
        let Some(kept) = &state.kept else { return true };
        let same = self.ends.as_ref().is_some_and(|(first, _)| first.0 == kept.first.0);
        same && self.standing == 2
            && self.late == 0
            && self.all.is_none_or(|all| all == kept.count.saturating_add(self.added))
    }

    /// What is kept and what came since, together.
    pub(super) fn answer(&self, state: &State, asked: Instant, wanted: Wanted) -> Answer {
        Answer {
            asked,
            wanted,
            last: self.ends.as_ref().map_or(0, |(_, last)| last.0),
            total: state.kept.as_ref().map_or(0, |kept| kept.count).saturating_add(self.added),
            sources: state.sources.map_or(0, |(_, count)| count).saturating_add(self.fresh),
            fleet: self.fleet,
        }
    }
}

/// The bound, where there is one.
fn up_to(sql: &mut Sql<'_>, lead: &'static str, bound: Option<i64>) {
    if let Some(bound) = bound {
        sql.push(lead).bind(bound);
    }
}
