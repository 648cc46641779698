//! Events and what is counted of them.

pub(super) mod segments;
mod values;

use async_trait::async_trait;

pub(crate) use self::segments::advance_clock;
use self::segments::{FoundPage, Place, Seek};
use super::SqlRepository;
use super::support::Pages;
use crate::contract::limits::{check_limit, check_rows};
use crate::contract::search::{Search, Term};
use crate::contract::unit::UnitOfWork;
use crate::contract::{Bucket, Log, LogCursor, LogFilter, LogQuery, Logs, NewLog, Page, Stats};
use crate::error::Result;
use crate::sql::{Column, Insert, Record, Sql, Value};
use crate::time::Timestamp;

/// More minutes than there are from year 1 to 9999. Wider intervals give the same two buckets, one on each side of 1970,
/// and would overflow the engines' arithmetic.
const ALL_YEARS: i64 = 10_000 * 366 * 24 * 60;

/// From so many rows on, skipping them one by one costs more than finding the place.
const DEEP: u64 = 1_000;
/// How many events may come between the two statements that find a page and read it.
const SLACK: u64 = 64;

#[async_trait]
impl Logs for SqlRepository {
    async fn get_logs(&self, query: LogQuery) -> Result<Vec<Log>> {
        let LogQuery { filter, limit, offset } = query;
        check_limit(limit)?;
        if offset >= DEEP
            && limit > 0
            && filter.is_all()
            && let Some(place) = self.segments.seek(&*self.backend, offset, SLACK).await?
        {
            match place {
                Place::Behind => return Ok(Vec::new()),
                Place::At(seek) => {
                    if let Some(logs) = self.logs_from(seek, limit).await? {
                        return Ok(logs);
                    }
                }
            }
        }
        let found = self.segments.found_page(&self.backend, &filter, None, limit, offset).await?;
        if let FoundPage::Ids(ids) = &found
            && let Some(logs) = self.logs_with(ids).await?
        {
            return Ok(logs);
        }
        let mut sql = self.select::<Log>();
        if offset < DEEP {
            newest_first(matching_by(&mut sql, &filter, Access::of(&found))).part(limit, offset);
        } else {
            // What is skipped is skipped in the index, without its rows.
            sql.and().push("id IN (SELECT id FROM ").subquery(|sql| {
                newest_first(matching(sql.push("SELECT id").from::<Log>(), &filter)).part(limit, offset)
            });
            newest_first(sql.push(" AS page)"));
        }
        self.read(sql).await?.records()
    }

    async fn get_logs_page(
        &self,
        limit: u64,
        filter: LogFilter,
        after: Option<LogCursor>,
    ) -> Result<Page<Log, LogCursor>> {
        let pages = Pages::by(Log::TIMESTAMP, limit)?;
        let mut sql = self.select::<Log>();
        pages.after(&mut sql, after.as_ref())?;
        let place = after.as_ref().and_then(|after| match (after.sort(), after.key()) {
            (Value::Time(time), Value::Int(id)) => Some((*time, *id)),
            _ => None,
        });
        let found = if place.is_some() || after.is_none() {
            let rows = limit.saturating_add(1);
            self.segments.found_page(&self.backend, &filter, place, rows, 0).await?
        } else {
            FoundPage::Unknown
        };
        let logs = match &found {
            FoundPage::Ids(ids) => self.logs_with(ids).await?,
            _ => None,
        };
        let logs = match logs {
            Some(logs) => logs,
            None => {
                newest_first(matching_by(&mut sql, &filter, Access::of(&found)));
                pages.limit(&mut sql);
                self.read(sql).await?.records()?
            }
        };
        Ok(pages.page(logs, |last: &Log| (last.timestamp.into(), last.id.into())))
    }

    async fn get_total_logs(&self, filter: LogFilter) -> Result<u64> {
        if filter.is_all() {
            return self.segments.total(&*self.backend).await;
        }
        if let Some(total) = self.segments.found_total(&self.backend, &filter).await? {
            return Ok(total);
        }
        self.count::<Log>(|sql| matching(sql, &filter)).await
    }

    async fn get_max_log_id(&self) -> Result<i64> {
        let mut sql = self.sql();
        sql.push("SELECT MAX(id)").from::<Log>();
        Ok(self.read(sql).await?.scalar::<Option<i64>>()?.flatten().unwrap_or(0))
    }

    async fn get_logs_after_id(&self, last_id: i64, limit: u64, filter: LogFilter) -> Result<Vec<Log>> {
        self.list(|sql| {
            matching(sql.and().column(Log::ID).push(" > ").bind(last_id), &filter).asc(Log::ID).part(limit, 0)
        })
        .await
    }

    async fn get_log_histogram(&self, filter: LogFilter, interval_minutes: i64) -> Result<Vec<Bucket>> {
        let width = interval_minutes.clamp(1, ALL_YEARS);
        if filter.is_all()
            && let Some(buckets) = self.segments.histogram(&*self.backend, width).await?
        {
            return Ok(buckets);
        }
        if let Some(buckets) = self.segments.found_histogram(&self.backend, &filter, width).await? {
            return Ok(buckets);
        }
        let mut sql = self.sql();
        sql.push("SELECT ").bucket(Log::TIMESTAMP, width * 60).push(" AS bucket, COUNT(*)").from::<Log>();
        matching(&mut sql, &filter).push(" GROUP BY bucket ORDER BY bucket");
        self.read(sql).await?.decode(|row| {
            let start: i64 = row.value("bucket")?;
            Ok(Bucket { time: Timestamp::bucket_text(start), count: row.value("count")? })
        })
    }

