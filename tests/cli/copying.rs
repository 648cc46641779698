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
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(tables[0], ["TABLE", "SOURCE", "TARGET", "CHECKSUM", "RESULT"]);
    assert_eq!(tables.len(), 40);
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
    let source = Connection::open(tool.path("decnet.db")).unwrap();
    source
        .execute_batch(&format!(
            "WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 999 + {ROWS})
             INSERT INTO logs SELECT i, timestamp, decky, service, event_type, attacker_ip, raw_line || i, fields, msg,
             trace_id, span_id FROM n, (SELECT * FROM logs WHERE id = 1)"
        ))
        .unwrap();
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
