//! Every method, dropped at every await point.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use decnet_db_core::ErrorKind;
use decnet_db_core::call::call;
use decnet_db_core::contract::{FleetDecky, LogFilter, NewBounty, NewUser};
use decnet_db_core::sql::Changeset;
use serde_json::json;

use crate::cases::{at_once, log};
use crate::database::Database;
use crate::json::called;
use crate::samples;

/// Lets a future run until it waits for the `nth` time and drops it there, with what it waits for under way. `None` then;
/// otherwise it has come to its end before.
pub(crate) async fn dropped_at<T>(nth: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut waits = 0;
    poll_fn(|context| {
        if waits == nth {
            return Poll::Ready(None);
        }
        waits += 1;
        match future.as_mut().poll(context) {
            Poll::Ready(value) => Poll::Ready(Some(value)),
            Poll::Pending if waits == nth => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// More await points than any method has.
const MANY: usize = 10_000;

pub(crate) async fn leaves_the_database_fit_for_use(db: Database) {
    let mut points = BTreeMap::new();
    for (method, arguments) in samples::one_each() {
        let mut nth = 0;
        let end = loop {
            if let Some(end) = dropped_at(nth, call(&*db, method, arguments.clone())).await {
                break end;
            }
            nth += 1;
            assert!(nth < MANY, "{method} does not end");
        };
        // What was dropped may have happened, so a duplicate is an answer; so is what the sample refers to and is not there.
        if let Err(error) = end {
            assert_eq!(error.kind(), ErrorKind::Conflict, "{method} at its end: {error}");
        }
        points.insert(method, nth);
    }
    assert!(points["add_log"] > 0 && points["get_logs"] > 0, "nothing waits: {points:?}");
    // No connection is lost, and none is left in the middle of something.
    at_once(&db, 64, async |repository, number| {
        repository.get_total_logs(LogFilter::all()).await?;
        repository.set_state(&format!("after {number}"), json!(number).into()).await
    })
    .await;
    let db = db.reopened().await;
    for number in 0..64 {
        assert_eq!(called(&*db, "get_state", json!({"key": format!("after {number}")})).await, json!(number));
    }
    let counts = db.row_counts().await.unwrap();
    assert!(counts.iter().all(|(_, rows)| rows.is_some()), "{counts:?}");
}

pub(crate) async fn writes_happen_whole_or_not_at_all(db: Database) {
    called(
        &*db,
        "upsert_attacker",
        json!({"data": {"ip": "i", "first_seen": "2026-01-01", "last_seen": "2026-01-01"}}),
    )
    .await;
    let uuid = called(&*db, "get_attacker_uuid_by_ip", json!({"ip": "i"})).await;
    let uuid = uuid.as_str().expect("a uuid").to_owned();
    let mut rounds = 0;
    for nth in 0..MANY {
        let key = format!("round {nth}");
        let unit = db.unit().set_state(&key, json!(nth)).add_logs(vec![log(&*key); 3]);
        let unit = unit.create_user(NewUser::new(&*key, &*key, "x")).increment_smtp_target(&uuid, &key);
        let unit = unit
            .add_bounty(NewBounty::new(&*key, "s", &*key, "t"))
            .upsert_fleet_decky(Changeset::new().set(FleetDecky::NAME, &*key));
        let unit = unit.add_log(log(&*key));
        rounds = nth + 1;
        if let Some(end) = dropped_at(nth, unit.commit()).await {
            end.expect("the unit is committed");
            break;
        }
    }
    assert!(rounds > 1, "nothing waits");
    // Closing finishes what is under way; what goes wrong now would be seen by the next one who opens the database.
    let db = db.reopened().await;
    let lines = crate::cases::lines(&db).await;
    let domains = called(&*db, "list_smtp_targets", json!({"attacker_uuid": uuid})).await;
    let domains: Vec<_> = domains.as_array().unwrap().iter().map(|target| target["domain"].clone()).collect();
    for nth in 0..rounds {
        let key = format!("round {nth}");
        let found = [
            !called(&*db, "get_state", json!({"key": key})).await.is_null(),
            lines.iter().filter(|line| **line == key).count() == 4,
            db.get_user_by_uuid(&key).await.unwrap().is_some(),
            domains.contains(&json!(key)),
            !db.get_bounties_for_ips(std::slice::from_ref(&key)).await.unwrap().is_empty(),
            !called(&*db, "get_fleet_decky_by_name", json!({"name": key})).await.is_null(),
        ];
        let nothing = !lines.contains(&key) && found.iter().all(|found| !found);
        assert!(nothing || found.iter().all(|found| *found), "half of {key} happened: {found:?}");
        assert!(nth > 0 || nothing, "nothing happens before the first poll");
        assert!(nth + 1 < rounds || !nothing, "what was acknowledged is there");
    }
}

pub(crate) async fn batches_and_purges_happen_whole_or_not_at_all(db: Database) {
    let count = async || {
        let bounties = called(&*db, "get_total_bounties", json!({})).await.as_u64().unwrap();
        (db.get_total_logs(LogFilter::all()).await.unwrap(), bounties)
    };
    let mut purged = None;
    for nth in 0..MANY {
        db.add_logs(vec![log("x"); 50]).await.unwrap();
        db.add_bounty(NewBounty::new("d", "s", "i", "t")).await.unwrap();
        let (before, _) = count().await;
        let opening = db.open_again().await;
        purged = dropped_at(nth, opening.purge_logs_and_bounties()).await;
        // Closing finishes what is under way.
        opening.close().await;
        let (events, bounties) = count().await;
        let nothing = events == before && bounties == 1;
        assert!(
            nothing || (events, bounties) == (0, 0),
            "at {nth}: {events} of {before} events, {bounties} bounties"
        );
        if purged.is_some() {
            assert!(!nothing, "what was acknowledged is done");
            break;
        }
    }
    assert!(purged.expect("it ends").expect("it succeeds").logs > 0);

    let mut total = 0;
    for nth in 0..MANY {
        let opening = db.open_again().await;
        let stored = dropped_at(nth, opening.add_logs(vec![log("x"); 1_500])).await;
        opening.close().await;
        let (events, _) = count().await;
        assert!(events == total || events == total + 1_500, "at {nth}: {events} events after {total}");
        if let Some(stored) = stored {
            stored.expect("the batch is stored");
            assert_eq!(events, total + 1_500, "what was acknowledged is there");
            return;
        }
        total = events;
    }
    panic!("it does not end");
}

pub(crate) async fn initialize_leaves_what_the_next_one_completes(db: Database) {
    // There may be hundreds of await points, so each time twice as far.
    let mut nth = 0;
    loop {
        let empty = db.without_schema().await;
        let end = dropped_at(nth, empty.initialize()).await;
        empty.repository.close().await;
        let again = empty.beside().await;
        assert_eq!(again.initialize().await.unwrap().revision, "4a914b1d62a0");
        let counts = again.row_counts().await.unwrap();
        assert!(counts.iter().all(|(_, rows)| *rows == Some(0)), "at {nth}: {counts:?}");
        again.repository.close().await;
        if let Some(end) = end {
            end.unwrap();
            return;
        }
        nth = (2 * nth).max(1);
    }
}
