//! `copy`.

use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use crate::tool::Tool;

/// A folder with the original's database, and a name for another one.
fn golden() -> Tool {
    let tool = Tool::new();
    let file = Connection::open(tool.path("decnet.db")).unwrap();
    file.execute_batch(include_str!("../conformance/golden/core.sql")).unwrap();
    tool
}

const TO: &str = "sqlite:///copy.db";

#[test]
fn everything_is_copied_and_the_comparison_shown() {
    let tool = golden();
    let text = tool.run(["copy", "--to", TO]).ok();
    assert!(text.starts_with("from  sqlite:///"), "{text}");
    assert!(text.contains("\n66 rows were copied\n"), "{text}");
    let tables: Vec<Vec<&str>> = text
        .lines()
        .skip_while(|line| !line.starts_with("TABLE"))
        .take_while(|line| !line.ends_with("tables have no rows on either side"))
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(tables[0], ["TABLE", "SOURCE", "TARGET", "CHECKSUM", "RESULT"]);
    assert!(tables.len() > 10, "{text}");
    assert!(tables[1..].iter().all(|cells| cells[1] == cells[2] && cells[4] == "equal"), "{text}");
    assert!(tables.iter().any(|cells| cells[..3] == ["logs", "12", "12"]), "{text}");

    let json = tool.run(["copy", "--to", TO, "--verify-only", "--json"]).json();
    assert_eq!(json["complete"], true);
    let tables = json["verification"]["tables"].as_array().unwrap();
    let logs = tables.iter().find(|table| table["table"] == "logs").unwrap();
    assert_eq!(logs["source"]["sha256_sum"].as_str().unwrap().len(), 64);
    assert_eq!(logs["source"], logs["target"]);
}

#[test]
fn a_difference_is_named_and_the_exit_code_says_so() {
    let tool = golden();
    tool.run(["copy", "--to", TO]).ok();
    let file = Connection::open(tool.path("copy.db")).unwrap();
    file.execute_batch("UPDATE logs SET msg = 'other' WHERE id = 3; DELETE FROM revoked_tokens").unwrap();
    let run = tool.run(["copy", "--to", TO, "--verify-only"]);
    assert_eq!(run.code, 5);
    assert_eq!(run.err, "decnet-db: the target differs from the source in logs, revoked_tokens\n");
    assert!(run.out.contains("  logs.msg of the row 3: has another value in the target\n"), "{}", run.out);
    let run = tool.run(["copy", "--to", TO, "--verify-only", "--json"]);
    assert_eq!(run.code, 5);
    let json: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(json["complete"], false);
}

