//! What DECNET or anybody else may have left in the file.

use decnet_db::ErrorKind;
use decnet_db::call::call;
use decnet_db::contract::{LogFilter, NewBounty, NewLog};
use serde_json::json;

use super::{file_of, sqlite, texts};
use crate::called;
use crate::database::Database;

#[test]
fn times_in_other_forms_are_read() {
    sqlite(async |db: Database| {
        let forms = [
            ("2026-01-02", "2026-01-02T00:00:00Z"),
            ("2026-01-02T03:04", "2026-01-02T03:04:00Z"),
            ("2026-01-02 03:04:05.5", "2026-01-02T03:04:05.500000Z"),
            ("2026-01-02T03:04:05.1234567Z", "2026-01-02T03:04:05.123456Z"),
            ("2026-01-02 03:04:05+02:00", "2026-01-02T01:04:05Z"),
        ];
        let file = file_of(&db);
        for (form, _) in forms {
            let insert = "INSERT INTO logs (timestamp, decky, service, event_type, attacker_ip, raw_line, fields) \
                          VALUES (?, 'd', 's', 'e', 'i', '', '{}')";
            file.execute(insert, [form]).unwrap();
        }
        let logs = db.get_logs_after_id(0, 50, LogFilter::all()).await.unwrap();
        let shown: Vec<_> = logs.iter().map(|log| log.timestamp.to_string()).collect();
        assert_eq!(shown, forms.map(|(_, shown)| shown));
    });
}

#[test]
fn what_is_no_time_fails_the_read_and_names_the_column() {
    sqlite(async |db: Database| {
        db.add_log(NewLog::new("d", "s", "e", "i")).await.unwrap();
        for broken in ["'soon'", "''", "1767225600", "x'00'"] {
            file_of(&db).execute(&format!("UPDATE logs SET timestamp = {broken}"), []).unwrap();
            let error = db.get_logs_after_id(0, 50, LogFilter::all()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Backend, "{broken}");
            assert!(error.to_string().contains("logs.timestamp"), "{error}");
            // Rows that don't show it are counted all the same.
            assert_eq!(db.get_total_logs(LogFilter::all()).await.unwrap(), 1);
        }
    });
}

#[test]
fn any_value_that_is_not_empty_is_true() {
    sqlite(async |db: Database| {
        let user = json!({"uuid": "u", "username": "n", "password_hash": "x"});
        called(&*db, "create_user", json!({"user_data": user})).await;
        for (stored, expected) in
            [("7", true), ("'no'", true), ("''", false), ("0.0", false), ("x'01'", true)]
        {
            file_of(&db).execute(&format!("UPDATE users SET must_change_password = {stored}"), []).unwrap();
            let user = called(&*db, "get_user_by_uuid", json!({"uuid": "u"})).await;
            assert_eq!(user["must_change_password"], json!(expected), "{stored}");
        }
    });
}

#[test]
fn text_that_is_not_text_is_shown_as_well_as_can_be() {
    sqlite(async |db: Database| {
        db.add_log(NewLog::new("d", "s", "e", "i")).await.unwrap();
        file_of(&db)
            .execute("UPDATE logs SET raw_line = x'ff41', msg = 7, fields = CAST(x'fe' AS TEXT)", [])
            .unwrap();
        let log = db.get_logs_after_id(0, 1, LogFilter::all()).await.unwrap().remove(0);
        assert_eq!(
            (log.raw_line.as_str(), log.msg.as_deref(), log.fields.as_str()),
            ("\u{fffd}A", Some("7"), "\u{fffd}")
        );
        for search in ["a", "k:v", "decky:d"] {
            db.get_total_logs(LogFilter::all().search(search)).await.unwrap();
        }
    });
}

#[test]
fn state_that_is_no_json_is_an_error_and_can_be_overwritten() {
    sqlite(async |db: Database| {
        file_of(&db).execute("INSERT INTO state VALUES ('k', 'NaN')", []).unwrap();
        let error = call(&*db, "get_state", json!({"key": "k"})).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Backend);
        assert!(error.to_string().contains("\"k\""), "{error}");
        called(&*db, "set_state", json!({"key": "k", "value": 1})).await;
        assert_eq!(called(&*db, "get_state", json!({"key": "k"})).await, json!(1));
    });
}

