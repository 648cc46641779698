//! Many callers at once: nothing is lost, nothing is doubled, and a caller that goes away leaves nothing half done.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use decnet_db_core::contract::{LogFilter, NewBounty};
use serde_json::json;
use tokio::task::JoinSet;

use crate::cases::{at_once, lines, log};
use crate::database::Database;
use crate::json::called;

/// 64 writers, half of them by batches, and readers whose view only ever grows.
pub(crate) async fn writers_and_readers_go_on_together(db: Database) {
    let done = Arc::new(AtomicBool::new(false));
    let mut readers = JoinSet::new();
    for _ in 0..4 {
        let (repository, done) = (Arc::clone(&db.repository), Arc::clone(&done));
        readers.spawn(async move {
            let (mut seen, mut rounds) = (0, 0);
            while !done.load(Ordering::Relaxed) || rounds == 0 {
                let total = repository.get_total_logs(LogFilter::all()).await.unwrap();
                assert!(total >= seen, "{total} after {seen}");
                let newest =
                    repository.get_logs_after_id(0, 5, LogFilter::all().search("s:x d")).await.unwrap();
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
pub(crate) async fn two_openings_write_at_the_same_time(db: Database) {
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

pub(crate) async fn identical_bounties_are_stored_once(db: Database) {
    at_once(&db, 64, async |repository, _| {
        let bounty = NewBounty::new("d", "s", "203.0.113.7", "artifact").payload(json!({"sha256": "aa"}));
        repository.add_bounty(bounty).await
    })
    .await;
    assert_eq!(called(&*db, "get_total_bounties", json!({})).await, json!(1));
}

pub(crate) async fn first_writes_of_a_state_key_all_succeed(db: Database) {
    at_once(&db, 64, async |repository, number| repository.set_state("k", json!(number).into()).await).await;
    assert!(called(&*db, "get_state", json!({"key": "k"})).await.as_u64() < Some(64));
}

pub(crate) async fn a_token_is_revoked_once_and_by_the_first(db: Database) {
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

pub(crate) async fn a_batch_is_seen_whole_or_not_at_all(db: Database) {
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

pub(crate) async fn concurrent_initializations_make_one_schema(db: Database) {
    at_once(&db, 8, async |repository, _| {
        let done = repository.initialize().await?;
        assert_eq!((done.created, done.revision.as_str()), (0, "4a914b1d62a0"));
        Ok(())
    })
    .await;
}
