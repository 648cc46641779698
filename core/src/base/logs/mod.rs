//! Events and what is counted of them.

pub(super) mod counts;
mod values;

use async_trait::async_trait;

use self::counts::{Place, Seek};
use super::SqlRepository;
use super::support::Pages;
use crate::contract::limits::{check_limit, check_rows};
use crate::contract::search::{Search, Term};
use crate::contract::unit::UnitOfWork;
use crate::contract::{Bucket, Log, LogCursor, LogFilter, LogQuery, Logs, NewLog, Page, Stats};
use crate::error::Result;
use crate::sql::{Column, Insert, Record, Sql};
use crate::time::Timestamp;

/// More minutes than there are from year 1 to 9999. Wider intervals give the same two buckets, one on each side of 1970,
/// and would overflow the engines' arithmetic.
const ALL_YEARS: i64 = 10_000 * 366 * 24 * 60;

/// From so many rows on, skipping them one by one costs more than finding the place.
const DEEP: u64 = 1_000;
/// How often the place is looked for again when events came meanwhile.
const SEEKS: usize = 4;

#[async_trait]
impl Logs for SqlRepository {
    async fn get_logs(&self, query: LogQuery) -> Result<Vec<Log>> {
        let LogQuery { filter, limit, offset } = query;
        check_limit(limit)?;
        if offset >= DEEP && filter.is_all() {
            for _ in 0..SEEKS {
                let seek = match self.counts.seek(&*self.backend, offset).await? {
                    Place::At(seek) => seek,
                    Place::Behind => return Ok(Vec::new()),
                    Place::Unknown => break,
                };
                if let Some(logs) = self.logs_from(seek, limit).await? {
                    return Ok(logs);
                }
            }
        }
        let mut sql = self.select::<Log>();
        if offset < DEEP {
            newest_first(matching(&mut sql, &filter)).part(limit, offset);
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
        newest_first(matching(&mut sql, &filter));
        pages.limit(&mut sql);
        let logs = self.read(sql).await?.records()?;
        Ok(pages.page(logs, |last: &Log| (last.timestamp.into(), last.id.into())))
    }

    async fn get_total_logs(&self, filter: LogFilter) -> Result<u64> {
        if filter.is_all() {
            return self.counts.total(&*self.backend).await;
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
            && let Some(buckets) = self.counts.histogram(&*self.backend, width).await?
        {
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
        self.counts.stats(&*self.backend).await
    }
}

impl SqlRepository {
    /// The page that begins at the place; none when events came since the place was found.
    async fn logs_from(&self, seek: Seek, limit: u64) -> Result<Option<Vec<Log>>> {
        let mut sql = self.sql();
        sql.push("SELECT ").columns(Log::TABLE.columns).push(", (SELECT MAX(id) FROM logs)").from::<Log>();
        sql.and().push("id IN (SELECT id FROM ").subquery(|sql| {
            sql.push("SELECT id").from::<Log>().and().column(Log::TIMESTAMP).push(" < ").bind(seek.before);
            newest_first(sql).part(limit, seek.skip)
        });
        newest_first(sql.push(" AS page)"));
        let mut current = true;
        let logs = self.read(sql).await?.decode(|row| {
            let log = Log::decode(row)?;
            current &= row.value::<i64>("newest")? == seek.newest;
            Ok(log)
        })?;
        Ok((current && (limit == 0 || !logs.is_empty())).then_some(logs))
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
            Term::Equals(column, value) => sql.only(column.column(), value.as_str()),
            Term::Member(key, value) => sql.and().json_member(Log::FIELDS, key, value),
            // In every text.
            Term::Contains(text) if text.is_empty() => sql,
            Term::Contains(text) => sql.and().contains_any(&SEARCHED, text),
        };
    }
    sql
}
