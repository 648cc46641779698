//! `drivers`, `status`, `init` and `methods`.

use std::fs;

use serde_json::json;

use crate::tool::Tool;

const VERSION: &str = env!("CARGO_PKG_VERSION");

#[test]
fn drivers_lists_what_is_compiled_in() {
    let tool = Tool::new();
    let text = tool.run(["drivers"]).ok();
    let mut lines = text.lines();
    assert_eq!(lines.next().unwrap().split_whitespace().next(), Some("DRIVER"));
    assert!(
        lines.any(|line| line.starts_with("sqlite") && line.contains(" sqlite://") && line.ends_with(" -")),
        "{text}"
    );

    let json = tool.run(["drivers", "--json"]).json();
    let sqlite = json.as_array().unwrap().iter().find(|driver| driver["name"] == "sqlite").unwrap();
    let expected = json!({
        "name": "sqlite", "schemes": ["sqlite"], "package": "decnet-db-sqlite", "version": VERSION, "lacks": {},
    });
    assert_eq!(*sqlite, expected);
    if let Some(mysql) = json.as_array().unwrap().iter().find(|driver| driver["name"] == "mysql") {
        assert!(mysql["lacks"]["deep_json"].as_str().unwrap().contains("32 levels"), "{mysql}");
        assert!(text.contains(" deep_json\n"), "{text}");
    }
}

#[test]
fn methods_lists_every_method_with_its_arguments() {
    let tool = Tool::new();
    let all = tool.run(["methods", "--json"]).json();
    assert_eq!(all.as_array().unwrap().len(), decnet_db::call::methods().count());
    let text = tool.run(["methods"]).ok();
    assert_eq!(text.lines().count(), 2 * all.as_array().unwrap().len());

    let one = tool.run(["methods", "set_state"]).ok();
    assert!(one.starts_with("set_state(key: text, value?: any JSON) -> null\n\nStores a value"), "{one}");
    for part in [
        "access   writes\n",
        "key       required  text\n",
        "\nexample  decnet-db call set_state key='a key'\n",
    ] {
        assert!(one.contains(part), "{part}: {one}");
    }
    let one = tool.run(["methods", "upsert_credential"]).ok();
    assert!(one.contains("\nsecret_kind       text of at most 32 characters\n"), "{one}");
    assert!(tool.run(["methods", "get_logs"]).ok().contains("access   reads\n"));
    let one = tool.run(["methods", "--json", "set_state"]).json();
    assert_eq!(one[0]["name"], "set_state");
    assert_eq!(one[0]["arguments"][0], json!({"name": "key", "type": "text", "required": true, "doc": ""}));
    assert_eq!(one[0]["arguments"][1]["required"], false);
    assert_eq!(tool.run(["methods", "no_such_word"]).ok(), "");
}

#[test]
fn init_creates_the_database_once_and_says_who_was_seeded() {
    let tool = Tool::new();
    let run = tool.run(["init"]);
    assert_eq!(run.code, 0);
    assert!(run.out.starts_with("database       sqlite:///decnet.db\n"), "{}", run.out);
    assert!(run.out.contains("tables and indexes created\nrevision       4a914b1d62a0\n"), "{}", run.out);
    assert!(run.out.contains("administrator  nobody was created: set DECNET_ADMIN_PASSWORD"), "{}", run.out);
    assert_eq!(run.err.lines().count(), 1, "{}", run.err);
    assert!(run.err.starts_with("decnet-db: warning: no administrator was seeded"), "{}", run.err);

    let tool = tool.set("DECNET_ADMIN_PASSWORD", "correct horse battery").set("DECNET_ADMIN_USER", "root");
    let report = tool.run(["init", "--json"]).json();
    let expected = json!({
        "database": "sqlite:///decnet.db", "created": 0, "revision": "4a914b1d62a0", "foreign_revision": false,
        "admin": "created", "admin_user": "root",
    });
    assert_eq!(report, expected);
    let again = tool.run(["init"]).ok();
    assert!(again.contains("schema         nothing was missing\n"), "{again}");
    assert!(again.contains("administrator  root was there, and has the configured password"), "{again}");
}

