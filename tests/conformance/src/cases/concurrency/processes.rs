//! Several processes with the same database.

use std::process::Child;

use decnet_db_core::contract::LogFilter;
use serde_json::{Value, json};

use crate::cases::log;
use crate::database::Database;
use crate::json::called;
use crate::second_process::{Work, line_of};

/// The rows that a second process has committed.
async fn rows_of(db: &Database, child: &Child) -> u64 {
    db.get_total_logs(LogFilter::all().search(line_of(child.id()))).await.unwrap()
}

/// The number of the last unit that it has committed.
async fn units_of(db: &Database, child: &Child) -> Value {
    called(&**db, "get_state", json!({"key": line_of(child.id())})).await
}

pub(crate) async fn a_second_process_writes_at_the_same_time(db: Database) {
    let mut child = db.second_process(Work::Units(150));
    let mut own = 0;
    while child.try_wait().unwrap().is_none() {
        db.add_log(log("own")).await.unwrap();
        own += 1;
    }
    assert!(child.wait().unwrap().success());
    assert_eq!(rows_of(&db, &child).await, 300);
    assert_eq!(units_of(&db, &child).await, json!(150));
    assert_eq!(db.get_total_logs(LogFilter::all().search("own")).await.unwrap(), own);
}

pub(crate) async fn a_killed_process_leaves_whole_units(db: Database) {
    for _ in 0..3 {
        let mut child = db.second_process(Work::Units(u64::MAX));
        while rows_of(&db, &child).await < 20 {
            assert!(child.try_wait().unwrap().is_none(), "the second process ended by itself");
            tokio::task::yield_now().await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // A server may still be committing what it was sent: then the two reads see different units.
        let (rows, units) = loop {
            let before = units_of(&db, &child).await;
            let rows = rows_of(&db, &child).await;
            if units_of(&db, &child).await == before {
                break (rows, before);
            }
        };
        assert_eq!(json!(rows / 2), units);
        assert_eq!(rows % 2, 0);
        // What the killed process held is free again.
        db.add_log(log("own")).await.unwrap();
    }
}
