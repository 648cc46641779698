//! A caller that goes away leaves nothing half done.

use std::pin::pin;
use std::task::{Context, Waker};

use decnet_db_core::contract::LogFilter;
use serde_json::json;

use crate::cases::{at_once, lines, log};
use crate::database::Database;
use crate::json::called;

/// Polls a future so many times, then drops it. Says whether it was ready by then.
async fn polled<T>(times: usize, future: impl Future<Output = T>) -> bool {
    let mut future = pin!(future);
    for _ in 0..times {
        if future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
            return true;
        }
        tokio::task::yield_now().await;
    }
    false
}

/// How often a write is dropped after so many polls: where it is by then is up to the driver's threads.
const ROUNDS: usize = 16;

pub(crate) async fn a_dropped_write_happens_whole_or_not_at_all(db: Database) {
    let mut ready = Vec::new();
    for round in 0..ROUNDS {
        for times in 0..24 {
            let key = format!("dropped {times} in round {round}");
            let unit = db.unit().add_logs(vec![log(&*key), log(&*key)]).set_state(&key, json!(times));
            ready.push((times, key, polled(times, unit.commit()).await));
        }
    }
    // What is under way is finished; what goes wrong now would be seen by the next one who opens the database.
    let db = db.reopened().await;
    let lines = lines(&db).await;
    for (times, key, ready) in ready {
        let stored = lines.iter().filter(|line| **line == key).count();
        let state = called(&*db, "get_state", json!({"key": key})).await;
        let whole = stored == 2 && state == json!(times);
        let nothing = stored == 0 && state.is_null();
        assert!(whole || (nothing && !ready), "{key}: {stored} rows, state {state}, ready: {ready}");
        assert!(times > 0 || nothing, "nothing happens before the first poll");
    }
    // The connections are fit for more.
    db.add_log(log("after")).await.unwrap();
    db.repository.close().await;
}

pub(crate) async fn a_dropped_read_leaves_nothing_behind(db: Database) {
    db.add_logs(vec![log("x"); 200]).await.unwrap();
    for times in 0..200 {
        polled(times % 8, db.get_logs_after_id(0, 200, LogFilter::all().search("x"))).await;
    }
    // Every connection is whole again, and none is lost.
    at_once(&db, 64, async |repository, _| {
        assert!(repository.get_total_logs(LogFilter::all()).await? >= 200);
        repository.add_log(log("y")).await
    })
    .await;
    assert_eq!(lines(&db).await.len(), 264);
}