#[test]
fn init_leaves_a_foreign_stamp_alone_and_warns_on_one_plain_line() {
    let tool = Tool::with_schema();
    let database = rusqlite::Connection::open(tool.path("decnet.db")).unwrap();
    database.execute_batch("UPDATE alembic_version SET version_num = 'fedcba987654'").unwrap();
    let run = tool.set("DECNET_ADMIN_PASSWORD", "correct horse battery").run(["init"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(
        run.out.contains("revision       fedcba987654 (of another version of DECNET; left alone)\n"),
        "{}",
        run.out
    );
    let warning = "decnet-db: warning: the database has the stamp of another revision revision=fedcba987654";
    assert!(run.err.starts_with(warning) && run.err.lines().count() == 1, "{}", run.err);
    assert!(!run.err.contains('\u{1b}'), "{}", run.err);
}

#[test]
fn init_refuses_a_weak_password_before_it_creates_anything() {
    let tool = Tool::new().set("DECNET_ADMIN_PASSWORD", "hunter2");
    let run = tool.run(["init"]);
    assert_eq!((run.code, run.out.as_str()), (3, ""));
    assert!(run.err.starts_with("decnet-db: DECNET_ADMIN_PASSWORD is too short"), "{}", run.err);
    assert!(!run.err.contains("hunter2"), "{}", run.err);
    assert!(tool.run(["status"]).out.contains("schema    none"), "no table was created");
}

#[test]
fn status_shows_versions_schema_rows_and_pool() {
    let tool = Tool::with_schema();
    let log = r#"{"log_data":{"decky":"d","service":"ssh","event_type":"e","attacker_ip":"203.0.113.7",
        "fields":{},"raw_line":"x"}}"#;
    tool.run(["call", "add_log", log]).ok();
    let status = tool.run(["status", "--json"]).json();
    assert_eq!(status["database"], "sqlite:///decnet.db");
    assert_eq!(status["tool"], json!({"name": "decnet-db", "version": VERSION}));
    assert_eq!(status["driver"]["package"], "decnet-db-sqlite");
    assert_eq!(status["engine"]["system"], "sqlite");
    assert!(status["engine"]["version"].as_str().unwrap().starts_with("3."));
    let schema = json!({
        "revisions": ["4a914b1d62a0"], "expected": "4a914b1d62a0", "complete": true, "missing_tables": [],
    });
    assert_eq!(status["schema"], schema);
    let tables = status["tables"].as_array().unwrap();
    assert!(tables.contains(&json!({"name": "logs", "rows": 1})), "{tables:?}");
    assert!(tables.contains(&json!({"name": "users", "rows": 0})), "{tables:?}");
    assert!(status["pool"]["open"].as_u64().unwrap() >= 1, "{status}");

    let text = tool.run(["status"]).ok();
    assert!(text.contains("\nschema    revision 4a914b1d62a0, all "), "{text}");
    let row: Vec<_> =
        text.lines().find(|line| line.starts_with("logs ")).unwrap().split_whitespace().collect();
    assert_eq!(row, ["logs", "1"]);
    assert!(!text.contains("\nusers") && text.contains(" tables have no rows; --all lists them\n"), "{text}");
    assert!(tool.run(["status", "--all"]).ok().contains("\nusers "));
}

#[test]
fn status_shows_how_lively_the_database_is_and_its_size() {
    let tool = Tool::with_schema();
    assert!(tool.run(["status"]).ok().contains("\nevents    none\n"));
    let log = |time: &str| {
        format!(
            r#"{{"log_data":{{"decky":"d","service":"ssh","event_type":"e","attacker_ip":"203.0.113.7","fields":{{}},
            "raw_line":"x","timestamp":"{time}"}}}}"#
        )
    };
    let now = decnet_db::time::Timestamp::now();
    let ago = |hours: u64| now.checked_sub(std::time::Duration::from_secs(hours * 3600)).unwrap().to_string();
    for time in [ago(0), ago(2), ago(48), "2026-01-02T03:04:05Z".to_owned()] {
        tool.run(["call", "add_log", &log(&time)]).ok();
    }
    let status = tool.run(["status", "--json"]).json();
    let events = &status["events"];
    assert_eq!(
        (&events["total"], &events["last_hour"], &events["last_day"]),
        (&json!(4), &json!(1), &json!(2))
    );
    assert_eq!((&events["oldest"], &events["newest"]), (&json!("2026-01-02T03:04:05Z"), &json!(ago(0))));
    let file = fs::metadata(tool.path("decnet.db")).unwrap().len();
    assert!(status["size_bytes"].as_u64().unwrap() >= file, "{status}");
    let text = tool.run(["status"]).ok();
    assert!(
        text.contains("\nsize      ") && text.contains("; 1 in the last hour, 2 in the last day\n"),
        "{text}"
    );
}

