//! Many callers at once: nothing is lost, nothing is doubled, and a caller that goes away leaves nothing half done.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Waker};

use decnet_db::contract::{LogFilter, NewBounty, NewLog};
use decnet_db::{Repository, Result};
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{Database, called, each_backend};

each_backend![
    writers_and_readers_go_on_together,
    two_openings_write_at_the_same_time,
    identical_bounties_are_stored_once,
    first_writes_of_a_state_key_all_succeed,
    a_token_is_revoked_once_and_by_the_first,
    a_batch_is_seen_whole_or_not_at_all,
    concurrent_initializations_make_one_schema,
    a_dropped_write_happens_whole_or_not_at_all,
    a_dropped_read_leaves_nothing_behind,
    a_second_process_writes_at_the_same_time,
    a_killed_process_leaves_whole_units,
];

/// Runs `count` calls at once, all of which must succeed.
async fn at_once<F>(db: &Database, count: usize, call: impl Fn(Arc<dyn Repository>, usize) -> F)
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    for number in 0..count {
        tasks.spawn(call(Arc::clone(&db.repository), number));
    }
    while let Some(done) = tasks.join_next().await {
        done.expect("no call panics").expect("each call succeeds");
    }
}

fn log(line: impl Into<String>) -> NewLog {
    NewLog::new("d", "s", "e", "i").raw_line(line)
}

async fn lines(db: &Database) -> Vec<String> {
    let logs = db.get_logs_after_id(0, u64::MAX, LogFilter::all()).await.unwrap();
    logs.into_iter().map(|log| log.raw_line).collect()
}

/// 64 writers, half of them by batches, and readers whose view only ever grows.
async fn writers_and_readers_go_on_together(db: Database) {
    let done = Arc::new(AtomicBool::new(false));
    let mut readers = JoinSet::new();
    for _ in 0..4 {
        let (repository, done) = (Arc::clone(&db.repository), Arc::clone(&done));
        readers.spawn(async move {
            let (mut seen, mut rounds) = (0, 0);
            while !done.load(Ordering::Relaxed) || rounds == 0 {
                let total = repository.get_total_logs(LogFilter::all()).await.unwrap();
                assert!(total >= seen, "{total} after {seen}");
                let newest = repository.get_logs_after_id(0, 5, LogFilter::search("s:x d")).await.unwrap();
                assert!(newest.is_empty());
                (seen, rounds) = (total, rounds + 1);
            }
        });
    }
    at_once(&db, 64, async |repository, number| {
        for turn in 0..10 {
            let line = |part| log(format!("{number}/{turn}/{part}"));
            if number % 2 == 0 {
                repository.add_log(line(0)).await?;
                repository.add_log(line(1)).await?;
            } else {
                repository.add_logs(vec![line(0), line(1)]).await?;
            }
        }
        Ok(())
    })
    .await;
    done.store(true, Ordering::Relaxed);
    while let Some(reader) = readers.join_next().await {
        reader.expect("no reader fails");
    }
    let mut lines = lines(&db).await;
    lines.sort();
    let mut expected: Vec<_> = (0..64)
        .flat_map(|n| (0..10).flat_map(move |t| (0..2).map(move |p| format!("{n}/{t}/{p}"))))
        .collect();
    expected.sort();
    assert_eq!(lines, expected);
}

/// Connections of their own, as in another process.
async fn two_openings_write_at_the_same_time(db: Database) {
    let mut writers = JoinSet::new();
    for opening in 0..2 {
        let repository = db.open_again().await;
        writers.spawn(async move {
            for number in 0..100 {
                repository.add_log(log(format!("{opening}/{number}"))).await.unwrap();
                repository.set_state("shared", json!(number).into()).await.unwrap();
            }
            repository.close().await;
        });
    }
    while let Some(writer) = writers.join_next().await {
        writer.expect("both write");
    }
    for opening in 0..2 {
        let prefix = format!("{opening}/");
        let own: Vec<_> = lines(&db).await.into_iter().filter(|line| line.starts_with(&prefix)).collect();
        let expected: Vec<_> = (0..100).map(|number| format!("{prefix}{number}")).collect();
        assert_eq!(own, expected, "each opening's rows, in its order");
    }
    assert_eq!(called(&*db, "get_state", json!({"key": "shared"})).await, json!(99));
}

async fn identical_bounties_are_stored_once(db: Database) {
    at_once(&db, 64, async |repository, _| {
        let bounty = NewBounty::new("d", "s", "203.0.113.7", "artifact").payload(json!({"sha256": "aa"}));
        repository.add_bounty(bounty).await
    })
    .await;
    assert_eq!(called(&*db, "get_total_bounties", json!({})).await, json!(1));
}

async fn first_writes_of_a_state_key_all_succeed(db: Database) {
    at_once(&db, 64, async |repository, number| repository.set_state("k", json!(number).into()).await).await;
    assert!(called(&*db, "get_state", json!({"key": "k"})).await.as_u64() < Some(64));
}

