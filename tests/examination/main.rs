//! `decnet-db check`: a verdict on a database, on each backend.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![cfg(all(feature = "cli", feature = "sqlite", feature = "mysql"))]

#[allow(
    dead_code,
    unused_imports,
    reason = "of what the integration tests share this target needs the databases"
)]
#[path = "../support/mod.rs"]
mod support;
#[allow(dead_code, reason = "this target starts the tool in its own way")]
#[path = "../cli/tool.rs"]
mod tool;

use std::os::unix::fs::FileExt as _;

use decnet_db::contract::NewLog;
use mysql_async::prelude::Queryable as _;
use serde_json::Value;

use crate::support::{Database, each_backend};
use crate::tool::{Run, Tool};

each_backend!(
    a_sound_database_passes,
    what_is_missing_fails,
    tables_of_others_and_another_stamp_are_warned_of,
    references_to_rows_that_are_gone_are_warned_of,
    nothing_is_written,
);

fn tool(db: &Database) -> Tool {
    // The tests' server syncs nothing, which would be said.
    Tool::new().set("DECNET_DB_URL", db.url.clone()).set("DECNET_LOG", "error")
}

/// Runs statements past the library.
async fn raw(db: &Database, statements: &[&str]) {
    let url = db.config().url;
    if url.scheme() == "sqlite" {
        let file = rusqlite::Connection::open(url.database()).unwrap();
        return statements.iter().for_each(|statement| file.execute_batch(statement).unwrap());
    }
    let pool = mysql_async::Pool::from_url(&db.url).unwrap();
    let mut connection = pool.get_conn().await.unwrap();
    for statement in statements {
        connection.query_drop(*statement).await.unwrap();
    }
    drop(connection);
    pool.disconnect().await.unwrap();
}

/// The finding of a check, as JSON.
#[track_caller]
fn finding(run: &Run, check: &str) -> Value {
    let report: Value = serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {run:?}"));
    let findings = report["findings"].as_array().unwrap();
    findings
        .iter()
        .find(|finding| finding["check"] == check)
        .unwrap_or_else(|| panic!("{check}: {report}"))
        .clone()
}

#[track_caller]
fn judged(run: &Run, check: &str, verdict: &str, part: &str) {
    let finding = finding(run, check);
    assert_eq!(finding["verdict"], verdict, "{finding}");
    assert!(finding["what"].as_str().unwrap().contains(part), "{finding}");
    assert_eq!(finding["advice"] == "", verdict == "ok", "{finding}");
}

async fn a_sound_database_passes(db: Database) {
    db.add_log(NewLog::new("d", "ssh", "e", "203.0.113.1")).await.unwrap();
    let tool = tool(&db);
    let run = tool.run(["check"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.out.lines().all(|line| line.starts_with("ok ") || line.starts_with("warning ")), "{run:?}");
    let run = tool.run(["check", "--full", "--json"]);
    for check in ["engine", "schema", "revision", "other tables", "references", "integrity"] {
        judged(&run, check, "ok", "");
    }
    let own =
        if db.system() == "sqlite" { ["journal", "file system"] } else { ["isolation", "table engines"] };
    own.iter().for_each(|check| judged(&run, check, "ok", ""));
}

async fn what_is_missing_fails(db: Database) {
    let tool = tool(&db);
    let index =
        if db.system() == "sqlite" { "DROP INDEX ix_logs_decky" } else { "DROP INDEX ix_logs_decky ON logs" };
    raw(&db, &[index]).await;
    let run = tool.run(["check", "--json"]);
    assert_eq!(run.code, 0, "{run:?}");
    judged(&run, "schema", "warning", "1 indexes are missing");
    assert_eq!(tool.run(["check", "--strict"]).code, 7);
    raw(&db, &["DROP TABLE smtp_targets"]).await;
    let run = tool.run(["check", "--json"]);
    assert_eq!(run.code, 7, "{run:?}");
    judged(&run, "schema", "failed", "smtp_targets");
    assert!(run.err.contains("1 things are wrong with the database"), "{run:?}");
}

async fn tables_of_others_and_another_stamp_are_warned_of(db: Database) {
    raw(&db, &["CREATE TABLE wp_posts (id INTEGER)", "UPDATE alembic_version SET version_num = 'ffff'"])
        .await;
    let run = tool(&db).run(["check", "--json"]);
    assert_eq!(run.code, 0, "{run:?}");
    judged(&run, "other tables", "warning", "wp_posts");
    judged(&run, "revision", "warning", "ffff");
    raw(&db, &["DELETE FROM alembic_version"]).await;
    judged(&tool(&db).run(["check", "--json"]), "revision", "warning", "no stamp");
    if db.system() != "sqlite" {
        raw(&db, &["CREATE TABLE notes (id INTEGER) ENGINE = MyISAM"]).await;
        let run = tool(&db).run(["check", "--json"]);
        assert_eq!(run.code, 7, "{run:?}");
        judged(&run, "table engines", "failed", "notes");
    }
}

async fn references_to_rows_that_are_gone_are_warned_of(db: Database) {
    let off =
        if db.system() == "sqlite" { "PRAGMA foreign_keys = OFF" } else { "SET foreign_key_checks = 0" };
    let row = "INSERT INTO smtp_targets (attacker_uuid, domain, first_seen, last_seen, count) \
               VALUES ('nobody', 'example.com', '2026-01-01 00:00:00', '2026-01-01 00:00:00', 1)";
    raw(&db, &[off, row]).await;
    let run = tool(&db).run(["check", "--json"]);
    judged(&run, "references", "warning", "1 lead to rows that are gone: smtp_targets.attacker_uuid");
    assert_eq!(run.code, 0, "{run:?}");
}

async fn nothing_is_written(db: Database) {
    let url = db.config().url;
    if url.scheme() != "sqlite" {
        let missing = tool(&db).set("DECNET_DB_URL", format!("{}x", db.url));
        let run = missing.run(["check"]);
        assert_ne!(run.code, 0, "{run:?}");
        return;
    }
    db.add_log(NewLog::new("d", "ssh", "e", "203.0.113.1").raw_line("x".repeat(50_000))).await.unwrap();
    db.repository.close().await;
    let path = url.database().to_owned();
    let before = std::fs::read(&path).unwrap();
    assert_eq!(tool(&db).run(["check", "--full"]).code, 0);
    assert_eq!(std::fs::read(&path).unwrap(), before);
    // A page that was overwritten is found.
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all_at(&[0xff; 4_096], before.len() as u64 - 4_096).unwrap();
    let run = tool(&db).run(["check", "--full", "--json"]);
    assert_eq!(run.code, 7, "{run:?}");
    judged(&run, "integrity", "failed", "");
    // None is made.
    std::fs::remove_file(&path).unwrap();
    assert_eq!(tool(&db).run(["check"]).code, 3);
    assert!(!std::path::Path::new(&path).exists());
}
