//! Where the database is: names with strange characters, folders that may not be written, a disk that is full.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::bench::{Bench, record, records, run_of};
use crate::support::{Database, sqlite};
use crate::tool::{Run, Tool};

/// Runs the tool in a folder that has a capture of three events.
fn ingest(tool: &Tool, arguments: &[&str]) -> Run {
    fs::write(tool.path("capture"), records(0..3)).unwrap();
    run_of(tool.command(["ingest", "-q", "capture"]).args(arguments).output().unwrap())
}

fn events(path: &Path) -> i64 {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.query_row("SELECT COUNT(*) FROM logs", [], |row| row.get(0)).unwrap()
}

#[test]
fn paths_may_have_any_characters() {
    for (name, encoded) in [
        ("with space.db", "with%20space.db"),
        ("what?.db", "what%3F.db"),
        ("no#1.db", "no%231.db"),
        ("100%.db", "100%25.db"),
        ("a%20b.db", "a%2520b.db"),
        ("é🦀.db", "%C3%A9%F0%9F%A6%80.db"),
    ] {
        let tool = Tool::new().set("DECNET_LOG", "error");
        let run = ingest(&tool, &["--url", &format!("sqlite:///{encoded}")]);
        assert_eq!(run.code, 0, "{name}: {run:?}");
        assert_eq!(events(&tool.path(name)), 3, "{name}");

        let tool = Tool::new().set("DECNET_LOG", "error").set("DECNET_DB_PATH", name);
        let run = ingest(&tool, &[]);
        assert_eq!(run.code, 0, "{name}: {run:?}");
        assert_eq!(events(&tool.path(name)), 3, "{name}");
    }
}

#[test]
fn a_url_without_a_database_is_refused() {
    for url in ["sqlite://", "mysql://127.0.0.1:1", "mysql://127.0.0.1:1/", "nonsense", ""] {
        let tool = Tool::new();
        let run = ingest(&tool, &["--url", url]);
        assert_eq!((run.code, run.out.as_str()), (3, ""), "{url}: {run:?}");
        assert!(run.err.starts_with("decnet-db: ") && run.err.lines().count() <= 2, "{url}: {}", run.err);
        let files = fs::read_dir(tool.path("")).unwrap().count();
        assert_eq!(files, 2, "{url}: nothing was made");
    }
}

/// Permissions do not bind root: the tool is run by an ordinary user.
#[test]
fn what_the_user_may_not_do_is_said() {
    let tool = Tool::new();
    let allow = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    allow(&tool.path(""), 0o755);
    let program = tool.path("program");
    fs::copy(env!("CARGO_BIN_EXE_decnet-db"), &program).unwrap();
    let is_root = fs::metadata(&program).unwrap().uid() == 0;
    let folder = |name: &str, mode| {
        let folder = tool.path(name);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("capture"), records(0..3) + "rubbish\n").unwrap();
        allow(&folder, mode);
        folder
    };
    let (closed, open) = (folder("closed", 0o555), folder("open", 0o777));
    fs::write(open.join("secret"), record("x")).unwrap();
    allow(&open.join("secret"), 0o000);
    for (capture, database, code, reason) in [
        (closed.join("capture"), closed.join("a.db"), 3, "closed"),
        (open.join("secret"), open.join("a.db"), 2, "secret: can't be read: Permission denied"),
        (closed.join("capture"), open.join("b.db"), 1, "rejected lines can't be kept in"),
    ] {
        let url = decnet_db::config::DatabaseUrl::sqlite(&database).unwrap().to_string();
        let mut command = Command::new(&program);
        command.env_clear().env("DECNET_LOG", "error").current_dir("/");
        command.env("DECNET_CONFIG", tool.path("empty.ini"));
        command.args(["ingest", "--url", &url]).arg(&capture).stdin(Stdio::null());
        if is_root {
            command.uid(65_534).gid(65_534);
        }
        let run = run_of(command.output().unwrap());
        assert_eq!(run.code, code, "{run:?}");
        assert!(run.err.contains(reason), "{reason}: {}", run.err);
        assert_eq!(database.exists(), code == 1, "{reason}");
    }
    assert_eq!(events(&open.join("b.db")), 0);
    allow(&closed, 0o755);
}

#[test]
fn a_full_disk_loses_nothing() {
    sqlite(full_disk);
}

async fn full_disk(db: Database) {
    let bench = Bench::new(&db);
    let line = |number: u32| format!("{number} {}", "x".repeat(1000));
    bench.write("capture", (0..8000).map(|number| record(&line(number)) + "rubbish\n").collect::<String>());
    // A file size limit acts as a quota does; without the trap its signal would end the process.
    let plain = bench.command(&["--json", "-q", "--batch", "100", "capture"]);
    let mut limited = Command::new("sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -f 8192; exec \"$0\" \"$@\""]);
    limited.arg(plain.get_program()).args(plain.get_args()).current_dir(plain.get_current_dir().unwrap());
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    let mut child =
        limited.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    // It waits for room, until somebody has enough of that.
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    let waits = said.next().unwrap().unwrap();
    assert!(waits.contains("full disk") && waits.ends_with("; trying again for 30 s"), "{waits}");
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    let last = said.map(Result::unwrap).last().unwrap();
    assert!(last.starts_with("decnet-db: ") && last.contains("full disk"), "{last}");
    assert_eq!(child.wait().unwrap().code(), Some(4));

    let stored = bench.count().await;
    assert!((1..8000).contains(&stored), "{stored}");
    assert_eq!(bench.ingest(&["capture"]).counts(), (8000 - stored, 8000 - stored));
    assert!(bench.lines().await == (0..8000).map(line).collect::<Vec<_>>());
    assert_eq!(bench.read("capture.rejected"), "rubbish\n".repeat(8000));
}
