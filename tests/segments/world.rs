//! Events, another program that changes them, and what the table itself says.

use std::sync::Arc;
use std::time::Duration;

use decnet_db::Repository;
use decnet_db::contract::{Bucket, Log, LogFilter, LogQuery, NewLog};
use decnet_db::driver::Backend;
use decnet_db::sql::{Insert, Sql, Statement, Unit};
use decnet_db::testing::let_time_pass;
use decnet_db::time::Timestamp;

use crate::support::Database;

/// What others delete or change in the middle shows after this time at the latest.
pub(crate) const PROMISED: Duration = Duration::from_secs(60);

/// An event: several in a minute, out of order, of one of a few sources; one in 97 has the word `needle`, one in 3 `common`; each
/// has its number, and a user of its own, whom most writers spell as it is.
pub(crate) fn event(number: i64) -> NewLog {
    let micros = (number * 7_919 % 40_009) * 17_000_001 + 1_700_000_000_000_000;
    let time = Timestamp::from_microseconds(micros).unwrap();
    let words = match (number % 97, number % 3) {
        (0, _) => "Needle",
        (_, 0) => "common",
        _ => "nothing",
    };
    NewLog::new(
        "d",
        ["ssh", "http"][number.rem_euclid(2) as usize],
        "e",
        format!("203.0.113.{}", number % 251),
    )
    .timestamp(time)
    .raw_line(format!("{words} {number}"))
    .fields(match number % 5 {
        0 => format!(r#"{{"user":"\\u0075{number}","number":{number}}}"#),
        _ => format!(r#"{{"user":"u{number}","number":{number}}}"#),
    })
}

/// Stores the events with these numbers.
pub(crate) async fn add(db: &dyn Repository, numbers: std::ops::Range<i64>) {
    for from in numbers.clone().step_by(500) {
        db.add_logs((from..numbers.end.min(from + 500)).map(event).collect()).await.unwrap();
    }
}

/// Another program that writes the same table: this process knows nothing of what it does.
pub(crate) struct Other(Arc<dyn Backend>);

impl Other {
    pub(crate) async fn open(db: &Database) -> Self {
        let config = db.config();
        let scheme = db.url.split(':').next().unwrap();
        Self(decnet_db::registry().find(scheme).unwrap().backend(&config).await.unwrap())
    }

    pub(crate) async fn add(&self, numbers: std::ops::Range<i64>) {
        if !numbers.is_empty() {
            let mut unit = Unit::new();
            unit.insert(Insert::rows(numbers.map(event).collect()).unwrap());
            self.0.commit(unit).await.unwrap();
        }
    }

    /// One event of a source.
    pub(crate) async fn add_of(&self, source: &str) {
        let mut unit = Unit::new();
        unit.insert(Insert::row(NewLog::new("d", "ssh", "e", source)).unwrap());
        self.0.commit(unit).await.unwrap();
    }

    /// A DELETE with this condition.
    pub(crate) async fn delete(&self, condition: impl FnOnce(&mut Sql<'_>)) {
        let mut sql = self.sql();
        sql.delete::<Log>().push(" WHERE ");
        condition(&mut sql);
        self.execute(sql.finish().unwrap()).await;
    }

    pub(crate) fn sql(&self) -> Sql<'_> {
        Sql::new(self.0.dialect())
    }

    pub(crate) async fn execute(&self, statement: Statement) {
        let mut unit = Unit::new();
        unit.execute(statement);
        self.0.commit(unit).await.unwrap();
    }

    /// The id that so many others come before.
    pub(crate) async fn id_at(&self, position: u64) -> i64 {
        let mut sql = self.sql();
        sql.push("SELECT id FROM logs ORDER BY id LIMIT 1 OFFSET ").bind(position);
        self.0.query(sql.finish().unwrap()).await.unwrap().scalar().unwrap().unwrap()
    }

    pub(crate) async fn number(&self, text: &'static str) -> u64 {
        let mut sql = self.sql();
        sql.push(text);
        self.0.query(sql.finish().unwrap()).await.unwrap().scalar().unwrap().unwrap()
    }

    pub(crate) async fn rows(&self) -> u64 {
        self.number("SELECT COUNT(*) FROM logs").await
    }

    pub(crate) async fn close(self) {
        self.0.close().await;
    }
}

/// All events, newest first, as the table has them: nothing is known beforehand of what lies within these times.
pub(crate) async fn table(db: &dyn Repository) -> Vec<Log> {
    let since: Timestamp = "0001-01-02".parse().unwrap();
    db.get_logs(LogQuery::new().start_time(since).limit(100_000)).await.unwrap()
}

fn histogram(logs: &[&Log], minutes: i64) -> Vec<Bucket> {
    let mut intervals = std::collections::BTreeMap::<i64, u64>::new();
    for log in logs {
        let second = log.timestamp.as_microseconds().div_euclid(1_000_000);
        *intervals.entry(second.div_euclid(minutes * 60)).or_default() += 1;
    }
    let buckets = intervals.into_iter().map(|(start, count)| {
        let time = Timestamp::from_microseconds(start * minutes * 60_000_000).unwrap();
        serde_json::from_value(serde_json::json!({"time": &time.to_sql_text()[..19], "count": count}))
            .unwrap()
    });
    buckets.collect()
}

/// What the repositories answer is what the table says.
pub(crate) async fn agree(repositories: &[&dyn Repository], other: &Other, offset: u64, search: &str) {
    let anew = table(repositories[0]).await;
    let all: Vec<&Log> = anew.iter().collect();
    let sources = other.number("SELECT COUNT(DISTINCT attacker_ip) FROM logs").await;
    let matching: Vec<&Log> =
        anew.iter().filter(|log| search.split(' ').all(|word| matches(log, word))).collect();
    let cut = anew.get(anew.len() / 2).map_or_else(Timestamp::now, |log| log.timestamp);
    let newer: Vec<&Log> = matching.iter().copied().filter(|log| log.timestamp >= cut).collect();
    for db in repositories {
        assert_eq!(db.get_total_logs(LogFilter::all()).await.unwrap(), anew.len() as u64, "the total");
        let stats = db.get_stats_summary().await.unwrap();
        assert_eq!((stats.total_logs, stats.unique_attackers), (anew.len() as u64, sources), "the figures");
        for minutes in [1, 60] {
            let buckets = db.get_log_histogram(LogFilter::all(), minutes).await.unwrap();
            assert!(buckets == histogram(&all, minutes), "the histogram of {minutes} minutes");
        }
        let page = db.get_logs(LogQuery::new().limit(20).offset(offset)).await.unwrap();
        same(&page, &all, offset, 20, "a page");
        let filter = || LogFilter::all().search(search);
        assert_eq!(
            db.get_total_logs(filter()).await.unwrap(),
            matching.len() as u64,
            "what matches {search}"
        );
        let since = filter().start_time(cut);
        assert_eq!(db.get_total_logs(since.clone()).await.unwrap(), newer.len() as u64, "newer {search}");
        let page = db.get_logs(LogQuery::new().search(search).limit(20).offset(offset % 50)).await.unwrap();
        same(&page, &matching, offset % 50, 20, "a page of what matches");
        let first = db.get_logs_page(15, filter(), None).await.unwrap();
        same(&first.data, &matching, 0, 15, "the first page by key");
        if let Some(next) = first.next {
            let second = db.get_logs_page(15, filter(), Some(next)).await.unwrap();
            same(&second.data, &matching, 15, 15, "the second page by key");
        }
        let buckets = db.get_log_histogram(filter(), 60).await.unwrap();
        assert!(buckets == histogram(&matching, 60), "the histogram of {search}");
        let buckets = db.get_log_histogram(since, 15).await.unwrap();
        assert!(buckets == histogram(&newer, 15), "the histogram of newer {search}");
    }
}

/// Whether the event is of the service, has the member, or the word in one of its texts.
pub(crate) fn matches(log: &Log, word: &str) -> bool {
    if let Some(service) = word.strip_prefix("service:") {
        return log.service == service;
    }
    if let Some((name, text)) = word.split_once(':') {
        return decnet_db::json::member_text(&log.fields, &[name]).as_deref() == Some(text);
    }
    let texts = [&log.raw_line, &log.decky, &log.service, &log.attacker_ip];
    texts.iter().any(|text| text.to_ascii_lowercase().contains(&word.to_ascii_lowercase()))
}

pub(crate) fn same(page: &[Log], all: &[&Log], offset: u64, limit: usize, what: &str) {
    let from = usize::try_from(offset).unwrap().min(all.len());
    let ids = |logs: &mut dyn Iterator<Item = &Log>| logs.map(|log| log.id).collect::<Vec<_>>();
    let expected = &all[from..(from + limit).min(all.len())];
    assert_eq!(ids(&mut page.iter()), ids(&mut expected.iter().copied()), "{what} at {offset}");
}

/// So much time passes that everything must show: also what was changed in place, however long counting took on this machine.
pub(crate) fn wait(in_place: bool) {
    let_time_pass(if in_place { 60 * PROMISED } else { PROMISED });
}
