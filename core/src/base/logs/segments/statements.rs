//! The statements that count events: all, those that are new, and those of each segment and minute.

use std::collections::BTreeMap;
use std::ops::Range;

use super::gaps::Gaps;
use super::known::{Known, MINUTES, WIDTH};
use super::sources::{Sources, write_fresh};
use super::{Figures, of_events};
use crate::base::support::broken;
use crate::contract::Log;
use crate::error::Result;
use crate::sql::{Dialect, RowReader, Rows, Sql, Statement, Value};
use crate::time::Timestamp;

/// An event by id and time, as the engine has it.
pub(super) type Anchor = (i64, Value);

/// What is asked for beside the number of events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The number of distinct sources.
    pub(super) sources: bool,
    /// The deckies of fleet and topologies.
    pub(super) fleet: bool,
    /// All events, counted one by one.
    pub(super) all: bool,
}

/// The events that are not in segments, and whether what is known of the others still holds; from one snapshot.
#[derive(Debug, Clone, Default)]
pub(super) struct Headline {
    pub(super) state: Confirmation,
    /// Events before the segments and behind them.
    pub(super) front: u64,
    pub(super) tail: u64,
    pub(super) all: Option<u64>,
    /// Sources of which no earlier event is known; and all of them, where none were counted.
    pub(super) fresh: u64,
    pub(super) sources: Option<u64>,
    pub(super) fleet: (u64, u64),
}

impl Headline {
    /// The statement.
    pub(super) fn statement(
        dialect: &dyn Dialect,
        known: Option<(&Known, &Gaps)>,
        sources: Option<&Sources>,
        wanted: Wanted,
    ) -> Statement {
        let mut sql = of_events(dialect);
        sql.push("SELECT ");
        Confirmation::write(&mut sql, known);
        if let Some((known, _)) = known {
            sql.push(", (SELECT COUNT(*) FROM logs WHERE id < ").bind(known.front()).push(")");
            sql.push(", (SELECT COUNT(*) FROM logs WHERE id >= ").bind(known.end).push(")");
        } else {
            sql.push(", 0, (SELECT COUNT(*) FROM logs)");
        }
        sql.push(if wanted.all { ", (SELECT COUNT(*) FROM logs)" } else { ", NULL" });
        let upto = sources.map(|sources| sources.upto).or(known.map(|(known, _)| known.end - 1));
        match upto.filter(|_| wanted.sources) {
            Some(upto) => write_fresh(sql.push(", "), upto, None),
            None => sql.push(", 0"),
        };
        sql.push(match sources {
            None if wanted.sources => ", (SELECT COUNT(DISTINCT attacker_ip) FROM logs)",
            _ => ", NULL",
        });
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
            Ok(Self {
                state: Confirmation::read(row)?,
                front: row.value("count")?,
                tail: row.value("count")?,
                all: row.value("count")?,
                fresh: row.value("attacker_ip")?,
                sources: row.value("attacker_ip")?,
                fleet: if wanted.fleet { (row.value("count")?, row.value("count")?) } else { (0, 0) },
            })
        })?;
        headlines.into_iter().next().ok_or_else(|| broken("the number of events came back without a row"))
    }

    /// The figures where nothing was known.
    pub(super) fn counted(&self) -> Figures {
        Figures { total: self.tail, sources: self.sources.unwrap_or(0), fleet: self.fleet }
    }
}

/// Whether what is known still holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It does.
    Holds,
    /// But for the oldest segments: they are gone, and this is the first event now.
    BeginsAt(i64),
    /// It does not.
    Wrong,
}

/// The columns of an answer that tell whether what is known still holds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Confirmation {
    /// The oldest and the newest event; none when there are no events.
    pub(super) ends: Option<(i64, i64)>,
    /// Whether the anchor is there still.
    anchored: bool,
    /// Events that came where none was expected any more.
    late: u64,
}

impl Confirmation {
    /// Writes the columns.
    pub(super) fn write(sql: &mut Sql<'_>, known: Option<(&Known, &Gaps)>) {
        sql.push("(SELECT MIN(id) FROM logs), (SELECT MAX(id) FROM logs), ");
        let Some((known, gaps)) = known else {
            sql.push("1, 0");
            return;
        };
        let (id, time) = &known.anchor;
        sql.push("(SELECT COUNT(*) FROM logs WHERE id = ").bind(*id);
        sql.push(" AND ").column(Log::TIMESTAMP).push(" = ").bind(time.clone()).push("), ");
        gaps.write_late(sql);
    }

    /// Reads them.
    pub(super) fn read(row: &mut RowReader) -> Result<Self> {
        let (first, last): (Option<i64>, Option<i64>) = (row.value("id")?, row.value("id")?);
        let anchored = row.value::<i64>("count")? == 1;
        Ok(Self { ends: first.zip(last), anchored, late: row.value("count")? })
    }

    /// What they say.
    pub(super) fn verdict(&self, known: &Known) -> Verdict {
        match self.ends {
            Some((first, _)) if first >= known.first && self.anchored && self.late == 0 => {
                // The segment of the first event is counted each time, and those before it have none.
                if first < known.front() || known.front() == known.end {
                    Verdict::Holds
                } else {
                    Verdict::BeginsAt(first)
                }
            }
            _ => Verdict::Wrong,
        }
    }
}

