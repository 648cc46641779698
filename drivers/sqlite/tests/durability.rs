//! Nothing half done, nothing acknowledged lost, nothing readable for others.

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
