//! Files that can't be opened, read or written: each gets a clear error at once, and nothing else is lost.
#![allow(clippy::unwrap_used, reason = "tests, parts of which run in processes of their own")]

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{ask, connect, connect_with, create, log};
use decnet_db_core::config::{Config, DatabaseUrl};
use decnet_db_core::contract::{LogFilter, Repository};
use decnet_db_core::{Error, ErrorKind};

/// The error of opening, initialising or writing to the file, whichever comes first.
async fn attempt(path: &Path) -> Result<(), Error> {
    let repository = connect_with(&Config::new(DatabaseUrl::sqlite(path)?)).await?;
    repository.initialize().await?;
    repository.add_log(log("x")).await
}

fn assert_error(error: &Error, kind: ErrorKind, parts: &[&str]) {
    let text = error.to_string();
    assert_eq!(error.kind(), kind, "{text}");
    assert!(parts.iter().all(|part| text.contains(part)), "{text}");
    assert!(!text.contains('\n'), "{text}");
}

#[tokio::test]
async fn paths_that_are_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    fs::write(&text, "dear diary, ".repeat(1000)).unwrap();
    let missing = folder.path().join("no/such folder/a.db");
    for (path, parts) in [
        (folder.path(), &["is a folder"][..]),
        (&missing, &["there is no folder", "no/such folder"]),
        (&text, &["notes.txt is not a SQLite database", "nothing was changed"]),
        (&text.join("a.db"), &["can't be created"]),
    ] {
        assert_error(&attempt(path).await.unwrap_err(), ErrorKind::Configuration, parts);
    }
    assert_eq!(fs::read_to_string(&text).unwrap(), "dear diary, ".repeat(1000));
    assert!(!folder.path().join("no").exists());
}

#[tokio::test]
async fn options_that_mean_nothing_are_refused() {
    for (url, part) in [
        ("sqlite:///x.db?cache=shared", "\"cache\""),
        ("sqlite:///x.db?timeout=soon", "\"soon\""),
        ("sqlite:///x.db?timeout=-1", "\"-1\""),
        ("sqlite:///x.db?timeout=NaN", "\"NaN\""),
    ] {
        let error = connect(url).await.map(drop).unwrap_err();
        assert_error(&error, ErrorKind::Configuration, &[part, "timeout"]);
    }
    for (url, part) in
        [("sqlite:///x.db?mode=rwc", "\"rwc\""), ("sqlite:///x.db?durability=never", "\"never\"")]
    {
        assert_error(
            &connect(url).await.map(drop).unwrap_err(),
            ErrorKind::Configuration,
            &[part, "write `"],
        );
    }
    assert!(!Path::new("x.db").exists());
}

#[tokio::test]
async fn names_that_look_like_uris_are_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file:x?mode=memory");
    attempt(&path).await.unwrap();
    assert!(path.exists());
}

#[tokio::test]
async fn a_database_without_schema_says_how_to_make_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let repository = connect_with(&Config::new(DatabaseUrl::sqlite(&path).unwrap())).await.unwrap();
    for error in [
        repository.get_total_logs(LogFilter::default()).await.map(drop).unwrap_err(),
        repository.add_log(log("x")).await.unwrap_err(),
    ] {
        assert_error(
            &error,
            ErrorKind::Configuration,
            &["a.db has no DECNET schema (no table `logs`): run `decnet-db init` or call `initialize`"],
        );
    }
    assert_eq!(ask::<i64>(&path, "SELECT COUNT(*) FROM sqlite_master"), 0);
}

#[tokio::test]
async fn a_database_of_another_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    rusqlite::Connection::open(&path).unwrap().execute_batch("CREATE TABLE logs (line TEXT)").unwrap();
    assert_error(
        &attempt(&path).await.unwrap_err(),
        ErrorKind::Configuration,
        &["logs", "nothing was changed"],
    );
    assert_eq!(ask::<i64>(&path, "SELECT COUNT(*) FROM sqlite_master"), 1);
}

#[tokio::test]
async fn a_damaged_file_is_called_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let repository = create(&path).await;
    repository.add_logs(vec![log(&"x".repeat(500)); 200]).await.unwrap();
    repository.close().await;
    let mut bytes = fs::read(&path).unwrap();
    // The rows lie behind the schema, which opening the database reads already.
    let rows = bytes.len() - 20 * 4096;
    bytes[rows..].fill(0xaa);
    fs::write(&path, bytes).unwrap();
    let repository = connect_with(&Config::new(DatabaseUrl::sqlite(&path).unwrap())).await.unwrap();
    let error = repository.get_logs_after_id(100, 100, LogFilter::default()).await.unwrap_err();
    assert_error(&error, ErrorKind::Backend, &["a.db is damaged"]);
}

#[tokio::test]
async fn a_file_deleted_under_an_open_repository_takes_no_writes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let repository = create(&path).await;
    fs::remove_file(&path).unwrap();
    let error = repository.add_log(log("lost?")).await.unwrap_err();
    assert_error(&error, ErrorKind::Unavailable, &["deleted or replaced", "nothing was written"]);
}

