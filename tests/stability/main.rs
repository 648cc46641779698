//! Drivers as their authors published them, against today's core: what built and worked with 0.1.0 does with every later 0.1.
//!
//! `driver-0.1` was written against the interface of the first 0.1.0: every method of `Backend` and `Dialect` that there was,
//! `UnitQueue`, and all kinds of values and steps. It is never changed, which a test checks; when it does not build or not
//! work any more, core has broken its promise (`core::driver`, "What may change"). A version that breaks it on purpose is
//! 0.2, and gets a frozen driver of its own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod frozen;

use std::sync::Arc;

use decnet_db::config::{Config, DatabaseUrl};
use decnet_db::contract::{LogFilter, LogQuery, NewLog, NewUser};
use decnet_db::{ErrorKind, Repository};
use decnet_db_driver_0_1 as _;
use serde_json::{Value, json};
use tempfile::TempDir;

async fn open(folder: &TempDir) -> Arc<dyn Repository> {
    let path = folder.path().join("frozen.db");
    let url = DatabaseUrl::new("frozen").unwrap().with_database(path.to_str().unwrap());
    decnet_db::connect_with(&Config::new(url)).await.unwrap()
}

fn log(line: &str, time: &str) -> NewLog {
    NewLog::new("decky-01", "ssh", "login", "203.0.113.7").raw_line(line).timestamp(time.parse().unwrap())
}

async fn called(repository: &dyn Repository, method: &str, arguments: Value) -> Value {
    decnet_db::call::call(repository, method, arguments).await.unwrap().to_value().unwrap()
}

#[test]
fn it_is_registered_with_its_own_version() {
    let driver = decnet_db::registry().find("frozen01").unwrap();
    assert_eq!((driver.name, driver.package, driver.version), ("frozen", "decnet-db-driver-0-1", "0.1.0"));
    assert_eq!(driver.lacking().count(), 0);
}

#[tokio::test]
async fn it_creates_writes_searches_counts_and_closes() {
    let folder = tempfile::tempdir().unwrap();
    let repository = open(&folder).await;
    let error = repository.get_max_log_id().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
    assert!(repository.initialize().await.unwrap().created > 39);
    assert_eq!(repository.initialize().await.unwrap().created, 0);

    // Bulk inserts of several statements, the search language, buckets before 1970.
    let mut rows: Vec<NewLog> =
        (0..700).map(|n| log(&format!("100% of_{n}"), "2026-01-01T00:00:00Z")).collect();
    rows[0] = log("ROOT \u{1f980}", "1969-12-31T23:59:59Z").fields(r#"{"user": "root", "n": 1}"#);
    rows[0].id = Some(7);
    repository.add_logs(rows).await.unwrap();
    assert_eq!(repository.get_total_logs(LogFilter::all()).await.unwrap(), 700);
    for (search, expected) in [("root", 1), ("100%", 699), ("of_69", 11), ("user:root n:1", 1), ("n:2", 0)] {
        let found = repository.get_logs(LogQuery::new().search(search).limit(1000)).await.unwrap();
        assert_eq!(found.len(), expected, "{search}");
    }
    let buckets = called(&*repository, "get_log_histogram", json!({"interval_minutes": 15})).await;
    assert_eq!(buckets[0]["time"].as_str().unwrap().get(..19), Some("1969-12-31 23:45:00"), "{buckets}");

    // Upserts, both by a key and by a guard; a conflict takes the whole unit with it.
    let time = "2026-01-01T00:00:00Z";
    let attacker =
        json!({"data": {"ip": "203.0.113.7", "event_count": 3, "first_seen": time, "last_seen": time}});
    let uuid = called(&*repository, "upsert_attacker", attacker.clone()).await;
    assert_eq!(called(&*repository, "upsert_attacker", attacker).await, uuid);
    repository.create_user(NewUser::new("u", "bob", "x")).await.unwrap();
    let unit = repository.unit().set_state("position", json!(1)).create_user(NewUser::new("v", "bob", "x"));
    let error = unit.commit().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    assert_eq!(repository.get_state("position").await.unwrap(), None);
    repository.set_state("position", json!({"at": 2}).into()).await.unwrap();

    repository.close().await;
    let error = repository.get_max_log_id().await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
    let again = open(&folder).await;
    assert_eq!(again.get_state("position").await.unwrap().unwrap().as_str(), r#"{"at":2}"#);
    again.close().await;
}