#[test]
fn duplicates_that_are_there_stay_and_make_nothing_fail() {
    sqlite(async |db: Database| {
        let bounty = || NewBounty::new("d", "s", "i", "artifact").payload("same");
        db.add_bounty(bounty()).await.unwrap();
        let double = "INSERT INTO bounty (timestamp, decky, service, attacker_ip, bounty_type, payload) \
                      SELECT timestamp, decky, service, attacker_ip, bounty_type, payload FROM bounty";
        file_of(&db).execute(double, []).unwrap();
        db.add_bounty(bounty()).await.unwrap();
        assert_eq!(called(&*db, "get_total_bounties", json!({})).await, json!(2));
    });
}

/// As DECNET writes: its own connection, a deferred transaction, 30 seconds of patience.
#[test]
fn another_program_writes_the_file_at_the_same_time() {
    sqlite(async |db: Database| {
        let file = file_of(&db);
        file.busy_timeout(std::time::Duration::from_secs(30)).unwrap();
        let other = std::thread::spawn(move || {
            for _ in 0..200 {
                file.execute_batch(
                    "BEGIN; INSERT INTO logs (timestamp, decky, service, event_type, attacker_ip, raw_line, fields) \
                     VALUES ('2026-01-01 00:00:00.000000', 'd', 's', 'e', 'i', 'theirs', '{}'); COMMIT",
                )
                .unwrap();
            }
        });
        let mut ours = 0;
        while !other.is_finished() {
            db.add_logs(vec![NewLog::new("d", "s", "e", "i"); 20]).await.unwrap();
            ours += 20;
        }
        other.join().unwrap();
        assert_eq!(db.get_total_logs(LogFilter::all()).await.unwrap(), ours + 200);
        assert_eq!(db.get_total_logs(LogFilter::all().search("theirs")).await.unwrap(), 200);
    });
}

#[test]
fn a_foreign_stamp_is_left_alone_and_reported() {
    sqlite(async |db: Database| {
        file_of(&db).execute("UPDATE alembic_version SET version_num = 'ffff'", []).unwrap();
        let done = db.initialize().await.unwrap();
        assert!(done.foreign_revision && done.revision == "ffff", "{done:?}");
        assert_eq!(texts(&file_of(&db), "SELECT version_num FROM alembic_version"), ["ffff"]);
    });
}

#[test]
fn what_is_missing_is_added_and_nothing_else_is_touched() {
    sqlite(async |db: Database| {
        db.add_log(NewLog::new("d", "s", "e", "i")).await.unwrap();
        let file = file_of(&db);
        file.execute_batch(
            "DROP TABLE webhook_subscriptions; DROP INDEX ix_logs_decky; CREATE TABLE mine (x)",
        )
        .unwrap();
        let done = db.initialize().await.unwrap();
        assert!(done.created >= 2, "{done:?}");
        let back =
            "SELECT name FROM sqlite_master WHERE name IN ('webhook_subscriptions', 'ix_logs_decky', 'mine')";
        assert_eq!(texts(&file, back).len(), 3);
        assert_eq!(db.get_total_logs(LogFilter::all()).await.unwrap(), 1);
    });
}

#[test]
fn a_file_that_is_no_decnet_database_is_refused_and_left_as_it_is() {
    sqlite(async |db: Database| {
        let empty = db.without_schema().await;
        let file = file_of(&empty);
        file.execute_batch("CREATE TABLE users (name TEXT, age INTEGER); INSERT INTO users VALUES ('x', 7)")
            .unwrap();
        let error = empty.initialize().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
        assert!(error.to_string().contains("users"), "{error}");
        assert_eq!(texts(&file, "SELECT name FROM sqlite_master"), ["users"]);
        empty.repository.close().await;
    });
}