async fn a_token_is_revoked_once_and_by_the_first(db: Database) {
    let never = "2099-01-01".parse().unwrap();
    db.revoke_token("j", "first", never).await.unwrap();
    let expired = "2020-01-01".parse().unwrap();
    db.revoke_token("old", "first", expired).await.unwrap();
    assert!(db.is_token_revoked("old").await.unwrap());
    at_once(&db, 8, |repository, number| async move {
        repository.revoke_token("j", &format!("user {number}"), never).await
    })
    .await;
    assert!(db.is_token_revoked("j").await.unwrap());
    assert!(!db.is_token_revoked("old").await.unwrap());
    let counts = db.row_counts().await.unwrap();
    assert!(counts.contains(&("revoked_tokens", Some(1))), "{counts:?}");
}

async fn a_batch_is_seen_whole_or_not_at_all(db: Database) {
    let done = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn({
        let (other, done) = (db.open_again().await, Arc::clone(&done));
        async move {
            while !done.load(Ordering::Relaxed) {
                let total = other.get_total_logs(LogFilter::all()).await.unwrap();
                assert_eq!(total % 700, 0);
            }
            other.close().await;
        }
    });
    for _ in 0..10 {
        db.add_logs(vec![log("x"); 700]).await.unwrap();
    }
    done.store(true, Ordering::Relaxed);
    reader.await.expect("no batch is seen in part");
}

async fn concurrent_initializations_make_one_schema(db: Database) {
    at_once(&db, 8, async |repository, _| {
        let done = repository.initialize().await?;
        assert_eq!((done.created, done.revision.as_str()), (0, "4a914b1d62a0"));
        Ok(())
    })
    .await;
}

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

async fn a_dropped_write_happens_whole_or_not_at_all(db: Database) {
    let mut ready = Vec::new();
    for times in 0..24 {
        let key = format!("dropped {times}");
        let unit = db.unit().add_logs(vec![log(&*key), log(&*key)]).set_state(&key, json!(times));
        ready.push(polled(times, unit.commit()).await);
    }
    // What is under way is finished; what goes wrong now would be seen by the next one who opens the database.
    let db = db.reopened().await;
    let lines = lines(&db).await;
    for (times, ready) in ready.into_iter().enumerate() {
        let key = format!("dropped {times}");
        let stored = lines.iter().filter(|line| **line == key).count();
        let state = called(&*db, "get_state", json!({"key": key})).await;
        let whole = stored == 2 && state == json!(times);
        let nothing = stored == 0 && state.is_null();
        assert!(
            whole || (nothing && !ready),
            "after {times} polls: {stored} rows, state {state}, ready: {ready}"
        );
        assert!(times > 0 || nothing, "nothing happens before the first poll");
    }
    // The connections are fit for more.
    db.add_log(log("after")).await.unwrap();
    db.repository.close().await;
}

async fn a_dropped_read_leaves_nothing_behind(db: Database) {
    db.add_logs(vec![log("x"); 200]).await.unwrap();
    for times in 0..200 {
        polled(times % 8, db.get_logs_after_id(0, 200, LogFilter::search("x"))).await;
    }
    // Every connection is whole again, and none is lost.
    at_once(&db, 64, async |repository, _| {
        assert!(repository.get_total_logs(LogFilter::all()).await? >= 200);
        repository.add_log(log("y")).await
    })
    .await;
    assert_eq!(lines(&db).await.len(), 264);
}

/// Names the database to the second process.
const CHILD_URL: &str = "DECNET_TEST_CHILD_URL";

/// What the second process does: units of two rows and their number, as fast as it can, until it is killed or there are
/// as many as asked for. Does nothing when the tests are run as usual.
#[test]
fn in_a_second_process() {
    let Ok(url) = std::env::var(CHILD_URL) else { return };
    let count: u64 = std::env::var("DECNET_TEST_CHILD_COUNT").unwrap().parse().unwrap();
    let config = decnet_db::config::Config::new(url.parse().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let repository = decnet_db::connect_with(&config).await.unwrap();
        for number in 1..=count {
            let unit = repository.unit().add_logs(vec![log("child"), log("child")]);
            unit.set_state("child", json!(number)).commit().await.unwrap();
        }
        repository.close().await;
    });
}

fn second_process(db: &Database, count: u64) -> std::process::Child {
    std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "concurrency::in_a_second_process"])
        .env(CHILD_URL, &db.url)
        .env("DECNET_TEST_CHILD_COUNT", count.to_string())
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("this program runs once more")
}

async fn rows_of_the_second_process(db: &Database) -> u64 {
    db.get_total_logs(LogFilter::search("child")).await.unwrap()
}

async fn a_second_process_writes_at_the_same_time(db: Database) {
    let mut child = second_process(&db, 150);
    let mut own = 0;
    while child.try_wait().unwrap().is_none() {
        db.add_log(log("own")).await.unwrap();
        own += 1;
    }
    assert!(child.wait().unwrap().success());
    assert_eq!(rows_of_the_second_process(&db).await, 300);
    assert_eq!(called(&*db, "get_state", json!({"key": "child"})).await, json!(150));
    assert_eq!(db.get_total_logs(LogFilter::search("own")).await.unwrap(), own);
}

async fn a_killed_process_leaves_whole_units(db: Database) {
    let mut before = 0;
    for _ in 0..3 {
        let mut child = second_process(&db, u64::MAX);
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
