//! Events and what is counted of them.

use async_trait::async_trait;

use super::page::{behind, page, rows_for};
use super::summary::{Place, Seek};
use super::{SqlRepository, UnitOfWork};
use crate::contract::search::{Search, Term};
use crate::contract::{Bucket, Log, LogCursor, LogFilter, LogQuery, Logs, NewLog, Page, Stats};
use crate::error::Result;
use crate::sql::{Insert, Record, Sql};
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
    async fn add_log(&self, log_data: NewLog) -> Result<()> {
        UnitOfWork::new(self).add_log(log_data).commit().await.map_err(|error| error.within("log_data"))
    }

    async fn add_logs(&self, log_entries: Vec<NewLog>) -> Result<()> {
        UnitOfWork::new(self)
            .add_logs(log_entries)
            .commit()
            .await
            .map_err(|error| error.within("log_entries"))
    }

    async fn get_logs(&self, query: LogQuery) -> Result<Vec<Log>> {
        let (limit, offset) = (query.limit, query.offset);
        let filter = query.filter();
        if offset >= DEEP && filter.is_all() {
            for _ in 0..SEEKS {
                let seek = match self.summary.seek(&*self.backend, offset).await? {
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
        if offset >= DEEP {
            // What is skipped is skipped in the index, without its rows.
            sql.push(" WHERE id IN (SELECT id FROM (SELECT id FROM logs");
        }
        matching(&mut sql, " WHERE ", &filter);
        newest_first(&mut sql).page(limit, offset);
        if offset >= DEEP {
            newest_first(sql.push(") AS page)"));
        }
        self.read(sql).await?.records()
    }

    async fn get_logs_page(
        &self,
        limit: u64,
        filter: LogFilter,
        after: Option<LogCursor>,
    ) -> Result<Page<Log, LogCursor>> {
        let rows = rows_for(limit)?;
        let mut sql = self.select::<Log>();
        let mut lead = " WHERE ";
        if let Some(cursor) = &after {
            behind(&mut sql, lead, "timestamp", cursor)?;
            lead = " AND ";
        }
        matching(&mut sql, lead, &filter);
        newest_first(&mut sql).page(rows, 0);
        let logs = self.read(sql).await?.records()?;
        Ok(page(logs, limit, |last: &Log| LogCursor::behind("timestamp", last.timestamp, last.id)))
    }

    async fn get_total_logs(&self, filter: LogFilter) -> Result<u64> {
        if filter.is_all() {
            return self.summary.total(&*self.backend).await;
        }
        let mut sql = self.sql();
        sql.push("SELECT COUNT(*) FROM logs");
        matching(&mut sql, " WHERE ", &filter);
        self.count(sql).await
    }

    async fn get_max_log_id(&self) -> Result<i64> {
        let mut sql = self.sql();
        sql.push("SELECT MAX(id) FROM logs");
        Ok(self.read(sql).await?.scalar::<Option<i64>>()?.flatten().unwrap_or(0))
    }

    async fn get_logs_after_id(&self, last_id: i64, limit: u64, filter: LogFilter) -> Result<Vec<Log>> {
        let mut sql = self.select::<Log>();
        sql.push(" WHERE id > ").bind(last_id);
        matching(&mut sql, " AND ", &filter);
        sql.push(" ORDER BY id").page(limit, 0);
        self.read(sql).await?.records()
    }

    async fn get_log_histogram(&self, filter: LogFilter, interval_minutes: i64) -> Result<Vec<Bucket>> {
        let dialect = self.backend.dialect();
        let width = interval_minutes.clamp(1, ALL_YEARS);
        if filter.is_all()
            && let Some(buckets) = self.summary.histogram(&*self.backend, width).await?
        {
            return Ok(buckets);
        }
        let mut sql = self.sql();
        sql.push("SELECT ");
        dialect.bucket(&mut sql, "timestamp", width * 60);
        sql.push(" AS bucket, COUNT(*) FROM logs");
        matching(&mut sql, " WHERE ", &filter);
        sql.push(" GROUP BY bucket ORDER BY bucket");
        self.read(sql).await?.decode(|row| {
            let start: i64 = row.read("logs", "bucket")?;
            Ok(Bucket { time: Timestamp::bucket_text(start), count: row.read("logs", "count")? })
        })
    }

    async fn get_stats_summary(&self) -> Result<Stats> {
        self.summary.stats(&*self.backend).await
    }
}

impl SqlRepository {
    /// The page that begins at the place; none when events came since the place was found.
    async fn logs_from(&self, seek: Seek, limit: u64) -> Result<Option<Vec<Log>>> {
        let mut sql = self.sql();
        sql.push("SELECT ").identifiers(Log::TABLE.columns.iter().map(|column| column.name));
        sql.push(
            ", (SELECT MAX(id) FROM logs) FROM logs WHERE id IN (SELECT id FROM (SELECT id FROM logs WHERE ",
        );
        sql.identifier("timestamp").push(" < ").bind(seek.before);
        newest_first(&mut sql).page(limit, seek.skip);
        newest_first(sql.push(") AS page)"));
        let mut current = true;
        let logs = self.read(sql).await?.decode(|row| {
            let log = Log::decode(row)?;
            current &= row.read::<i64>("logs", "id")? == seek.newest;
            Ok(log)
        })?;
        Ok((current && (limit == 0 || !logs.is_empty())).then_some(logs))
    }
}

/// Appends the order of [`Logs::get_logs`].
fn newest_first<'s, 'd>(sql: &'s mut Sql<'d>) -> &'s mut Sql<'d> {
    sql.push(" ORDER BY ").identifier("timestamp").push(" DESC, id DESC")
}

/// Events: see [`Logs`].
impl UnitOfWork<'_> {
    /// See [`Logs::add_log`].
    pub fn add_log(self, log: NewLog) -> Self {
        self.add(|unit, _| {
            unit.insert(Insert::row(log)?);
            Ok(())
        })
    }

    /// See [`Logs::add_logs`].
    pub fn add_logs(self, logs: Vec<NewLog>) -> Self {
        self.add(|unit, _| {
            if !logs.is_empty() {
                unit.insert(Insert::rows(logs)?);
            }
            Ok(())
        })
    }
}

/// Appends the conditions of the filter, the first one after `lead`.
fn matching(sql: &mut Sql<'_>, lead: &'static str, filter: &LogFilter) {
    let mut lead = std::iter::once(lead).chain(std::iter::repeat(" AND "));
    let mut next = || lead.next().unwrap_or(" AND ");
    if let Some(start) = filter.start_time {
        sql.push(next()).identifier("timestamp").push(" >= ").bind(start);
    }
    if let Some(end) = filter.end_time {
        sql.push(next()).identifier("timestamp").push(" <= ").bind(end);
    }
    for term in filter.search.as_deref().map(Search::parse).unwrap_or_default().terms() {
        match term {
            Term::Equals(column, value) => {
                sql.push(next()).identifier(column.name()).push(" = ").bind(value.as_str());
            }
            Term::Member(key, value) => {
                sql.push(next());
                sql.dialect().json_member_equals(sql, "fields", key, value);
            }
            // In every text.
            Term::Contains(text) if text.is_empty() => {}
            Term::Contains(text) => {
                sql.push(next()).contains_any(&["raw_line", "decky", "service", "attacker_ip"], text);
            }
        }
    }
}
