//! What comes, and from where on.

use std::sync::Arc;
use std::time::Duration;

use decnet_db::contract::Log;
use decnet_db::sql::{Record as _, Sql, Unit};
use decnet_db::watch::{Token, Watch};

use crate::support::{Database, each_backend};
use crate::{event, events, lines, next, nothing, numbers, watching};

each_backend!(
    what_is_stored_from_now_on_comes_once_and_in_order,
    commits_of_many_tasks_come_once,
    what_others_store_comes,
    a_token_goes_on_after_a_restart,
    a_stream_begins_with_the_first_event,
    a_slow_reader_holds_up_nobody_and_misses_nothing,
    calls_that_are_dropped_lose_nothing,
    old_events_may_be_deleted_meanwhile,
    after_a_purge_all_that_comes_is_new,
    the_last_event_may_be_deleted,
);

async fn what_is_stored_from_now_on_comes_once_and_in_order(database: Database) {
    database.add_log(event("before")).await.unwrap();
    let mut watcher = watching(&database.repository, Watch::new()).await;
    let mut second = watching(&database.repository, Watch::new().search("line:none service:ssh")).await;
    nothing(&mut watcher).await;
    for line in 0..50 {
        database.add_log(event(line.to_string())).await.unwrap();
    }
    assert_eq!(lines(&mut watcher, 50).await, numbers(0..50));
    nothing(&mut watcher).await;
    nothing(&mut second).await;
}

async fn commits_of_many_tasks_come_once(database: Database) {
    let mut watcher = watching(&database.repository, Watch::new()).await;
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let repository = Arc::clone(&database.repository);
            tokio::spawn(async move {
                for step in 0..25 {
                    repository
                        .add_logs(events([task * 100 + 2 * step, task * 100 + 2 * step + 1]))
                        .await
                        .unwrap();
                }
            })
        })
        .collect();
    let mut found = lines(&mut watcher, 400).await;
    for task in tasks {
        task.await.unwrap();
    }
    nothing(&mut watcher).await;
    found.sort_unstable();
    let mut stored: Vec<String> = (0..8).flat_map(|task| numbers(task * 100..task * 100 + 50)).collect();
    stored.sort_unstable();
    assert_eq!(found, stored);
}

async fn what_others_store_comes(database: Database) {
    let other = database.open_again().await;
    let mut watcher = watching(&database.repository, Watch::new()).await;
    for line in 0..5 {
        other.add_log(event(line.to_string())).await.unwrap();
        let begun = std::time::Instant::now();
        assert_eq!(lines(&mut watcher, 1).await, [line.to_string()]);
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    }
    other.close().await;
}

async fn a_token_goes_on_after_a_restart(database: Database) {
    let what = || Watch::new().search("login_no:x event:login_attempt").filter(Default::default());
    let mut watcher = watching(&database.repository, what()).await;
    let untouched = watcher.token();
    database.add_logs(events(0..10)).await.unwrap();
    assert_eq!(lines(&mut watcher, 4).await, numbers(0..4));
    let token = watcher.token().to_string();
    assert!(token.len() < 60, "{token}");
    drop(watcher);
    let database = database.reopened().await;
    database.add_logs(events(10..2_510)).await.unwrap();
    let after = |token: &str| what().after(token.parse::<Token>().unwrap());
    let mut watcher = watching(&database.repository, after(&token)).await;
    assert_eq!(lines(&mut watcher, 1_500).await, numbers(4..1_504));
    // In the middle of what is read from the database.
    let middle = watcher.token().to_string();
    assert_eq!(lines(&mut watcher, 1_006).await, numbers(1_504..2_510));
    database.add_logs(events(2_510..2_512)).await.unwrap();
    assert_eq!(lines(&mut watcher, 2).await, numbers(2_510..2_512));
    nothing(&mut watcher).await;
    let mut again = watching(&database.repository, after(&middle)).await;
    assert_eq!(lines(&mut again, 1_008).await, numbers(1_504..2_512));
    nothing(&mut again).await;
    let mut all = watching(&database.repository, what().after(untouched)).await;
    assert_eq!(lines(&mut all, 2_512).await, numbers(0..2_512));
    // At the end.
    let end = all.token().to_string();
    let mut last = watching(&database.repository, after(&end)).await;
    nothing(&mut last).await;
    database.repository.close().await;
}

async fn a_stream_begins_with_the_first_event(database: Database) {
    database.add_logs(events(0..1_200)).await.unwrap();
    let mut watcher = watching(&database.repository, Watch::new().from_start()).await;
    assert_eq!(lines(&mut watcher, 600).await, numbers(0..600));
    database.add_logs(events(1_200..1_300)).await.unwrap();
    assert_eq!(lines(&mut watcher, 700).await, numbers(600..1_300));
    nothing(&mut watcher).await;
}

