//! Results that are read page by page, and as one.

use decnet_db_core::contract::{LogFilter, NewLog};
use decnet_db_core::time::Timestamp;

use crate::database::Database;

const ROWS: i64 = 50_000;

pub(crate) async fn fifty_thousand_events_come_out_whole(db: Database) {
    let first: i64 = "2026-01-01".parse::<Timestamp>().unwrap().as_microseconds();
    for batch in 0..ROWS / 5_000 {
        let row = |number: i64| {
            // Seven in a row share a time, across batches and pages.
            let time = Timestamp::from_microseconds(first + number / 7).unwrap();
            NewLog::new("decky-01", "ssh", "login", "203.0.113.7")
                .raw_line(format!("line {number}"))
                .timestamp(time)
        };
        db.add_logs((batch * 5_000..(batch + 1) * 5_000).map(row).collect()).await.unwrap();
    }
    assert_eq!(db.get_total_logs(LogFilter::all()).await.unwrap(), ROWS.unsigned_abs());

    let whole = db.get_logs_after_id(0, u64::MAX, LogFilter::all()).await.unwrap();
    assert_eq!(whole.len() as i64, ROWS);
    assert!(
        whole
            .iter()
            .zip(0..)
            .all(|(log, number)| log.id == number + 1 && log.raw_line == format!("line {number}"))
    );

    let (mut last, mut by_id) = (0, 0);
    loop {
        let page = db.get_logs_after_id(last, 7_777, LogFilter::all()).await.unwrap();
        let Some(end) = page.last() else { break };
        assert!(page.iter().zip(last + 1..).all(|(log, id)| log.id == id), "after {last}");
        (last, by_id) = (end.id, by_id + page.len() as i64);
    }
    assert_eq!((last, by_id), (ROWS, ROWS));

    let (mut after, mut expected) = (None, ROWS);
    loop {
        let page = db.get_logs_page(4_999, LogFilter::all(), after).await.unwrap();
        for log in &page.data {
            assert_eq!(log.id, expected, "newest first, without a gap");
            expected -= 1;
        }
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert_eq!(expected, 0);
}