/// The minutes of the events that are not in segments, from one snapshot.
#[derive(Debug, Clone, Default)]
pub(super) struct Rest {
    pub(super) state: Confirmation,
    /// By the seconds since 1970 at which the minute begins.
    pub(super) minutes: BTreeMap<i64, u64>,
    /// Those of the events behind the segments alone.
    tail: BTreeMap<i64, u64>,
    /// Whether all times are times, and stored so that their order is that of the instants.
    pub(super) has_minutes: bool,
    pub(super) is_ordered: bool,
}

impl Rest {
    /// The statement.
    pub(super) fn statement(dialect: &dyn Dialect, known: &Known, gaps: &Gaps) -> Statement {
        let mut sql = of_events(dialect);
        for (part, (bound, id)) in
            [(" WHERE id < ", known.front()), (" WHERE id >= ", known.end)].into_iter().enumerate()
        {
            sql.push(if part == 0 { "SELECT 0 AS part, " } else { " UNION ALL SELECT 1 AS part, " });
            sql.bucket(Log::TIMESTAMP, 60).push(" AS minute, COUNT(*), MIN(").column(Log::TIMESTAMP);
            sql.push("), MAX(").column(Log::TIMESTAMP).push("), ");
            Confirmation::write(&mut sql, Some((known, gaps)));
            sql.push(" FROM logs").push(bound).bind(id).push(" GROUP BY minute");
        }
        sql.into_statement()
    }

    /// Reads what came back.
    pub(super) fn read(rows: Rows) -> Result<Self> {
        let mut rest = Self { has_minutes: true, is_ordered: true, ..Self::default() };
        rows.decode(|row| {
            let is_tail = row.value::<i64>("part")? == 1;
            let group = Group::read(0, row)?;
            rest.state = Confirmation::read(row)?;
            rest.is_ordered &= group.is_plain();
            match group.minute {
                Some(minute) => {
                    *rest.minutes.entry(minute).or_default() += group.count;
                    if is_tail {
                        *rest.tail.entry(minute).or_default() += group.count;
                    }
                }
                None => rest.has_minutes = false,
            }
            Ok(())
        })?;
        Ok(rest)
    }

    /// How many events behind the segments are not older than the time.
    pub(super) fn tail_since(&self, time: Timestamp) -> u64 {
        self.tail.range(time.as_microseconds().div_euclid(1_000_000)..).map(|(_, count)| count).sum()
    }
}

/// The events of one minute in one segment.
#[derive(Debug, Clone)]
pub(super) struct Group {
    /// The first id of the segment.
    pub(super) segment: i64,
    /// The seconds since 1970 at which the minute begins; none for times that are none.
    pub(super) minute: Option<i64>,
    pub(super) count: u64,
    ends: [Value; 2],
}

impl Group {
    /// The statement for the segments within the ids; `whole` when that is most of the table. Beside each group it has the id
    /// and time of the last event in them.
    pub(super) fn statement(
        dialect: &dyn Dialect,
        ids: &Range<i64>,
        whole: bool,
        minutes: bool,
    ) -> Statement {
        let mut sql = of_events(dialect);
        sql.push("SELECT id - id % ").number(WIDTH).push(" AS segment, ");
        if minutes {
            sql.bucket(Log::TIMESTAMP, 60);
        } else {
            sql.push("NULL");
        }
        sql.push(" AS minute, COUNT(*), MIN(").column(Log::TIMESTAMP).push("), MAX(").column(Log::TIMESTAMP);
        sql.push("), (SELECT MAX(id) FROM logs WHERE id < ")
            .bind(ids.end)
            .push("), (SELECT ")
            .column(Log::TIMESTAMP);
        sql.push(" FROM logs WHERE id = (SELECT MAX(id) FROM logs WHERE id < ").bind(ids.end);
        // Where it is most of the table, an index is read from end to end and not the table, which is far larger.
        let [from, to] = if whole { [" + 0 >= ", " + 0 < "] } else { [" >= ", " < "] };
        sql.push(")) FROM logs WHERE id").push(from).bind(ids.start).push(" AND id").push(to).bind(ids.end);
        if minutes {
            // One more than are kept tells that there are more.
            sql.push(" GROUP BY segment, minute LIMIT ").number(MINUTES as i64 + 1);
        } else {
            sql.push(" GROUP BY segment");
        }
        sql.into_statement()
    }

    /// Reads what came back: the groups, and the last event.
    pub(super) fn read_all(rows: Rows) -> Result<(Vec<Self>, Option<Anchor>)> {
        let mut last = None;
        let groups = rows.decode(|row| {
            let segment = row.value("segment")?;
            let group = Self::read(segment, row)?;
            last = Some((row.value("id")?, row.value("timestamp")?));
            Ok(group)
        })?;
        Ok((groups, last))
    }

    fn read(segment: i64, row: &mut RowReader) -> Result<Self> {
        Ok(Self {
            segment,
            minute: row.value("minute")?,
            count: row.value("count")?,
            ends: [row.value("timestamp")?, row.value("timestamp")?],
        })
    }

    /// Whether its times are stored so that their order is that of the instants: as times, or in DECNET's 26 characters.
    pub(super) fn is_plain(&self) -> bool {
        let Some(minute) = self.minute else { return false };
        let start = minute.checked_mul(1_000_000).and_then(|start| Timestamp::from_microseconds(start).ok());
        self.ends.iter().all(|time| match time {
            Value::Time(_) => true,
            Value::Text(text) => {
                start.is_some_and(|start| text.len() == 26 && text.get(..16) == start.to_sql_text().get(..16))
            }
            _ => false,
        })
    }
}
