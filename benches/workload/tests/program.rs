//! The program's answers have the form of the original's, and it spares what is not its own.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn workload(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_workload")).args(arguments).output().unwrap()
}

fn url(folder: &Path) -> String {
    format!("sqlite:///{}/bench.db", folder.display())
}

#[test]
fn what_it_prints_has_the_members_that_the_originals_program_prints() {
    let folder = tempfile::tempdir().unwrap();
    let url = url(folder.path());
    let ops = "add_logs_500@empty,get_total_logs,mixed_c64,export_logs";
    let output = workload(&["--url", &url, "--rows", "1k", "--ops", ops]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    let names: Vec<&String> = printed.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "_meta",
            "add_logs_500@empty",
            "export_logs",
            "get_total_logs",
            "mixed_c64",
            "preload_add_logs_5000"
        ]
    );
    for (name, member) in printed.as_object().unwrap().iter().filter(|(name, _)| *name != "_meta") {
        for figure in ["ops_per_s", "p50_ms", "p99_ms", "n", "max_ms", "cpu_ms_per_op"] {
            assert!(member[figure].is_number(), "{name}: {figure}");
        }
        assert_eq!(member["errors"], Value::Null, "{name}");
    }
    assert_eq!(printed["add_logs_500@empty"]["n"], 60);
    assert!(printed["add_logs_500@empty"]["rows_per_s"].is_number());
    let mixed = &printed["mixed_c64"];
    assert_eq!(mixed["read_n"].as_u64().unwrap() + mixed["write_n"].as_u64().unwrap(), 6000);
    let about = &printed["_meta"];
    assert_eq!(about["checks"]["total_logs"], 1000);
    assert!(about["checks"]["hist_buckets"].as_u64().unwrap() > 600);
    // Only the mix added rows: four calls in five, about.
    let rows = about["rows_at_end"].as_u64().unwrap();
    assert!((5600..6200).contains(&rows), "{rows}");
    assert!(folder.path().read_dir().unwrap().next().is_none(), "files are left behind");
}

#[test]
fn the_domains_beside_logs_are_measured_without_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let output = workload(&["--url", &url(folder.path()), "--rows", "500", "--ops", "domains"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    for name in
        ["upsert_credential_again", "insert_tags_50", "list_techniques_by_identity", "list_topology_deckies"]
    {
        assert!(printed[name]["n"].as_u64().unwrap() >= 3, "{name}");
        assert_eq!(printed[name]["errors"], Value::Null, "{name}");
    }
}

#[test]
fn a_database_that_is_not_empty_is_deleted_only_when_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bench.db");
    std::fs::write(&file, "precious").unwrap();
    let arguments = ["--url", &url(folder.path()), "--rows", "500", "--ops", "get_total_logs"];
    let output = workload(&arguments);
    assert!(!output.status.success());
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("is not empty") && error.contains("--drop"), "{error}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "precious");

    let output = workload(&[&arguments[..], &["--drop"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn an_operation_that_there_is_not_is_named_before_anything_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let output = workload(&["--url", &url(folder.path()), "--ops", "get_logs_page1,get_logs_page2"]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("no operation get_logs_page2") && error.contains("get_logs_deep"), "{error}");
    assert!(folder.path().read_dir().unwrap().next().is_none());
}

#[test]
fn each_watcher_gets_its_events_and_their_lag_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--watchers", "20", "--filters", "5", "--rate", "1000", "--seconds", "1"];
    let output = Command::new(env!("CARGO_BIN_EXE_watchers"))
        .args(["--url", &url(folder.path())])
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(printed["delivered"], 4_000);
    let lag = |name: &str| printed["lag_ms"][name].as_f64().unwrap();
    assert!(lag("p50") <= lag("p99") && lag("p99") <= lag("max"));
}
