//! What is derived from events and bounties.

use decnet_db_core::ErrorKind;
use serde_json::{Value, json};

use crate::cases::calls::Calls;
use crate::database::Database;

async fn event(db: &Calls, event_type: &str, timestamp: &str, fields: &str) {
    let log = json!({"timestamp": timestamp, "decky": "d", "service": "ssh", "event_type": event_type,
        "attacker_ip": "203.0.113.7", "raw_line": "", "fields": fields});
    db.called("add_log", json!({"log_data": log})).await;
}

pub(crate) async fn a_session_is_found_by_the_value_of_its_sid(database: Database) {
    let db = Calls::of(&database);
    for (timestamp, fields) in [
        ("2026-01-01", r#"{"sid":"abc"}"#),
        ("2026-01-03", r#"{ "x": 1, "sid" : "a\u0062c" }"#),
        ("2026-01-02", r#"{"sid":"abc"}"#),
        ("2026-01-04", r#"{"inner":{"sid":"abc"}}"#),
        ("2026-01-05", r#"not json "sid":"abc""#),
    ] {
        event(&db, "session_recorded", timestamp, fields).await;
    }
    event(&db, "other", "2026-02-01", r#"{"sid":"abc"}"#).await;
    let found = db.called("get_session_log", json!({"sid": "abc"})).await;
    assert_eq!(found["timestamp"], "2026-01-03T00:00:00Z");
    for sid in ["%", "a_c", "ab", "ABC", ""] {
        assert_eq!(db.called("get_session_log", json!({"sid": sid})).await, Value::Null, "{sid}");
    }
}

pub(crate) async fn events_of_one_kind_are_the_latest_two_hundred(database: Database) {
    let db = Calls::of(&database);
    let uuid = db.attacker("203.0.113.7").await;
    for number in 0..205 {
        event(&db, "file_captured", "2026-01-01", &number.to_string()).await;
    }
    let found = db.called("get_attacker_artifacts", json!({"uuid": uuid})).await;
    let found = found.as_array().unwrap();
    assert_eq!(found.len(), 200);
    assert_eq!((&found[0]["fields"], &found[199]["fields"]), (&json!("204"), &json!("5")));
    assert_eq!(
        db.called("get_attacker_service_activity", json!({"attacker_uuid": uuid})).await,
        json!([["ssh", "file_captured"]])
    );
}

pub(crate) async fn commands_that_are_no_list_of_objects_do_not_fail(database: Database) {
    let db = Calls::of(&database);
    let uuid = db.attacker("203.0.113.7").await;
    for (commands, total) in [
        ("", 0),
        ("not json", 0),
        ("{\"service\": \"ssh\"}", 0),
        ("null", 0),
        ("[1, \"x\", null, [2], {\"service\": \"ssh\", \"command\": \" ls \"}]", 1),
    ] {
        db.called("upsert_attacker", json!({"data": {"ip": "203.0.113.7", "commands": commands}})).await;
        for service in [Value::Null, json!("ssh")] {
            let arguments = json!({"uuid": uuid, "service": service});
            assert_eq!(db.called("get_attacker_commands", arguments).await["total"], total, "{commands}");
        }
        let texts = db.called("list_attacker_commands_deduped", json!({"uuid": uuid})).await;
        assert_eq!(texts.as_array().unwrap().len(), total, "{commands}");
    }
    for page in [json!({"uuid": uuid, "limit": -1}), json!({"uuid": uuid, "offset": -1})] {
        assert_eq!(db.refused("get_attacker_commands", page).await.0, ErrorKind::InvalidInput);
    }
}

pub(crate) async fn a_leak_that_is_no_json_is_shown_empty(database: Database) {
    let db = Calls::of(&database);
    let uuid = db.attacker("203.0.113.7").await;
    for payload in ["{\"a\": 1}", "nope"] {
        let bounty = json!({"decky": "d", "service": "s", "attacker_ip": "203.0.113.7", "bounty_type": "ip_leak",
                "timestamp": "2026-01-01", "payload": payload});
        db.called("add_bounty", json!({"bounty_data": bounty})).await;
    }
    let leaks = db.called("get_attacker_ip_leaks", json!({"attacker_uuid": uuid})).await;
    assert_eq!((&leaks[0]["payload"], &leaks[1]["payload"]), (&json!({}), &json!({"a": 1})));
    let none = db.called("get_attacker_ip_leaks", json!({"attacker_uuid": uuid, "limit": 0})).await;
    assert_eq!(none, json!([]));
    assert_eq!(db.called("count_attacker_ip_leaks", json!({"attacker_uuid": uuid})).await, 2);
}