#[tokio::test]
#[ignore = "the other tests start it as a process of its own"]
async fn child() {
    let Some(path) = std::env::var_os("DATABASE").map(std::path::PathBuf::from) else { return };
    match std::env::var("ROLE").unwrap().as_str() {
        "attempt" => match attempt(&path).await {
            Ok(()) => println!("=ok"),
            Err(error) => println!("={}={error}", error.kind()),
        },
        "fill" => fill(&*create(&path).await).await,
        role => panic!("no role {role}"),
    }
}

/// Writes until the limit of the process is reached, and beyond.
async fn fill(repository: &dyn Repository) {
    repository.add_log(log("before")).await.unwrap();
    let error = repository.add_logs(vec![log(&"x".repeat(1 << 20)); 8]).await.unwrap_err();
    assert_error(&error, ErrorKind::Unavailable, &["full disk"]);
    repository.add_log(log("after")).await.unwrap();
    let lines = repository.get_logs_after_id(0, 10, LogFilter::default()).await.unwrap();
    assert_eq!(lines.iter().map(|log| log.raw_line.as_str()).collect::<Vec<_>>(), ["before", "after"]);
    repository.close().await;
}

/// The processes of a user are counted: with few enough left, threads are refused at each place in turn.
#[cfg(target_os = "linux")]
#[test]
fn threads_that_the_system_does_not_give_are_errors() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;

    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let program = folder.path().join("program");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    // Limits of processes don't bind root. A user of our own, so that nobody else's count.
    let is_root = fs::metadata(&program).unwrap().uid() == 0;
    let mut kinds = std::collections::BTreeSet::new();
    for limit in 1..=14 {
        let path = folder.path().join(format!("{limit}.db"));
        let mut command = Command::new("sh");
        command.args(["-c", &format!("if (ulimit -u {limit}) 2>/dev/null; then ulimit -u {limit}; else ulimit -p {limit}; fi && exec \"$0\" --exact child --ignored --nocapture --test-threads=1")]);
        command.arg(&program).env("ROLE", "attempt").env("DATABASE", &path).current_dir("/");
        if is_root {
            command.uid(61_234).gid(61_234);
        }
        let output = command.output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && !err.contains("panicked"), "{limit}: {out}{err}");
        let answer =
            out.lines().find_map(|line| line.split_once('=')).unwrap_or_else(|| panic!("{limit}: {out}")).1;
        assert!(
            answer == "ok" || answer.starts_with("unavailable=the system gives no thread"),
            "{limit}: {answer}"
        );
        kinds.insert(answer == "ok");
    }
    if is_root {
        assert_eq!(kinds.len(), 2, "of 1 to 14 threads some are too few, and some are enough");
    }
}

#[cfg(unix)]
#[test]
fn a_full_disk_fails_the_write_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    // A file size limit acts as a quota does; without the trap its signal would end the process.
    let status = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 8192; exec \"$0\" --exact child --ignored"])
        .arg(std::env::current_exe().unwrap())
        .env("ROLE", "fill")
        .env("DATABASE", folder.path().join("a.db"))
        .status()
        .unwrap();
    assert!(status.success());
}

/// Permissions do not bind root: the attempt is made by a process of an ordinary user.
#[cfg(unix)]
#[test]
fn what_the_user_may_not_read_or_write_is_said() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;

    let folder = tempfile::tempdir().unwrap();
    let allow = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    allow(folder.path(), 0o755);
    let program = folder.path().join("program");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let is_root = fs::metadata(&program).unwrap().uid() == 0;
    let cases: [(&str, u32, Option<u32>, &[&str]); 4] = [
        ("unreadable", 0o777, Some(0o000), &["configuration", "can't be opened", "read and write the file"]),
        ("read-only", 0o777, Some(0o444), &["configuration", "can only be read"]),
        ("closed", 0o555, None, &["configuration", "may not write to the folder"]),
        ("no log", 0o555, Some(0o666), &["configuration", "folder"]),
    ];
    for (name, folder_mode, file_mode, parts) in cases {
        let inner = folder.path().join(name);
        fs::create_dir(&inner).unwrap();
        let path = inner.join("a.db");
        if let Some(mode) = file_mode {
            rusqlite::Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
            allow(&path, mode);
        }
        allow(&inner, folder_mode);
        let mut command = Command::new(&program);
        command.args(["--exact", "child", "--ignored", "--nocapture"]);
        command.env("ROLE", "attempt").env("DATABASE", &path).current_dir("/");
        if is_root {
            command.uid(65_534).gid(65_534);
        }
        let output = String::from_utf8(command.output().unwrap().stdout).unwrap();
        let answer = output.lines().find(|line| line.contains('=')).unwrap_or(&output);
        assert!(parts.iter().all(|part| answer.contains(part)), "{name}: {answer}");
        allow(&inner, 0o755);
    }
}
