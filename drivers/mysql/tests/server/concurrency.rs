//! Many callers at once.

use std::sync::Arc;
use std::time::Duration;

use decnet_db_core::ErrorKind;
use decnet_db_core::contract::{BountyFilter, LogFilter, NewBounty, NewLog, NewUser};
use decnet_db_core::json::Json;
use mysql_async::prelude::Queryable;
use tokio::task::JoinSet;

use crate::database::{Database, open};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_bounty_from_two_processes_is_one_row() {
    let (database, one) = Database::ready().await;
    let other = database.open().await;
    let mut tasks = JoinSet::new();
    for n in 0..64 {
        let repository = if n % 2 == 0 { one.clone() } else { other.clone() };
        tasks.spawn(async move {
            let payload = format!("secret {}", n / 2 % 4);
            repository
                .add_bounty(NewBounty::new("d", "ssh", "203.0.113.7", "credential").payload(payload))
                .await
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap().unwrap();
    }
    assert_eq!(one.get_total_bounties(BountyFilter::default()).await.unwrap(), 4);
    // No lock is left behind on a pooled connection.
    let waiting = format!(
        "SELECT CAST(COUNT(*) AS CHAR) FROM information_schema.processlist WHERE state LIKE 'User lock' AND db = '{}'",
        database.name
    );
    assert_eq!(database.texts(&waiting).await, ["0"]);
    one.close().await;
    other.close().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn units_that_wait_for_a_row_hold_up_no_others() {
    let (database, repository) = Database::ready().await;
    repository.set_state("k", Json::parse("0".to_owned()).unwrap()).await.unwrap();
    let mut other = database.conn().await;
    other.query_drop(format!("USE {}", database.name)).await.unwrap();
    other.query_drop("BEGIN").await.unwrap();
    other.query_drop("UPDATE state SET value = '1'").await.unwrap();
    let mut tasks = JoinSet::new();
    for waiting in 1..=2 {
        let repository = repository.clone();
        tasks.spawn(async move {
            repository.set_state("k", Json::parse(waiting.to_string()).unwrap()).await.unwrap();
        });
        database.wait_for_lock_waits(waiting).await;
    }
    let log = repository.add_log(NewLog::new("d", "s", "e", "x"));
    tokio::time::timeout(Duration::from_secs(15), log).await.expect("held up").unwrap();
    assert_eq!(tasks.len(), 2);
    other.query_drop("ROLLBACK").await.unwrap();
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    other.disconnect().await.unwrap();
    repository.close().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_futures_leak_no_connection_and_halve_no_unit() {
    let (database, first) = Database::ready().await;
    first.close().await;
    let mut config = database.config();
    config.pool.size = 2;
    config.pool.max_overflow = 1;
    config.pool.wait_timeout = Duration::from_secs(10);
    let repository = open(&config).await.unwrap();
    for n in 0..60_u64 {
        let patience = Duration::from_micros(n * 40);
        let repository = &repository;
        let write = repository.unit().add_log(NewLog::new("d", "s", "e", "x")).create_user(NewUser::new(
            format!("u-{n}"),
            format!("n-{n}"),
            "x",
        ));
        let _ = tokio::time::timeout(patience, write.commit()).await;
        let _ = tokio::time::timeout(patience, repository.get_total_logs(LogFilter::default())).await;
        let _ = tokio::time::timeout(patience, repository.ping()).await;
    }
    // All connections are free again, and every unit was whole.
    let reads = (0..3).map(|_| {
        let repository = repository.clone();
        tokio::spawn(async move { repository.get_total_logs(LogFilter::default()).await.unwrap() })
    });
    for read in reads.collect::<Vec<_>>() {
        read.await.unwrap();
    }
    repository.close().await;
    let repository = database.open().await;
    let users = repository.list_users().await.unwrap().len() as u64;
    assert_eq!(repository.get_total_logs(LogFilter::default()).await.unwrap(), users);
    assert!(users > 0);
    repository.close().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_beyond_the_pool_wait_and_then_hear_so() {
    let (database, first) = Database::ready().await;
    first.close().await;
    let mut config = database.config();
    config.pool.size = 1;
    config.pool.max_overflow = 0;
    config.pool.wait_timeout = Duration::from_secs(1);
    let backend: Arc<_> = decnet_db_mysql::DRIVER.backend(&config).await.unwrap();
    let sleep = || {
        let mut sql = decnet_db_core::sql::Sql::new(backend.dialect());
        sql.push("SELECT SLEEP(2)");
        sql.finish().unwrap()
    };
    let (one, two) = tokio::join!(backend.query(sleep()), backend.query(sleep()));
    let refused = [one, two].into_iter().filter_map(Result::err).collect::<Vec<_>>();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].kind(), ErrorKind::Unavailable);
    assert!(refused[0].to_string().contains("DECNET_DB_POOL_SIZE"), "{}", refused[0]);
    assert_eq!(backend.pool().max, 1);
    backend.close().await;
    let error = backend.query(sleep()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    database.drop().await;
}
