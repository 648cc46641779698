//! Other connections and other processes on the same file, DECNET among them.
#![allow(clippy::unwrap_used, reason = "tests, parts of which run in processes of their own")]

mod common;

use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use common::{ask, connect, create, log};
use decnet_db_core::config::{Config, DatabaseUrl};
use decnet_db_core::contract::LogFilter;
use rusqlite::Connection;

const ROWS: i64 = 150;

/// This program once more, in the part that `role` names.
fn process(role: &str, path: &Path, seed: bool) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    if seed {
        // Hashing a password takes long: not all of them.
        command.env("SEED", "1");
    }
    command
        .args(["--exact", "child", "--ignored", "--nocapture"])
        .env("ROLE", role)
        .env("DATABASE", path)
        .spawn()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the other tests start it as a process of its own"]
async fn child() {
    let Some(path) = std::env::var_os("DATABASE").map(std::path::PathBuf::from) else { return };
    match std::env::var("ROLE").unwrap().as_str() {
        "initialize" => {
            let mut config = Config::new(DatabaseUrl::sqlite(&path).unwrap());
            if std::env::var_os("SEED").is_some() {
                config.seed = config.seed.with_admin_password("correct horse battery");
            }
            common::connect_with(&config).await.unwrap().initialize().await.unwrap();
        }
        "write" => {
            let repository = create(&path).await;
            for _ in 0..ROWS {
                repository.add_log(log("ours")).await.unwrap();
            }
        }
        // As a Python program does it: 5 s, and a transaction around each row.
        "foreign" => {
            let connection = Connection::open(&path).unwrap();
            connection.busy_timeout(Duration::from_secs(5)).unwrap();
            for _ in 0..ROWS {
                connection
                    .execute(
                        "INSERT INTO logs (timestamp, decky, service, event_type, attacker_ip, raw_line, fields) \
                         VALUES ('2026-01-01 00:00:00.000000', '', '', '', '', 'theirs', '{}')",
                        [],
                    )
                    .unwrap();
            }
        }
        role => panic!("no role {role}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_processes_make_one_schema_and_one_administrator() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let children: Vec<_> = (0..20).map(|number| process("initialize", &path, number < 4)).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(ask::<i64>(&path, "SELECT COUNT(*) FROM alembic_version"), 1);
    assert_eq!(ask::<i64>(&path, "SELECT COUNT(*) FROM users WHERE username = 'admin'"), 1);
    assert_eq!(ask::<i64>(&path, "SELECT COUNT(*) FROM sqlite_master WHERE name = 'ix_logs_service'"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_processes_write_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let repository = create(&path).await;
    let children: Vec<_> =
        ["write", "foreign", "write"].iter().map(|role| process(role, &path, false)).collect();
    let mut rows = 3 * ROWS;
    let mut done = Vec::new();
    for mut child in children {
        // Until all have ended the writer is never idle.
        while child.try_wait().unwrap().is_none() {
            let batch: Vec<_> = (0..4).map(|_| repository.add_logs(vec![log("here"); 100])).collect();
            for batch in batch {
                batch.await.unwrap();
                rows += 100;
            }
        }
        done.push(child.wait().unwrap().success());
    }
    assert_eq!(done, [true; 3]);
    assert_eq!(repository.get_total_logs(LogFilter::default()).await.unwrap(), rows as u64);
    assert_eq!(ask::<String>(&path, "PRAGMA integrity_check"), "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_writer_is_waited_for_but_not_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let patient = create(&path).await;
    let hasty = connect(&format!("sqlite:///{}?timeout=0.1", path.display())).await.unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let started = Instant::now();
    let error = hasty.add_log(log("no")).await.unwrap_err();
    assert!(error.is_retryable() && error.to_string().contains("locked"), "{error}");
    assert!(error.to_string().contains("a.db"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(10));
    // Reads go on.
    assert_eq!(hasty.get_total_logs(LogFilter::default()).await.unwrap(), 0);
    let waiting = patient.add_log(log("yes"));
    tokio::pin!(waiting);
    assert!(
        tokio::time::timeout(Duration::from_millis(100), &mut waiting).await.is_err(),
        "it does not wait"
    );
    other.execute_batch("COMMIT").unwrap();
    waiting.await.unwrap();
    hasty.add_log(log("now")).await.unwrap();
    assert_eq!(patient.get_total_logs(LogFilter::default()).await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn someone_elses_deferred_upgrade_fails_for_them_and_not_for_us() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let repository = create(&path).await;
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN; SELECT COUNT(*) FROM logs").unwrap();
    repository.add_log(log("ours")).await.unwrap();
    let error = other.execute("DELETE FROM logs", []).unwrap_err();
    assert_eq!(error.sqlite_error().unwrap().extended_code, 517, "{error}");
    repository.add_log(log("ours")).await.unwrap();
    other.execute_batch("ROLLBACK").unwrap();
    other.execute("DELETE FROM logs WHERE id = 1", []).unwrap();
    assert_eq!(repository.get_total_logs(LogFilter::default()).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_decnet_left_with_broken_references_stay_readable() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let repository = create(&path).await;
    let other = Connection::open(&path).unwrap();
    let off: bool = other
        .pragma_update_and_check(None, "foreign_keys", false, |_| Ok(()))
        .and_then(|()| other.pragma_query_value(None, "foreign_keys", |row| row.get(0)))
        .unwrap_or(false);
    assert!(!off, "our setting is not stored in the file");
    repository.add_log(log("ours")).await.unwrap();
}