#[test]
fn a_target_with_rows_needs_to_be_told_by_name() {
    let tool = golden().set("DECNET_COPY_TO", TO);
    tool.run(["copy"]).ok();
    let refused = tool.run(["copy"]);
    assert_eq!(refused.code, 5);
    assert!(refused.err.starts_with("decnet-db: the target is not empty (rows: "), "{}", refused.err);
    assert!(refused.err.ends_with("\nhint: to delete what is in it: --overwrite --confirm copy.db\n"));
    for wrong in ["decnet.db", "copy", ""] {
        let run = tool.run(["copy", "--overwrite", "--confirm", wrong]);
        assert_eq!(run.code, 2, "{run:?}");
        assert!(run.err.contains("is not the database's name, which is \"copy.db\"; nothing was changed"));
    }
    let run = tool.run(["copy", "--overwrite"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("--confirm copy.db"), "{}", run.err);
    tool.run(["copy", "--overwrite", "--confirm", "copy.db"]).ok();
}

#[test]
fn what_is_not_there_is_not_created() {
    let tool = Tool::new();
    let run = tool.run(["copy", "--from", "sqlite:///absent.db", "--to", TO]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(!tool.path("absent.db").exists() && !tool.path("copy.db").exists());
    let run = golden().run(["copy", "--to", TO, "--verify-only"]);
    assert_eq!(run.code, 3, "{run:?}");
    let run = golden().run(["copy", "--to", "odd://user:secret@host/x"]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(!run.err.contains("secret"), "{}", run.err);
    assert_eq!(golden().run(["copy", "--to", TO, "--batch", "0"]).code, 2);
}

#[test]
fn a_copy_that_is_killed_goes_on_where_it_was() {
    const ROWS: i64 = 20_000;
    let tool = golden();
    filled(&tool, ROWS);
    let mut child = tool.command(["copy", "--to", TO, "--batch", "10"]).spawn().unwrap();
    // Killed when the first of two thousand commits are seen.
    let patience = Instant::now() + Duration::from_secs(60);
    let seen = || -> rusqlite::Result<i64> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        Connection::open_with_flags(tool.path("copy.db"), flags)?.query_row(
            "SELECT count(*) FROM logs",
            [],
            |row| row.get(0),
        )
    };
    while seen().unwrap_or(0) < 100 {
        assert!(Instant::now() < patience && child.try_wait().unwrap().is_none(), "the copy was not seen");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let there = seen().unwrap();
    assert!((100..ROWS).contains(&there), "{there}");
    let json = tool.run(["copy", "--to", TO, "--json"]).json();
    assert_eq!((&json["resumed"], &json["complete"]), (&true.into(), &true.into()));
    assert!(json["rows"].as_i64().unwrap() <= ROWS + 66 - there, "{json}");
    let state: i64 = Connection::open(tool.path("copy.db"))
        .unwrap()
        .query_row("SELECT count(*) FROM state WHERE key = 'decnet_db_copy'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(state, 0);
}

#[test]
fn the_verdict_comes_last_and_empty_tables_in_one_line() {
    let tool = golden();
    let text = tool.run(["copy", "--to", TO]).ok();
    assert_eq!(text.lines().last(), Some("equal: 66 rows in 39 tables"), "{text}");
    let empty: Vec<&str> =
        text.lines().filter(|line| line.ends_with("tables have no rows on either side")).collect();
    assert_eq!(empty.len(), 1, "{text}");
    assert!(!text.lines().any(|line| line.split_whitespace().nth(1) == Some("0")), "{text}");
}

#[test]
fn a_refused_copy_leaves_no_file() {
    let tool = Tool::new();
    Connection::open(tool.path("decnet.db")).unwrap().execute_batch("CREATE TABLE other (x)").unwrap();
    let run = tool.run(["copy", "--to", TO]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(!tool.path("copy.db").exists() && !tool.path("copy.db-wal").exists());
}

#[test]
fn another_name_of_the_source_is_no_target() {
    let tool = golden();
    std::fs::hard_link(tool.path("decnet.db"), tool.path("copy.db")).unwrap();
    for option in ["--overwrite", "--live"] {
        let confirm = if option == "--live" { "--batch=10" } else { "--confirm=copy.db" };
        let run = tool.run(["copy", "--to", TO, option, confirm]);
        assert_eq!(run.code, 2, "{run:?}");
        assert!(run.err.contains("is the same file as the source"), "{}", run.err);
    }
    let rows: i64 = Connection::open(tool.path("decnet.db"))
        .unwrap()
        .query_row("SELECT count(*) FROM logs", [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, 12);
}

#[cfg(unix)]
#[test]
fn an_interrupted_copy_says_that_the_same_command_goes_on() {
    let tool = golden();
    filled(&tool, 100_000);
    let child = tool.command(["copy", "--to", TO, "--batch", "10"]).spawn().unwrap();
    wait_for_rows(&tool, 100);
    let killed = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(4), "{err}");
    assert!(err.ends_with("\nhint: running the same command again continues\n"), "{err}");
    assert_eq!(tool.run(["copy", "--to", TO, "--json"]).json()["resumed"], true);
}

/// Adds events to the source.
pub(crate) fn filled(tool: &Tool, rows: i64) {
    let source = Connection::open(tool.path("decnet.db")).unwrap();
    source
        .execute_batch(&format!(
            "WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 999 + {rows})
             INSERT INTO logs SELECT i, timestamp, decky, service, event_type, attacker_ip, raw_line || i, fields, msg,
             trace_id, span_id FROM n, (SELECT * FROM logs WHERE id = 1)"
        ))
        .unwrap();
}

/// Waits until so many events are in the target.
pub(crate) fn wait_for_rows(tool: &Tool, rows: i64) {
    let patience = Instant::now() + Duration::from_secs(60);
    let seen = || -> rusqlite::Result<i64> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        Connection::open_with_flags(tool.path("copy.db"), flags)?.query_row(
            "SELECT count(*) FROM logs",
            [],
            |row| row.get(0),
        )
    };
    while seen().unwrap_or(0) < rows {
        assert!(Instant::now() < patience, "the copy was not seen");
        std::thread::yield_now();
    }
}

#[test]
fn a_live_copy_that_is_killed_goes_on_while_rows_come_and_the_cut_is_named() {
    let tool = golden();
    filled(&tool, 20_000);
    let mut child = tool.command(["copy", "--live", "--to", TO, "--batch", "10"]).spawn().unwrap();
    wait_for_rows(&tool, 100);
    child.kill().unwrap();
    child.wait().unwrap();
    let source = Connection::open(tool.path("decnet.db")).unwrap();
    source
        .execute_batch("UPDATE logs SET msg = 'other' WHERE id = 3; DELETE FROM logs WHERE id = 1000")
        .unwrap();
    let text = tool.run(["copy", "--live", "--to", TO]).ok();
    assert!(text.contains(" rounds (an earlier copy was continued)\n"), "{text}");
    let last = text.lines().last().unwrap();
    assert!(
        last.starts_with("equal at the cut, 20") && last.ends_with(": 20,065 rows in 39 tables"),
        "{text}"
    );
    assert_eq!(tool.run(["copy", "--to", TO, "--verify-only", "--json"]).json()["complete"], true);
}

#[test]
fn a_backup_is_whole_or_not_there_and_never_overwrites_without_being_told() {
    let tool = golden();
    filled(&tool, 1_000);
    let json = tool.run(["backup", "copy.db", "--json"]).json();
    assert_eq!(json["rows"], 1_066);
    assert_eq!(json["bytes"].as_u64().unwrap(), std::fs::metadata(tool.path("copy.db")).unwrap().len());
    assert_eq!(tool.run(["copy", "--to", TO, "--verify-only", "--json"]).json()["complete"], true);
    let run = tool.run(["backup", "copy.db"]);
    assert_eq!(run.code, 5, "{run:?}");
    assert!(run.err.contains("is there already") && run.err.contains("--overwrite"), "{}", run.err);
    let text = tool.run(["backup", "copy.db", "--overwrite"]).ok();
    assert_eq!(text.lines().last(), Some("equal: 1,066 rows in 39 tables"), "{text}");
    // The database itself is in use, and can't be replaced by its backup.
    let open = Connection::open(tool.path("decnet.db")).unwrap();
    open.execute_batch("PRAGMA journal_mode = WAL; UPDATE logs SET msg = 'x' WHERE id = 1").unwrap();
    let run = tool.run(["backup", "decnet.db", "--overwrite"]);
    assert_eq!(run.code, 5, "{run:?}");
    assert!(run.err.contains("a database in use"), "{}", run.err);
    assert_eq!(tool.run(["backup", "nowhere/copy.db"]).code, 3);
}
