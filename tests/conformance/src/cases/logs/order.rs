//! The order of events.

use decnet_db_core::contract::{Log, LogFilter, LogQuery, NewLog};

use crate::database::Database;

/// Adds events with these times, one after the other; returns their ids, which an engine may assign in steps.
async fn at(db: &Database, times: &[&str]) -> Vec<i64> {
    let mut ids = Vec::with_capacity(times.len());
    for time in times {
        let log = NewLog::new("d", "s", "e", "i").timestamp(time.parse().unwrap());
        db.add_log(log).await.unwrap();
        ids.push(db.get_max_log_id().await.unwrap());
    }
    assert!(ids.is_sorted_by(|before, after| before < after), "{ids:?}");
    ids
}

/// Which of the events, counted from 1 on in the order in which they were added.
fn which(ids: &[i64], logs: &[Log]) -> Vec<usize> {
    let position = |log: &Log| ids.iter().position(|id| *id == log.id).expect("one of the events") + 1;
    logs.iter().map(position).collect()
}

pub(crate) async fn newest_first_by_time_and_not_by_id(db: Database) {
    let ids = at(&db, &["2026-01-02", "2026-01-03", "2026-01-01", "1969-12-31T23:59:59.999999Z"]).await;
    assert_eq!(which(&ids, &db.get_logs(LogQuery::new()).await.unwrap()), [2, 1, 3, 4]);
}

pub(crate) async fn ties_are_broken_by_descending_id(db: Database) {
    let ids = at(&db, &["2026-01-01"; 5]).await;
    assert_eq!(which(&ids, &db.get_logs(LogQuery::new()).await.unwrap()), [5, 4, 3, 2, 1]);
    assert_eq!(which(&ids, &db.get_logs(LogQuery::new().limit(2).offset(1)).await.unwrap()), [4, 3]);
    let page = db.get_logs_page(3, LogFilter::all(), None).await.unwrap();
    assert_eq!(which(&ids, &page.data), [5, 4, 3]);
    let page = db.get_logs_page(3, LogFilter::all(), page.next).await.unwrap();
    assert_eq!(which(&ids, &page.data), [2, 1]);
    assert!(page.next.is_none());
}

pub(crate) async fn one_microsecond_decides(db: Database) {
    let times = ["2026-01-01T00:00:00.000002Z", "2026-01-01T00:00:00.000003Z", "2026-01-01T00:00:00.000001Z"];
    let ids = at(&db, &times).await;
    assert_eq!(which(&ids, &db.get_logs(LogQuery::new()).await.unwrap()), [2, 1, 3]);
    let stored = db.get_logs_after_id(0, 5, LogFilter::all()).await.unwrap();
    let stored: Vec<_> = stored.iter().map(|log| log.timestamp.to_string()).collect();
    assert_eq!(stored, times);
}

pub(crate) async fn after_an_id_by_ascending_id(db: Database) {
    let ids = at(&db, &["2026-01-03", "2026-01-02", "2026-01-01", "2026-01-04"]).await;
    let after = async |id: i64, limit: u64| {
        which(&ids, &db.get_logs_after_id(id, limit, LogFilter::all()).await.unwrap())
    };
    assert_eq!(after(0, 50).await, [1, 2, 3, 4]);
    assert_eq!(after(ids[1], 50).await, [3, 4]);
    assert_eq!(after(ids[0], 2).await, [2, 3]);
    assert_eq!(after(-7, 1).await, [1]);
    assert_eq!(after(ids[3], 50).await, [0; 0]);
}

pub(crate) async fn the_rows_of_a_batch_keep_its_order(db: Database) {
    let lines: Vec<_> = (0..1_200).map(|number| format!("line {number}")).collect();
    let time = "2026-01-01".parse().unwrap();
    let row = |line: &String| NewLog::new("d", "s", "e", "i").raw_line(line).timestamp(time);
    db.add_logs(lines.iter().map(row).collect()).await.unwrap();
    assert_eq!(crate::cases::lines(&db).await, lines);
}

pub(crate) async fn buckets_are_in_the_order_of_time(db: Database) {
    at(
        &db,
        &[
            "2026-01-01T01:00:00Z",
            "2026-01-01T00:00:00Z",
            "2026-01-01T00:14:59.999999Z",
            "2025-12-31T23:59:59Z",
        ],
    )
    .await;
    let buckets = db.get_log_histogram(LogFilter::all(), 15).await.unwrap();
    let buckets: Vec<_> = buckets.iter().map(|bucket| (bucket.time.as_str(), bucket.count)).collect();
    assert_eq!(buckets, [("2025-12-31 23:45:00", 1), ("2026-01-01 00:00:00", 2), ("2026-01-01 01:00:00", 1)]);
}
