//! A page that skips many events begins where its rank says, although nobody counts up to there.

use std::sync::Arc;

use decnet_db_core::contract::{LogQuery, Repository};

use super::event;
use crate::database::Database;

async fn lines(repository: &dyn Repository, query: LogQuery) -> Vec<String> {
    repository.get_logs(query).await.unwrap().into_iter().map(|log| log.raw_line).collect()
}

pub(crate) async fn deep_pages_are_where_they_belong(db: Database) {
    db.add_logs((0..3_000).map(|number| event(number, number % 9)).collect()).await.unwrap();
    let all = lines(&*db, LogQuery::new().limit(10_000)).await;
    for offset in [999, 1_000, 1_001, 1_499, 2_000, 2_950, 2_990, 2_999, 3_000, 10_000] {
        let page = lines(&*db, LogQuery::new().limit(50).offset(offset)).await;
        let from = usize::try_from(offset).unwrap().min(all.len());
        assert_eq!(page, all[from..(from + 50).min(all.len())], "offset {offset}");
    }
    // With a condition the place can't be computed.
    let some = lines(&*db, LogQuery::new().search("203.0.113").limit(50).offset(1_234)).await;
    assert_eq!(some, all[1_234..1_284]);
    assert!(lines(&*db, LogQuery::new().limit(0).offset(2_000)).await.is_empty());
}

pub(crate) async fn deep_pages_follow_events_that_come_meanwhile(db: Database) {
    let other = db.open_again().await;
    db.add_logs((0..1_500).map(|number| event(number, 1)).collect()).await.unwrap();
    for round in 0..5 {
        let deep = lines(&*db, LogQuery::new().limit(20).offset(1_200)).await;
        let all = lines(&*other, LogQuery::new().limit(10_000)).await;
        assert_eq!(deep, all[1_200..1_220]);
        other.add_log(event(10_000 + round * 37, 1)).await.unwrap();
    }
    // And while they come without a pause, each page is one that was true at some moment: whole and in order.
    let writer = tokio::spawn({
        let other = Arc::clone(&other);
        async move {
            for number in 0..200 {
                other.add_log(event(20_000 + number * 13, 1)).await.unwrap();
            }
        }
    });
    while !writer.is_finished() {
        let page = db.get_logs(LogQuery::new().limit(30).offset(1_100)).await.unwrap();
        assert_eq!(page.len(), 30);
        assert!(page.is_sorted_by_key(|log| std::cmp::Reverse((log.timestamp, log.id))));
    }
    writer.await.unwrap();
    other.close().await;
}
