//! Events and what is counted of them.

use async_trait::async_trait;

use super::page::{behind, page, rows_for};
use super::{SqlRepository, UnitOfWork};
use crate::contract::search::{Search, Term};
use crate::contract::{Bucket, Log, LogCursor, LogFilter, LogQuery, Logs, NewLog, Page, Stats};
use crate::error::Result;
use crate::sql::{Insert, Sql};
use crate::time::Timestamp;

/// More minutes than there are from year 1 to 9999. Wider intervals give the same two buckets, one on each side of 1970,
/// and would overflow the engines' arithmetic.
const ALL_YEARS: i64 = 10_000 * 366 * 24 * 60;

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
        let mut sql = self.select::<Log>();
        matching(&mut sql, " WHERE ", &query.filter());
        sql.push(" ORDER BY ").identifier("timestamp").push(" DESC, id DESC").page(limit, offset);
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
        sql.push(" ORDER BY ").identifier("timestamp").push(" DESC, id DESC").page(rows, 0);
        let logs = self.read(sql).await?.records()?;
        Ok(page(logs, limit, |last: &Log| LogCursor::behind("timestamp", last.timestamp, last.id)))
    }

    async fn get_total_logs(&self, filter: LogFilter) -> Result<u64> {
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
        let mut sql = self.sql();
        sql.push("SELECT ");
        dialect.bucket(&mut sql, "timestamp", interval_minutes.clamp(1, ALL_YEARS) * 60);
        sql.push(" AS bucket, COUNT(*) FROM logs");
        matching(&mut sql, " WHERE ", &filter);
        sql.push(" GROUP BY bucket ORDER BY bucket");
        self.read(sql).await?.decode(|row| {
            let start: i64 = row.read("logs", "bucket")?;
            Ok(Bucket { time: Timestamp::bucket_text(start), count: row.read("logs", "count")? })
        })
    }

    async fn get_stats_summary(&self) -> Result<Stats> {
        let mut sql = self.sql();
        // One statement is one snapshot.
        sql.push("SELECT (SELECT COUNT(*) FROM logs), (SELECT COUNT(DISTINCT attacker_ip) FROM logs), ");
        sql.push("(SELECT COUNT(*) FROM fleet_deckies WHERE state = ").bind("running");
        sql.push(") + (SELECT COUNT(*) FROM topology_deckies WHERE state = ").bind("running");
        sql.push("), (SELECT COUNT(*) FROM fleet_deckies) + (SELECT COUNT(*) FROM topology_deckies)");
        let stats = self.read(sql).await?.decode(|row| {
            Ok(Stats {
                total_logs: row.read("stats", "total_logs")?,
                unique_attackers: row.read("stats", "unique_attackers")?,
                active_deckies: row.read("stats", "active_deckies")?,
                deployed_deckies: row.read("stats", "deployed_deckies")?,
            })
        })?;
        stats
            .into_iter()
            .next()
            .ok_or_else(|| super::repository::broken("the statistics came back without a row"))
    }
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
                sql.push(next()).push("(").contains("raw_line", text);
                for column in ["decky", "service", "attacker_ip"] {
                    sql.push(" OR ").contains(column, text);
                }
                sql.push(")");
            }
        }
    }
}
