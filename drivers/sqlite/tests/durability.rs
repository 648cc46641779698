//! Nothing half done, nothing acknowledged lost, nothing readable for others.
#![allow(clippy::unwrap_used, reason = "tests, parts of which run in processes of their own")]

mod common;

use std::time::Duration;

use common::{ask, create, log};
use decnet_db_core::contract::LogFilter;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_there_without_a_close() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let repository = create(&path).await;
    for _ in 0..50 {
        repository.add_log(log("kept")).await.unwrap();
    }
    drop(repository);
    assert_eq!(ask::<i64>(&path, "SELECT COUNT(*) FROM logs"), 50);
    // The threads end and the last connection moves the log into the file.
    let log_file = folder.path().join("a.db-wal");
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while log_file.exists() && std::time::Instant::now() < deadline {
        tokio::task::yield_now().await;
    }
    assert!(!log_file.exists(), "the writer's connection is still open");
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_commits_what_was_queued() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let repository = create(&path).await;
    let calls: Vec<_> = (0..200)
        .map(|_| {
            let repository = repository.clone();
            tokio::spawn(async move { repository.add_log(log("queued")).await })
        })
        .collect();
    repository.close().await;
    let mut stored = 0;
    for call in calls {
        match call.await.unwrap() {
            Ok(()) => stored += 1,
            Err(error) => assert!(error.is_retryable(), "{error}"),
        }
    }
    assert_eq!(ask::<i64>(&path, "SELECT COUNT(*) FROM logs"), stored);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn only_the_owner_reads_the_files_that_we_create() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let mode = |name: &str| std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
    let repository = create(&folder.path().join("a.db")).await;
    repository.get_total_logs(LogFilter::default()).await.unwrap();
    for name in ["a.db", "a.db-wal", "a.db-shm"] {
        assert_eq!(mode(name), 0o600, "{name}");
    }
    repository.close().await;
    let own = std::fs::Permissions::from_mode(0o640);
    std::fs::set_permissions(folder.path().join("a.db"), own).unwrap();
    create(&folder.path().join("a.db")).await.close().await;
    assert_eq!(mode("a.db"), 0o640, "an existing file keeps its mode");
}

#[tokio::test]
#[ignore = "the other tests start it as a process of its own"]
async fn child() {
    let Some(path) = std::env::var_os("DATABASE").map(std::path::PathBuf::from) else { return };
    let options = std::env::var("OPTIONS").unwrap();
    let repository = common::connect(&format!("sqlite:///{}{options}", path.display())).await.unwrap();
    repository.initialize().await.unwrap();
    for number in 0.. {
        let line = format!("{}:{number}", std::process::id());
        repository.add_log(log(&line)).await.unwrap();
        println!("={line}");
    }
}

/// Rows that were acknowledged before a process was killed are there, once, whatever `durability` says.
#[test]
fn killed_processes_lose_and_double_nothing() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    for options in ["", "?durability=commit"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let mut acknowledged = Vec::new();
        for kill in 0..5 {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "child", "--ignored", "--nocapture"])
                .env("DATABASE", &path)
                .env("OPTIONS", options)
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
            let mut said = lines.filter_map(|line| Some(line.split_once('=')?.1.to_owned()));
            acknowledged.extend(said.by_ref().take(7 + 20 * kill));
            child.kill().unwrap();
            // What it said before it died counts, except for a line that was cut.
            let mut rest: Vec<_> = said.collect();
            rest.pop();
            acknowledged.append(&mut rest);
            child.wait().unwrap();
        }
        assert_eq!(ask::<String>(&path, "PRAGMA integrity_check"), "ok");
        assert_eq!(ask::<i64>(&path, "SELECT COUNT(*) - COUNT(DISTINCT raw_line) FROM logs"), 0);
        let connection = rusqlite::Connection::open(&path).unwrap();
        for line in &acknowledged {
            let found =
                connection.query_row("SELECT COUNT(*) FROM logs WHERE raw_line = ?1", [line], |row| {
                    row.get::<_, i64>(0)
                });
            assert_eq!(found.unwrap(), 1, "{options} lost {line} of {}", acknowledged.len());
        }
    }
}
