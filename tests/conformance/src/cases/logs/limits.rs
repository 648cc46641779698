//! Limits, offsets, filters and counts of events.

use decnet_db_core::ErrorKind;
use decnet_db_core::contract::{LogFilter, LogQuery, NewLog};
use serde_json::json;

use crate::cases::log;
use crate::database::Database;
use crate::json::called;

pub(crate) async fn fifty_by_default(db: Database) {
    db.add_logs((0..60).map(|number| log(number.to_string())).collect()).await.unwrap();
    assert_eq!(db.get_logs(LogQuery::new()).await.unwrap().len(), 50);
    for (method, arguments) in [("get_logs", json!({})), ("get_logs_after_id", json!({"last_id": 0}))] {
        assert_eq!(called(&*db, method, arguments).await.as_array().unwrap().len(), 50, "{method}");
    }
    assert_eq!(called(&*db, "get_logs_page", json!({})).await["data"].as_array().unwrap().len(), 50);
}

pub(crate) async fn no_rows_and_rows_beyond_the_end(db: Database) {
    let page = async |limit: u64, offset: u64| {
        db.get_logs(LogQuery::new().limit(limit).offset(offset)).await.unwrap().len()
    };
    assert_eq!(page(10, 0).await, 0);
    assert_eq!(db.get_max_log_id().await.unwrap(), 0);
    assert_eq!(db.get_log_histogram(LogFilter::all(), 15).await.unwrap().len(), 0);
    db.add_logs((0..5).map(|number| log(number.to_string())).collect()).await.unwrap();
    for (limit, offset, rows) in
        [(0, 0, 0), (10, 0, 5), (2, 0, 2), (2, 4, 1), (2, 5, 0), (2, 1_000, 0), (5, 0, 5)]
    {
        assert_eq!(page(limit, offset).await, rows, "limit {limit}, offset {offset}");
    }
}

pub(crate) async fn a_filter_counts_what_it_lists(db: Database) {
    for number in 0..30_u32 {
        let time = format!("2026-01-{:02}", 1 + number % 10).parse().unwrap();
        let decky = if number % 3 == 0 { "one" } else { "two" };
        db.add_log(NewLog::new(decky, "ssh", "login", "203.0.113.7").timestamp(time)).await.unwrap();
    }
    let day = |day: &str| day.parse::<decnet_db_core::time::Timestamp>().unwrap();
    for (filter, rows) in [
        (LogFilter::all(), 30),
        (LogFilter::all().search("decky:one"), 10),
        (LogFilter::all().search("decky:ONE"), 0),
        (LogFilter::all().search("service:ssh event:login attacker:203.0.113.7"), 30),
        (LogFilter::all().search("decky:one decky:two"), 0),
        (LogFilter::all().start_time(day("2026-01-04")).end_time(day("2026-01-05")), 6),
        (LogFilter::all().search("decky:two").start_time(day("2026-01-10")), 2),
        (LogFilter::all().start_time(day("2026-02-01")), 0),
    ] {
        assert_eq!(db.get_total_logs(filter.clone()).await.unwrap(), rows, "{filter:?}");
        let listed = db.get_logs_after_id(0, 100, filter.clone()).await.unwrap();
        assert_eq!(listed.len() as u64, rows, "{filter:?}");
        let counted: u64 =
            db.get_log_histogram(filter.clone(), 60).await.unwrap().iter().map(|bucket| bucket.count).sum();
        assert_eq!(counted, rows, "{filter:?}");
    }
}

pub(crate) async fn a_taken_id_is_a_conflict(db: Database) {
    let numbered = |id: i64| {
        let mut log = log("x");
        log.id = Some(id);
        log
    };
    db.add_log(numbered(7)).await.unwrap();
    let error = db.add_log(numbered(7)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    db.add_log(log("the next")).await.unwrap();
    let next = db.get_max_log_id().await.unwrap();
    assert!(next > 7, "ids that the database assigns go on behind given ones: {next}");
    assert_eq!(db.get_total_logs(LogFilter::all()).await.unwrap(), 2);
}

pub(crate) async fn statistics_count_rows_and_different_attackers(db: Database) {
    for (ip, count) in [("203.0.113.7", 3), ("203.0.113.8", 1), ("203.0.113.70", 1)] {
        for _ in 0..count {
            db.add_log(NewLog::new("d", "s", "e", ip)).await.unwrap();
        }
    }
    let expected =
        json!({"total_logs": 5, "unique_attackers": 3, "active_deckies": 0, "deployed_deckies": 0});
    assert_eq!(called(&*db, "get_stats_summary", json!({})).await, expected);
}
