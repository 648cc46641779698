//! The files of an open database that others touch, and databases that can only be read.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use common::{connect, create, log};
use decnet_db_core::contract::{LogFilter, Repository};
use decnet_db_core::{Error, ErrorKind};

/// The error that reads come to soon.
async fn read_error(repository: &dyn Repository) -> Error {
    let started = Instant::now();
    loop {
        match repository.get_logs_after_id(0, 10, LogFilter::default()).await {
            Err(error) => return error,
            Ok(_) => {
                assert!(started.elapsed() < Duration::from_secs(20), "reads go on as if nothing had happened")
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_or_replaced_file_is_noticed_by_writes_at_once_and_by_reads_soon() {
    for (name, replaced) in
        [("a.db", false), ("a.db", true), ("a.db-wal", false), ("a.db-wal", true), ("a.db-shm", false)]
    {
        let folder = tempfile::tempdir().unwrap();
        let repository = create(&folder.path().join("a.db")).await;
        repository.add_log(log("before")).await.unwrap();
        assert_eq!(repository.get_logs_after_id(0, 10, LogFilter::default()).await.unwrap().len(), 1);
        let path = folder.path().join(name);
        // Kept under another name, so that its inode is not given to the next file.
        let away = folder.path().join("away");
        fs::rename(&path, &away).unwrap();
        if replaced {
            fs::copy(&away, &path).unwrap();
        }
        let write = repository.add_log(log("lost?")).await.unwrap_err();
        let read = read_error(&*repository).await;
        for error in [&write, &read] {
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
            for part in [name, "deleted or replaced", "open the database again"] {
                assert!(error.to_string().contains(part), "{error}");
            }
        }
        assert!(write.to_string().contains("nothing was written"), "{write}");
        let _ = fs::remove_file(&path);
        fs::rename(&away, &path).unwrap();
        repository.add_log(log("after")).await.unwrap();
        assert_eq!(repository.get_logs_after_id(0, 10, LogFilter::default()).await.unwrap().len(), 2);
    }
}

async fn assert_only_read(url: &str) {
    let repository = connect(url).await.unwrap();
    let logs = repository.get_logs_after_id(0, 10, LogFilter::default()).await.unwrap();
    assert_eq!(logs.len(), 1, "{url}");
    assert_eq!(repository.get_total_logs(LogFilter::default()).await.unwrap(), 1);
    for error in [
        repository.add_log(log("no")).await.unwrap_err(),
        repository.initialize().await.map(drop).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
        assert!(error.to_string().contains("a.db can only be read"), "{error}");
    }
    repository.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_mode_ro_a_database_is_read_beside_its_writer_and_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let url = format!("sqlite:///{}?mode=ro", path.display());
    let error = connect(&url).await.map(drop).unwrap_err();
    assert!(error.to_string().contains("there is no database"), "{error}");
    let writer = create(&path).await;
    writer.add_log(log("x")).await.unwrap();
    assert_only_read(&url).await;
    writer.close().await;
    assert_only_read(&url).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the other tests start it as a process of its own"]
async fn child() {
    let Ok(url) = std::env::var("URL") else { return };
    match std::env::var("EXPECTED").unwrap().as_str() {
        "read" => assert_only_read(&url).await,
        expected => {
            let error = connect(&url).await.map(drop).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}

/// Permissions do not bind root: the attempt is made by a process of an ordinary user.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_database_on_a_medium_that_can_not_be_written_is_read() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    let allow = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let outer = tempfile::tempdir().unwrap();
    allow(outer.path(), 0o755);
    let program = outer.path().join("program");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let is_root = fs::metadata(&program).unwrap().uid() == 0;
    let live = outer.path().join("live");
    fs::create_dir(&live).unwrap();
    let writer = create(&live.join("a.db")).await;
    writer.add_log(log("x")).await.unwrap();
    let attempt = |name: &str, file_mode, with_log: bool, expected: &str| {
        let folder = outer.path().join(name);
        fs::create_dir(&folder).unwrap();
        for file in if with_log { &["a.db", "a.db-wal"][..] } else { &["a.db"] } {
            fs::copy(live.join(file), folder.join(file)).unwrap();
            allow(&folder.join(file), file_mode);
        }
        allow(&folder, 0o555);
        let mut command = Command::new(&program);
        command.args(["--exact", "child", "--ignored", "--nocapture"]).current_dir("/");
        let url = format!("sqlite:///{}", folder.join("a.db").display());
        command.env("URL", url).env("EXPECTED", expected);
        if is_root {
            command.uid(65_534).gid(65_534);
        }
        let output = command.output().unwrap();
        allow(&folder, 0o755);
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    };
    // Passing over the log would pass over the row.
    attempt("with its log", 0o444, true, "can't be opened");
    writer.close().await;
    attempt("file and folder", 0o444, false, "read");
    attempt("folder", 0o666, false, "read");
}

/// In a folder where others may write too, a link of theirs would choose the file.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_link_of_another_user_to_a_file_that_is_not_theirs_is_refused() {
    use std::os::unix::fs::{MetadataExt, lchown, symlink};

    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("a.db"), folder.path().join("link.db"));
    create(&file).await.close().await;
    symlink("a.db", &link).unwrap();
    let url = format!("sqlite:///{}", link.display());
    // Our own link is ours to make.
    connect(&url).await.unwrap().close().await;
    if fs::metadata(&file).unwrap().uid() != 0 {
        println!("not root: only `file::links` has the links of others, whose owners it is told");
        return;
    }
    lchown(&link, Some(65_534), Some(65_534)).unwrap();
    let error = connect(&url).await.map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
    let message = error.to_string();
    assert!(message.contains("link.db is a symbolic link of another user (uid 65534)"), "{message}");
    // A link behind our own is looked at too, and so is one to nothing, by which a file would come into being elsewhere.
    let ours = folder.path().join("ours.db");
    symlink("link.db", &ours).unwrap();
    assert!(connect(&format!("sqlite:///{}", ours.display())).await.is_err());
    fs::remove_file(&file).unwrap();
    assert!(connect(&url).await.is_err());
    assert!(!file.exists());
}
