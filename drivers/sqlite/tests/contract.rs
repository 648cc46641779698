//! The contract, end to end, through the registry: files and databases in memory.

mod common;

use common::{ask, connect, create, log};
use decnet_db_core::contract::{LogFilter, LogQuery};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_is_read_and_closed_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    for url in [format!("sqlite:///{}/a b#%3F.db", folder.path().display()), "sqlite:///:memory:".to_owned()]
    {
        let repository = connect(&url).await.unwrap();
        let done = repository.initialize().await.unwrap();
        assert!(done.created > 0, "{done:?}");
        assert_eq!(repository.initialize().await.unwrap().created, 0);
        repository.add_logs(vec![log("one"), log("two ROOT")]).await.unwrap();
        assert_eq!(repository.get_total_logs(LogFilter::default()).await.unwrap(), 2);
        let found = repository.get_logs(LogQuery::new().search("root")).await.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].raw_line, "two ROOT");
        assert!(!repository.ping().await.unwrap().version.is_empty());
        assert_eq!(repository.pool().open, 1);
        repository.close().await;
        repository.close().await;
        assert!(repository.add_log(log("late")).await.unwrap_err().is_retryable());
        assert!(repository.get_total_logs(LogFilter::default()).await.unwrap_err().is_retryable());
        assert!(repository.initialize().await.unwrap_err().is_retryable());
        assert!(repository.ping().await.unwrap_err().is_retryable());
        assert_eq!(repository.pool().open, 0);
    }
    assert!(folder.path().join("a b#?.db").exists());
    assert!(
        !folder.path().join("a b#?.db-wal").exists(),
        "the last one to leave moves the log into the file"
    );
}

/// `sqlite_master` keeps the text: it is compared byte for byte with what the original makes.
#[tokio::test]
async fn tables_are_spelled_as_the_original_spells_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    create(&path).await.close().await;
    for (name, expected) in [
        (
            "logs",
            "CREATE TABLE logs (\n\tid INTEGER NOT NULL, \n\ttimestamp DATETIME NOT NULL, \n\tdecky VARCHAR NOT NULL, \
             \n\tservice VARCHAR NOT NULL, \n\tevent_type VARCHAR NOT NULL, \n\tattacker_ip VARCHAR NOT NULL, \
             \n\traw_line TEXT NOT NULL, \n\tfields TEXT NOT NULL, \n\tmsg TEXT, \n\ttrace_id VARCHAR, \
             \n\tspan_id VARCHAR, \n\tPRIMARY KEY (id)\n)",
        ),
        (
            "state",
            "CREATE TABLE state (\n\t\"key\" VARCHAR NOT NULL, \n\tvalue TEXT NOT NULL, \n\tPRIMARY KEY (\"key\")\n)",
        ),
        (
            "users",
            "CREATE TABLE users (\n\tuuid VARCHAR NOT NULL, \n\tusername VARCHAR NOT NULL, \
             \n\tpassword_hash VARCHAR NOT NULL, \n\trole VARCHAR NOT NULL, \
             \n\tmust_change_password BOOLEAN NOT NULL, \n\ttokens_valid_from DATETIME, \n\tPRIMARY KEY (uuid)\n)",
        ),
        (
            "alembic_version",
            "CREATE TABLE alembic_version (\n\tversion_num VARCHAR(32) NOT NULL, \n\tCONSTRAINT \
             alembic_version_pkc PRIMARY KEY (version_num)\n)",
        ),
        ("ix_logs_service", "CREATE INDEX ix_logs_service ON logs (service)"),
        ("ix_users_username", "CREATE UNIQUE INDEX ix_users_username ON users (username)"),
    ] {
        let text: String = ask(&path, &format!("SELECT sql FROM sqlite_master WHERE name = '{name}'"));
        assert_eq!(text, expected);
    }
    assert_eq!(ask::<String>(&path, "PRAGMA journal_mode"), "wal");
}

