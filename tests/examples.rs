//! The examples run, and print what they promise.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![cfg(feature = "sqlite")]

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Cargo builds the examples before it runs the tests, and puts them beside the folder of the tests.
fn example(name: &str) -> PathBuf {
    let this = std::env::current_exe().unwrap();
    let program = this.parent().unwrap().with_file_name("examples").join(name);
    assert!(program.exists(), "{} is not built: `cargo build --examples` makes it", program.display());
    program
}

/// Runs an example in a folder, far from the settings of a DECNET that runs on this machine.
fn run(folder: &Path, name: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(example(name));
    for (variable, _) in std::env::vars_os() {
        if variable.to_string_lossy().starts_with("DECNET_") {
            command.env_remove(variable);
        }
    }
    fs::write(folder.join("empty.ini"), "").unwrap();
    command.current_dir(folder).env("DECNET_CONFIG", "empty.ini").args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> &str {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::str::from_utf8(&output.stdout).unwrap()
}

#[test]
fn quickstart_finds_the_event_that_it_stored() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), "quickstart", &[]);
    let lines: Vec<_> = stdout(&output).lines().collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].ends_with("decky-01 203.0.113.7 login_attempt: root:123456"), "{lines:?}");
    assert_eq!(lines[1], "2 events in all");

    // On a file, the second run finds what the first one left.
    for total in ["2 events in all", "4 events in all"] {
        let output = run(folder.path(), "quickstart", &["sqlite:///captures.db"]);
        assert_eq!(stdout(&output).lines().last(), Some(total));
    }
}

#[test]
fn choose_driver_lists_drivers_and_opens_by_url() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), "choose_driver", &["sqlite:///captures.db"]);
    let text = stdout(&output);
    assert!(text.starts_with("drivers in this program:\n"), "{text}");
    assert!(text.contains(concat!("  sqlite ", env!("CARGO_PKG_VERSION"), ": sqlite\n")), "{text}");
    assert!(text.contains("opened sqlite 3."), "{text}");
    assert!(text.ends_with("it holds 0 events\n"), "{text}");
    assert!(folder.path().join("captures.db").exists());

    let output = run(folder.path(), "choose_driver", &["postgres://u:hunter2@db1/decnet"]);
    let text = stdout(&output);
    assert!(text.contains("can't open that: no driver for postgres:// URLs"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn ingest_worker_stores_each_line_once() {
    let folder = tempfile::tempdir().unwrap();
    let capture = folder.path().join("capture.jsonl");
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/sample.jsonl");
    fs::copy(sample, &capture).unwrap();
    let size = fs::metadata(&capture).unwrap().len();
    let ingest = || {
        let output = run(folder.path(), "ingest_worker", &["capture.jsonl", "sqlite:///captures.db"]);
        (stdout(&output).to_owned(), String::from_utf8(output.stderr).unwrap())
    };
    let append = |text: &str| {
        OpenOptions::new().append(true).open(&capture).unwrap().write_all(text.as_bytes()).unwrap();
    };

    assert_eq!(ingest().0, format!("1600 new events up to byte {size}\n"));
    assert_eq!(ingest().0, format!("0 new events up to byte {size}\n"));

    // A line that is no event is reported, and one without its end waits.
    let rejected = "{\"no\": \"event\n";
    let half = "{\"decky\":\"decky-01\",\"service\":\"ssh\",\"event_type\":\"connect\",";
    append(rejected);
    append(half);
    let size = size + rejected.len() as u64;
    let (out, err) = ingest();
    assert_eq!(out, format!("0 new events up to byte {size}\n"));
    assert!(err.starts_with(&format!("the line before byte {size}: ")), "{err}");

    let rest = "\"attacker_ip\":\"203.0.113.7\",\"timestamp\":\"2026-01-02 03:04:05\",\"fields\":{},\"msg\":\"\",\
                \"raw_line\":\"x\"}\n";
    append(rest);
    let size = size + (half.len() + rest.len()) as u64;
    let (out, err) = ingest();
    assert_eq!(out, format!("1 new events up to byte {size}\n"), "{err}");
    assert!(!err.contains("the line before byte"), "{err}");
}