#[test]
fn completions_and_the_manual_page_know_every_command() {
    let tool = Tool::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = tool.run(["completions", shell]).ok();
        for command in ["ingest", "top", "new-driver"] {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
    let page = tool.run(["man"]).ok();
    assert!(page.contains(".TH decnet\\-db 1") || page.contains(".TH decnet-db 1"), "{page}");
    assert!(page.contains("ingest"), "{page}");
}

#[test]
fn status_works_without_a_schema_and_names_missing_tables() {
    let tool = Tool::new();
    fs::write(tool.path("decnet.db"), "").unwrap();
    let status = tool.run(["status", "--json"]).json();
    assert_eq!(status["schema"]["complete"], false);
    assert_eq!(status["schema"]["revisions"], json!([]));
    assert!(status["tables"].as_array().unwrap().iter().all(|table| table["rows"].is_null()), "{status}");
    assert!(tool.run(["status"]).ok().contains("\nschema    none; `decnet-db init` creates it\n"));

    let tool = Tool::with_schema();
    rusqlite::Connection::open(tool.path("decnet.db")).unwrap().execute_batch("DROP TABLE bounty").unwrap();
    let status = tool.run(["status", "--json"]).json();
    assert_eq!(status["schema"]["missing_tables"], json!(["bounty"]));
    let text = tool.run(["status"]).ok();
    assert!(text.contains("tables missing (bounty); `decnet-db init` adds them"), "{text}");
}

#[test]
fn the_url_comes_from_the_option_else_from_the_environment() {
    let tool = Tool::new().set("DECNET_DB_URL", "sqlite:///from-env.db");
    assert_eq!(tool.run(["init"]).code, 0);
    assert_eq!(tool.run(["--url", "sqlite:///from option.db", "init"]).code, 0);
    for name in ["from-env.db", "from option.db"] {
        assert!(tool.path(name).exists(), "{name}");
    }
    assert!(!tool.path("decnet.db").exists());
    fs::write(tool.path(".env"), "DECNET_ADMIN_PASSWORD=correct horse battery\n").unwrap();
    assert_eq!(tool.run(["init", "--json"]).json()["admin"], "created");
}

#[test]
fn verbose_tells_what_is_going_on_and_the_environment_filters() {
    let tool = Tool::with_schema();
    let run = tool.run(["-v", "call", "get_max_log_id"]);
    assert_eq!((run.code, run.out.as_str()), (0, "0\n"));
    assert!(run.err.contains("db.get_max_log_id"), "{}", run.err);
    assert!(!run.err.contains('\u{1b}'), "no colours into a pipe: {}", run.err);

    let quiet = Tool::new().set("DECNET_LOG", "off");
    assert_eq!(quiet.run(["init"]).err, "");
    let wrong = Tool::new().set("DECNET_LOG", "loud=very=loud").run(["drivers"]);
    assert_eq!(wrong.code, 3);
    assert!(wrong.err.starts_with("decnet-db: DECNET_LOG is \"loud=very=loud\": "), "{}", wrong.err);
}

#[test]
fn init_asks_before_it_adds_to_another_programs_tables() {
    let tool = Tool::new();
    let file = rusqlite::Connection::open(tool.path("decnet.db")).unwrap();
    file.execute_batch("CREATE TABLE recipes (title TEXT); CREATE TABLE cooks (name TEXT)").unwrap();
    let run = tool.run(["init"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.err.contains("holds 2 tables of another program, such as \"cooks\""), "{}", run.err);
    let tables = |sql: &str| file.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(tables("SELECT COUNT(*) FROM sqlite_master WHERE type = 'table'"), 2);
    assert_eq!(tool.run(["init", "--yes"]).code, 0);
    // From now on they are DECNET's too.
    assert_eq!(tool.run(["init"]).code, 0);
    assert_eq!(tables("SELECT COUNT(*) FROM sqlite_master WHERE name = 'recipes'"), 1);
}