    async fn get_stats_summary(&self) -> Result<Stats> {
        self.segments.stats(&*self.backend).await
    }
}

impl SqlRepository {
    /// The events with these ids, newest first; none when one of them is gone.
    async fn logs_with(&self, ids: &[i64]) -> Result<Option<Vec<Log>>> {
        if ids.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let mut sql = self.select::<Log>();
        newest_first(sql.only_in(Log::ID, ids.iter().copied()));
        let logs: Vec<Log> = self.read(sql).await?.records()?;
        Ok((logs.len() == ids.len()).then_some(logs))
    }

    /// The page that begins [`SLACK`] events behind the place; none when it is not to be found from there.
    async fn logs_from(&self, seek: Seek, limit: u64) -> Result<Option<Vec<Log>>> {
        let Seek { before, skip, first, tail, newer } = seek;
        let Some(window) = limit.checked_add(SLACK) else { return Ok(None) };
        let mut sql = self.sql();
        // What came meanwhile moves the page; it is cut out of the window by how much that is now.
        sql.push("SELECT ")
            .columns_of("event", Log::TABLE)
            .push(", place.came, (SELECT MIN(id) FROM logs) FROM ");
        sql.subquery(|sql| {
            sql.push("SELECT id, ROW_NUMBER() OVER (ORDER BY ")
                .column(Log::TIMESTAMP)
                .push(" DESC, id DESC) AS position, ");
            // Not as two conditions: an engine without statistics takes the index of times, which has nearly all events there.
            sql.push("(SELECT COUNT(CASE WHEN ").column(Log::TIMESTAMP).push(" >= ").bind(before);
            sql.push(" THEN 1 END) FROM logs WHERE id >= ").bind(tail).push(") - ").bind(newer);
            sql.push(" AS came FROM ").subquery(|sql| {
                sql.push("SELECT id, ").column(Log::TIMESTAMP).from::<Log>().and().column(Log::TIMESTAMP);
                newest_first(sql.push(" < ").bind(before)).part(window, skip)
            });
            sql.push(" AS newest")
        });
        sql.push(" AS place JOIN logs AS event ON event.id = place.id WHERE place.position > ").bind(SLACK);
        sql.push(" - place.came AND place.position <= ").bind(window).push(" - place.came");
        sql.push(" ORDER BY place.position");
        let mut current = true;
        let logs = self.read(sql).await?.decode(|row| {
            let log = Log::decode(row)?;
            let came: i64 = row.value("came")?;
            current &= (0..=SLACK as i64).contains(&came) && row.value::<i64>("id")? == first;
            Ok(log)
        })?;
        // An empty one tells nothing.
        Ok((current && !logs.is_empty()).then_some(logs))
    }
}

/// Adds the order of [`Logs::get_logs`].
fn newest_first<'s, 'd>(sql: &'s mut Sql<'d>) -> &'s mut Sql<'d> {
    sql.desc(Log::TIMESTAMP).desc(Log::ID)
}

/// Events: see [`Logs`].
impl<'r, T> UnitOfWork<'r, T> {
    /// See [`Logs::add_log`].
    pub fn add_log(self, log_data: NewLog) -> UnitOfWork<'r> {
        self.steps(|steps| {
            steps.insert(Insert::row(log_data)?);
            Ok(())
        })
    }

    /// See [`Logs::add_logs`].
    pub fn add_logs(self, log_entries: Vec<NewLog>) -> UnitOfWork<'r> {
        self.steps(|steps| {
            if !log_entries.is_empty() {
                check_rows(log_entries.len())?;
                steps.insert(Insert::rows(log_entries)?);
            }
            Ok(())
        })
    }
}

/// The columns that a search without a name looks into.
const SEARCHED: [&Column; 4] =
    [Log::RAW_LINE.column(), Log::DECKY.column(), Log::SERVICE.column(), Log::ATTACKER_IP.column()];

/// Adds the conditions of the filter.
fn matching<'s, 'd>(sql: &'s mut Sql<'d>, filter: &LogFilter) -> &'s mut Sql<'d> {
    matching_by(sql, filter, Access::Any)
}

/// How the events that match are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    /// As the engine thinks best.
    Any,
    /// In the order of their times. Without statistics an engine takes each value for a rare one: it would read all that have it
    /// by the column's index, and sort them.
    ByTime,
}

impl Access {
    fn of(found: &FoundPage) -> Self {
        if matches!(found, FoundPage::Common) { Self::ByTime } else { Self::Any }
    }
}

fn matching_by<'s, 'd>(sql: &'s mut Sql<'d>, filter: &LogFilter, access: Access) -> &'s mut Sql<'d> {
    if let Some(start) = filter.start_time {
        sql.and().column(Log::TIMESTAMP).push(" >= ").bind(start);
    }
    if let Some(end) = filter.end_time {
        sql.and().column(Log::TIMESTAMP).push(" <= ").bind(end);
    }
    if let Some(Err(error)) = filter.search.as_ref().map(Search::check) {
        return sql.refuse(error);
    }
    for term in filter.search.iter().flat_map(Search::terms) {
        match term {
            Term::Equals(column, value) if access == Access::ByTime => {
                // No index has this.
                sql.and()
                    .push("CASE WHEN ")
                    .eq(column.column(), value.as_str())
                    .push(" THEN 1 ELSE 0 END = 1")
            }
            Term::Equals(column, value) => sql.only(column.column(), value.as_str()),
            Term::Member(key, value) => sql.and().json_member(Log::FIELDS, key, value),
            // In every text.
            Term::Contains(text) if text.is_empty() => sql,
            Term::Contains(text) => sql.and().contains_any(&SEARCHED, text),
        };
    }
    sql
}
