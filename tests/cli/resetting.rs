//! `reset`.

use rusqlite::Connection;

use crate::tool::Tool;

fn golden() -> Tool {
    let tool = Tool::new();
    let file = Connection::open(tool.path("decnet.db")).unwrap();
    file.execute_batch(include_str!("../conformance/golden/core.sql")).unwrap();
    tool
}

fn count(tool: &Tool, sql: &str) -> i64 {
    Connection::open(tool.path("decnet.db")).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn nothing_happens_before_it_is_said() {
    let tool = golden();
    Connection::open(tool.path("decnet.db")).unwrap().execute_batch("DROP TABLE lans").unwrap();
    let text = tool.run(["reset"]).ok();
    assert!(text.starts_with("decnet.db (truncate)\n\nTABLE "), "{text}");
    let rows: Vec<Vec<&str>> = text.lines().skip(3).map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["ttp_tag", "0"]);
    assert!(rows.contains(&vec!["logs", "12"]) && rows.contains(&vec!["lans", "missing"]), "{text}");
    assert!(text.ends_with("nothing was changed; to do it: decnet-db reset --confirm decnet.db\n"), "{text}");
    let json = tool.run(["reset", "--mode", "drop-tables", "--json"]).json();
    assert_eq!((&json["done"], &json["name"]), (&false.into(), &"decnet.db".into()));
    assert_eq!(json["tables"][38]["name"], "bounty");
    assert_eq!(count(&tool, "SELECT count(*) FROM logs"), 12);
}

#[test]
fn another_name_is_refused() {
    let tool = golden();
    for wrong in ["decnet", "Decnet.db", ""] {
        let run = tool.run(["reset", "--confirm", wrong]);
        assert_eq!(run.code, 2, "{run:?}");
        assert!(run.err.ends_with("which is \"decnet.db\"; nothing was changed\n"), "{}", run.err);
    }
    // Nobody is at a terminal to be asked.
    let run = tool.run_with(["reset", "--yes-really"], b"decnet.db\n");
    assert_eq!(run.code, 2, "{run:?}");
    assert!(
        run.err.contains("--confirm decnet.db says that you mean it; nothing was changed"),
        "{}",
        run.err
    );
    assert_eq!(tool.run(["reset", "--mode", "shred", "--confirm", "decnet.db"]).code, 2);
    assert_eq!(count(&tool, "SELECT count(*) FROM logs"), 12);
}

#[test]
fn with_the_name_it_is_done() {
    let tool = golden();
    let text = tool.run(["reset", "--confirm", "decnet.db"]).ok();
    assert!(text.ends_with("66 rows were deleted\n"), "{text}");
    assert_eq!(count(&tool, "SELECT count(*) FROM logs"), 0);
    let text = tool.run(["reset", "--mode", "drop-tables", "--confirm", "decnet.db"]).ok();
    assert!(text.ends_with("39 tables were dropped, with 0 rows\n"), "{text}");
    assert_eq!(count(&tool, "SELECT count(*) FROM sqlite_master WHERE name = 'logs'"), 0);
    let text = tool.run(["reset"]).ok();
    assert_eq!(text.matches(" missing\n").count(), 39);
}

#[test]
fn a_database_that_is_not_there_is_not_created() {
    let tool = Tool::new();
    assert_eq!(tool.run(["reset", "--confirm", "decnet.db"]).code, 3);
    assert!(!tool.path("decnet.db").exists());
}
