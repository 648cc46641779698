//! Results that are read page by page, and as one.

use decnet_db_core::contract::limits::MOST_ROWS;
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

    // Ids ascend in the order of the rows; an engine may leave some out.
    let whole = db.get_logs_after_id(0, MOST_ROWS, LogFilter::all()).await.unwrap();
    assert_eq!(whole.len() as i64, ROWS);
    assert!(
        whole.iter().zip(0..).all(|(log, number)| log.raw_line == format!("line {number}")),
        "in their order"
    );
    assert!(whole.is_sorted_by(|one, next| one.id < next.id), "by ascending ids");

    let (mut last, mut by_id) = (0, Vec::new());
    loop {
        let page = db.get_logs_after_id(last, 7_777, LogFilter::all()).await.unwrap();
        let Some(end) = page.last() else { break };
        last = end.id;
        by_id.extend(page);
    }
    assert!(by_id == whole, "the pages by id are the whole");

    let (mut after, mut newest_first) = (None, Vec::new());
    loop {
        let page = db.get_logs_page(4_999, LogFilter::all(), after).await.unwrap();
        newest_first.extend(page.data);
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    newest_first.reverse();
    assert!(newest_first == whole, "newest first, each once");
}