async fn a_slow_reader_holds_up_nobody_and_misses_nothing(database: Database) {
    // More than is kept for all watchers together.
    const ALL: usize = 40_000;
    let mut slow = watching(&database.repository, Watch::new()).await;
    let mut fast = watching(&database.repository, Watch::new()).await;
    database.add_logs(events(0..10)).await.unwrap();
    assert_eq!(lines(&mut slow, 3).await, numbers(0..3));
    let repository = Arc::clone(&database.repository);
    let writer = tokio::spawn(async move {
        for part in 0..ALL / 1_000 {
            repository.add_logs(events(10 + part * 1_000..10 + (part + 1) * 1_000)).await.unwrap();
        }
    });
    assert_eq!(lines(&mut fast, ALL + 10).await, numbers(0..ALL + 10));
    writer.await.unwrap();
    assert_eq!(lines(&mut slow, ALL + 7).await, numbers(3..ALL + 10));
    database.add_log(event("last")).await.unwrap();
    assert_eq!(lines(&mut slow, 1).await, ["last"]);
    assert_eq!(lines(&mut fast, 1).await, ["last"]);
}

async fn calls_that_are_dropped_lose_nothing(database: Database) {
    database.add_logs(events(0..500)).await.unwrap();
    let mut watcher = watching(&database.repository, Watch::new().from_start()).await;
    let repository = Arc::clone(&database.repository);
    let writer = tokio::spawn(async move {
        for line in 500..700 {
            repository.add_log(event(line.to_string())).await.unwrap();
        }
    });
    let mut found = Vec::new();
    let begun = std::time::Instant::now();
    let mut patience = 1;
    while found.len() < 700 {
        assert!(begun.elapsed() < crate::BOUND, "{} came", found.len());
        match tokio::time::timeout(Duration::from_micros(patience), watcher.next()).await {
            Ok(next) => found.push(next.unwrap().unwrap().raw_line.clone()),
            // A caller that never waits long enough for the database would never get anything.
            Err(_) => patience = (patience * 2) % 100_000,
        }
    }
    writer.await.unwrap();
    assert_eq!(found, numbers(0..700));
    nothing(&mut watcher).await;
}

/// Deletes the events with these ids, as no method of the contract does.
async fn delete(database: &Database, from: i64, to: i64) {
    let engine = database.repository.engine();
    let mut sql = Sql::new(engine.dialect());
    sql.delete::<Log>().and().column(Log::ID).push(" BETWEEN ").bind(from).push(" AND ").bind(to);
    let mut unit = Unit::new();
    unit.execute(sql.finish().unwrap());
    engine.commit(unit).await.unwrap();
    assert_eq!(Log::TABLE.name, "logs");
}

async fn old_events_may_be_deleted_meanwhile(database: Database) {
    let mut watcher = watching(&database.repository, Watch::new()).await;
    let mut behind = watching(&database.repository, Watch::new()).await;
    database.add_logs(events(0..100)).await.unwrap();
    let first = next(&mut watcher).await.unwrap();
    assert_eq!(lines(&mut watcher, 99).await, numbers(1..100));
    let token = watcher.token();
    delete(&database, first.id, first.id + 98).await;
    database.add_logs(events(100..110)).await.unwrap();
    assert_eq!(lines(&mut watcher, 10).await, numbers(100..110));
    // What was read before it was deleted comes all the same.
    assert_eq!(lines(&mut behind, 110).await, numbers(0..110));
    // Also the one that a token ends at.
    delete(&database, first.id, first.id + 104).await;
    let mut late = watching(&database.repository, Watch::new().after(token)).await;
    assert_eq!(lines(&mut late, 5).await, numbers(105..110));
    for watcher in [&mut watcher, &mut behind, &mut late] {
        nothing(watcher).await;
    }
}

async fn after_a_purge_all_that_comes_is_new(database: Database) {
    let mut watcher = watching(&database.repository, Watch::new()).await;
    database.add_logs(events(0..50)).await.unwrap();
    assert_eq!(lines(&mut watcher, 50).await, numbers(0..50));
    let token = watcher.token();
    database.purge_logs_and_bounties().await.unwrap();
    database.add_logs(events(50..55)).await.unwrap();
    assert_eq!(lines(&mut watcher, 5).await, numbers(50..55));
    let mut resumed = watching(&database.repository, Watch::new().after(token.clone())).await;
    assert_eq!(lines(&mut resumed, 5).await, numbers(50..55));
    // Beyond the ids that were there before.
    database.purge_logs_and_bounties().await.unwrap();
    database.add_logs(events(100..200)).await.unwrap();
    for watcher in [&mut watcher, &mut resumed] {
        assert_eq!(lines(watcher, 100).await, numbers(100..200));
        nothing(watcher).await;
    }
    let mut resumed = watching(&database.repository, Watch::new().after(token)).await;
    assert_eq!(lines(&mut resumed, 100).await, numbers(100..200));
    nothing(&mut resumed).await;
}

async fn the_last_event_may_be_deleted(database: Database) {
    let mut watcher = watching(&database.repository, Watch::new()).await;
    database.add_logs(events(0..50)).await.unwrap();
    let first = next(&mut watcher).await.unwrap();
    assert_eq!(lines(&mut watcher, 49).await, numbers(1..50));
    delete(&database, first.id + 45, first.id + 60).await;
    database.add_logs(events(50..60)).await.unwrap();
    assert_eq!(lines(&mut watcher, 10).await, numbers(50..60));
    nothing(&mut watcher).await;
}
