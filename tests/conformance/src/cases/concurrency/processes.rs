//! Several processes with the same database.

use decnet_db_core::contract::LogFilter;
use serde_json::json;

use crate::cases::log;
use crate::database::Database;
use crate::json::called;
use crate::second_process::Work;

async fn rows_of_the_second_process(db: &Database) -> u64 {
    db.get_total_logs(LogFilter::all().search("child")).await.unwrap()
}

pub(crate) async fn a_second_process_writes_at_the_same_time(db: Database) {
    let mut child = db.second_process(Work::Units(150));
    let mut own = 0;
    while child.try_wait().unwrap().is_none() {
        db.add_log(log("own")).await.unwrap();
        own += 1;
    }
    assert!(child.wait().unwrap().success());
    assert_eq!(rows_of_the_second_process(&db).await, 300);
    assert_eq!(called(&*db, "get_state", json!({"key": "child"})).await, json!(150));
    assert_eq!(db.get_total_logs(LogFilter::all().search("own")).await.unwrap(), own);
}

pub(crate) async fn a_killed_process_leaves_whole_units(db: Database) {
    let mut before = 0;
    for _ in 0..3 {
        let mut child = db.second_process(Work::Units(u64::MAX));
        while rows_of_the_second_process(&db).await < before + 20 {
            assert!(child.try_wait().unwrap().is_none(), "the second process ended by itself");
            tokio::task::yield_now().await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let after = rows_of_the_second_process(&db).await;
        let units = called(&*db, "get_state", json!({"key": "child"})).await;
        assert_eq!(json!((after - before) / 2), units);
        assert_eq!(after % 2, 0);
        before = after;
        // What the killed process held is free again.
        db.add_log(log("own")).await.unwrap();
    }
}