#[tokio::test(flavor = "multi_thread")]
async fn json_members_compare_as_ruling_r5_says() {
    let repository = connect("sqlite:///:memory:").await.unwrap();
    repository.initialize().await.unwrap();
    for (fields, search, matches) in [
        (r#"{"port": "22"}"#, "port:22", true),
        (r#"{"port": 22}"#, "port:22", true),
        (r#"{"port": 22}"#, "port:2", false),
        (r#"{"port": 22}"#, "port:22.0", false),
        (r#"{"f": 1.50}"#, "f:1.50", true),
        (r#"{"f": 1.50}"#, "f:1.5", false),
        (r#"{"f": 1E5}"#, "f:1E5", true),
        (r#"{"n": -0}"#, "n:-0", true),
        (r#"{"n": 123456789012345678901234567890}"#, "n:123456789012345678901234567890", true),
        (r#"{"ok": true}"#, "ok:true", true),
        (r#"{"ok": false}"#, "ok:false", true),
        (r#"{"ok": null}"#, "ok:null", true),
        (r#"{"ok": true}"#, "ok:1", false),
        (r#"{"other": 1}"#, "ok:null", false),
        (r#"{"o": {"a":1}}"#, r#"o:{"a":1}"#, false),
        (r#"{"o": [1]}"#, "o:[1]", false),
        (r#"{"cmd": "ls"}"#, "cmd:LS", false),
        (r#"{"Cmd": "ls"}"#, "cmd:ls", false),
        (r#"{"cmd": "\u0041"}"#, "cmd:A", true),
        (r#"{"a": {"cmd": "ls"}}"#, "cmd:ls", false),
        (r#"{"my-key_2": "x"}"#, "my-key_2:x", true),
        ("{\"cmd\": \"ls\"}\0rest", "cmd:ls", false),
        ("{cmd: 'ls'}", "cmd:ls", false),
        (r#"{"cmd": "ls",}"#, "cmd:ls", false),
        (r#"["cmd"]"#, "cmd:ls", false),
        (r#""cmd""#, "cmd:cmd", false),
        ("", "cmd:ls", false),
        ("not json", "cmd:json", false),
        (&format!("{}{}", "[".repeat(5000), "]".repeat(5000)), "cmd:ls", false),
        (&format!("{{\"cmd\":\"ls\",\"deep\":{}{}}}", "[".repeat(500), "]".repeat(500)), "cmd:ls", true),
    ] {
        let before = repository.get_total_logs(LogFilter::all().search(search)).await.unwrap();
        repository.add_log(log("x").fields(fields.to_owned())).await.unwrap();
        let after = repository.get_total_logs(LogFilter::all().search(search)).await.unwrap();
        assert_eq!(after - before, u64::from(matches), "{fields:.60} {search}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn histogram_buckets_are_floors_of_what_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let repository = create(&path).await;
    {
        let other = rusqlite::Connection::open(&path).unwrap();
        for time in [
            "2026-01-01 00:14:59.999999",
            "2026-01-01T00:00:00",
            "2026-01-01 02:10:00+02:00",
            "2026-01-01",
            "1969-12-31 23:59:59.999500",
            "0001-01-01 00:00:00.000000",
        ] {
            other
                .execute(
                    "INSERT INTO logs (timestamp, decky, service, event_type, attacker_ip, raw_line, fields) \
                     VALUES (?1, '', '', '', '', '', '{}')",
                    [time],
                )
                .unwrap();
        }
    }
    let histogram = repository.get_log_histogram(LogFilter::default(), 15).await.unwrap();
    let buckets: Vec<_> = histogram.iter().map(|bucket| (bucket.time.as_str(), bucket.count)).collect();
    let expected = [("0001-01-01 00:00:00", 1), ("1969-12-31 23:45:00", 1), ("2026-01-01 00:00:00", 4)];
    assert_eq!(buckets, expected);
}

/// SQLite does not keep DECNET from leaving rows that refer to nothing.
#[tokio::test]
async fn parts_whose_topology_is_gone_can_be_changed_and_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    create(&path).await.close().await;
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch(
            "PRAGMA foreign_keys = 0;
             INSERT INTO lans VALUES ('l', 'gone', 'l', NULL, '10.0.0.0/24', 0, NULL, NULL);
             INSERT INTO topology_deckies VALUES
                 ('d', 'gone', 'd', '[]', NULL, NULL, 'pending', NULL, NULL, NULL, '2026-01-01 00:00:00.000000', NULL, NULL);
             INSERT INTO topology_edges VALUES ('e', 'gone', 'd', 'l', 0, 0), ('f', 'gone', 'nobody', 'l', 0, 0);
             INSERT INTO topology_mutations VALUES
                 ('m', 'gone', 'x', '{}', 'pending', '2026-01-01 00:00:00.000000', '2026-03-04T05:06:34.003322+00:00', NULL);",
        )
        .unwrap();
    let repository = create(&path).await;
    let say = async |method: &str, arguments: &str| {
        let arguments: decnet_db_core::json::Json = arguments.parse().unwrap();
        let done = decnet_db_core::call::call(&*repository, method, arguments).await;
        done.map(|answer| answer.to_string()).unwrap_or_else(|error| error.kind().to_string())
    };
    for (method, arguments, expected) in [
        ("update_lan", r#"{"lan_id": "l", "fields": {"x": 1, "topology_id": "gone"}}"#, "null"),
        ("update_lan", r#"{"lan_id": "l", "fields": {"x": 2}, "expected_version": 1}"#, "conflict"),
        ("update_lan", r#"{"lan_id": "l", "fields": {"x": 2}, "enforce_pending": true}"#, "conflict"),
        ("update_topology_decky", r#"{"decky_uuid": "d", "fields": {"state": "running"}}"#, "null"),
        ("delete_lan", r#"{"lan_id": "l", "enforce_pending": false}"#, "conflict"),
        ("delete_topology_decky", r#"{"decky_uuid": "d"}"#, "conflict"),
        ("delete_topology_decky", r#"{"decky_uuid": "d", "enforce_pending": false}"#, "null"),
        ("delete_lan", r#"{"lan_id": "l", "enforce_pending": false}"#, "null"),
        ("mark_mutation_failed", r#"{"mutation_id": "m", "reason": "x"}"#, "null"),
        ("delete_topology_cascade", r#"{"topology_id": "gone"}"#, "false"),
    ] {
        assert_eq!(say(method, arguments).await, expected, "{method} {arguments}");
    }
    repository.close().await;
    for table in ["lans", "topology_deckies", "topology_edges", "topology_mutations"] {
        assert_eq!(ask::<i64>(&path, &format!("SELECT COUNT(*) FROM {table}")), 0, "{table}");
    }
}
