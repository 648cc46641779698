//! Nothing half done, nothing acknowledged lost, nothing readable for others.

mod common;

use std::collections::BTreeSet;
use std::time::Duration;

use common::{ask, create, log};
use decnet_db_core::contract::{LogFilter, NewUser};

#[tokio::test(flavor = "multi_thread")]
async fn dropped_calls_happen_as_a_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let repository = create(&path).await;
    let mut acknowledged = BTreeSet::new();
    for batch in 0..300 {
        let line = format!("batch {batch}");
        let rows = vec![log(&line); 10];
        // Some are dropped before they are polled, some while they wait, some are done.
        if tokio::time::timeout(Duration::from_micros(batch), repository.add_logs(rows)).await.is_ok() {
            acknowledged.insert(line);
        }
    }
    repository.close().await;
    let broken: i64 = ask(
        &path,
        "SELECT COUNT(*) FROM (SELECT COUNT(*) AS rows FROM logs GROUP BY raw_line) WHERE rows <> 10",
    );
    assert_eq!(broken, 0);
    for line in acknowledged {
        assert_eq!(ask::<i64>(&path, &format!("SELECT COUNT(*) FROM logs WHERE raw_line = '{line}'")), 10);
    }
}

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

#[tokio::test(flavor = "multi_thread")]
async fn of_many_callers_only_those_to_blame_fail() {
    let folder = tempfile::tempdir().unwrap();
    let repository = create(&folder.path().join("a.db")).await;
    let calls: Vec<_> = (0..128)
        .map(|number| {
            let repository = repository.clone();
            // Every fourth takes a name that is taken.
            let name = if number % 4 == 0 { "bob".to_owned() } else { format!("user {number}") };
            tokio::spawn(async move {
                repository.create_user(NewUser::new(format!("u{number}"), name, "x")).await
            })
        })
        .collect();
    let readers: Vec<_> = (0..128)
        .map(|_| {
            let repository = repository.clone();
            tokio::spawn(async move { repository.get_total_logs(LogFilter::default()).await })
        })
        .collect();
    let mut refused = 0;
    for call in calls {
        refused += usize::from(call.await.unwrap().is_err());
    }
    for reader in readers {
        reader.await.unwrap().unwrap();
    }
    assert_eq!(refused, 31);
    assert_eq!(repository.list_users().await.unwrap().len(), 97);
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
