//! Arguments of another kind, absent ones, and those that a read returned.

use decnet_db_core::call::call;
use decnet_db_core::json::Json;
use decnet_db_core::{Error, ErrorKind};
use serde_json::{Value, json};

use crate::database::Database;
use crate::json::{called, kind_of_call};

fn log_with(changes: Value) -> Value {
    let mut log = json!({
        "decky": "d", "service": "s", "event_type": "e", "attacker_ip": "i", "raw_line": "r", "fields": {},
    });
    for (key, value) in changes.as_object().unwrap() {
        log[key] = value.clone();
    }
    json!({"log_data": log})
}

pub(crate) async fn arguments_of_the_wrong_kind_are_refused_by_name(db: Database) {
    let refused = [
        ("get_logs", json!({"limit": -1}), "limit"),
        ("get_logs", json!({"offset": -1}), "offset"),
        ("get_logs", json!({"limit": "50"}), "limit"),
        ("get_logs", json!({"limit": 1.0}), "limit"),
        ("get_logs", json!({"search": 7}), "search"),
        ("get_logs", json!({"start_time": 7}), "start_time"),
        ("get_logs", json!({"until": "2026"}), "until"),
        ("get_logs", json!([50]), "arguments"),
        ("get_logs_after_id", json!({}), "last_id"),
        ("get_logs_after_id", json!({"last_id": 9_223_372_036_854_775_808_u64}), "last_id"),
        ("get_bounties", json!({"limit": -1}), "limit"),
        ("get_bounties_for_ips", json!({"ips": "203.0.113.7"}), "ips"),
        ("get_bounties_for_ips", json!({"ips": ["a", null]}), "ips[1]"),
        ("add_log", log_with(json!({"decky": 7})), "log_data.decky"),
        ("add_log", log_with(json!({"decky": null})), "log_data.decky"),
        ("add_log", log_with(json!({"fields": [1]})), "log_data.fields"),
        ("add_log", log_with(json!({"fields": null})), "log_data.fields"),
        ("add_log", log_with(json!({"timestamp": 1_767_225_600})), "log_data.timestamp"),
        ("add_log", json!({"log_data": {}}), "log_data"),
        ("add_log", json!({"log_data": "x"}), "log_data"),
        ("add_bounty", json!({"bounty_data": {"decky": "d", "unknown": 1}}), "bounty_data.unknown"),
        ("create_user", json!({"user_data": {"uuid": "u", "username": "n"}}), "user_data"),
        (
            "create_user",
            json!({"user_data": {"uuid": "u", "username": "n", "password_hash": "x", "must_change_password": 2}}),
            "user_data.must_change_password",
        ),
        (
            "create_user",
            json!({"user_data": {"uuid": "u", "username": "n", "password_hash": "x", "x": 1}}),
            "user_data.x",
        ),
        (
            "update_user_password",
            json!({"uuid": "u", "password_hash": "x", "must_change_password": "1"}),
            "must_change_password",
        ),
        ("set_tokens_valid_from", json!({"user_uuid": "u", "ts": "soon"}), "ts"),
        ("set_state", json!({"value": 1}), "key"),
        ("no_such_method", json!({}), "method"),
    ];
    for (method, arguments, expected) in refused {
        let error = call(&*db, method, arguments.clone()).await.expect_err(method);
        let Error::InvalidInput { argument, reason } = &error else {
            panic!("{method} {arguments}: {error:?}")
        };
        assert_eq!(argument, expected, "{method} {arguments}: {reason}");
        assert!(!error.to_string().contains('\n'), "{error}");
    }
    let counts = db.row_counts().await.unwrap();
    assert!(counts.iter().all(|(_, rows)| *rows == Some(0)), "something was written: {counts:?}");
}

pub(crate) async fn null_means_absent(db: Database) {
    let log = log_with(json!({"id": null, "timestamp": null, "msg": null, "trace_id": null, "unknown": [1]}));
    called(&*db, "add_log", log).await;
    let all = json!({"limit": null, "offset": null, "search": null, "start_time": null, "end_time": null});
    assert_eq!(called(&*db, "get_logs", all).await.as_array().unwrap().len(), 1);
    let empty = json!({"search": "", "start_time": "", "end_time": ""});
    assert_eq!(called(&*db, "get_total_logs", empty).await, json!(1));
    assert_eq!(
        called(&*db, "get_log_histogram", json!({"interval_minutes": null})).await.as_array().unwrap().len(),
        1
    );
    called(&*db, "get_stats_summary", json!(null)).await;
    let user = json!({"uuid": "u", "username": "n", "password_hash": "x", "role": null, "must_change_password": null});
    called(&*db, "create_user", json!({"user_data": user})).await;
    let user = called(&*db, "get_user_by_uuid", json!({"uuid": "u"})).await;
    assert_eq!((&user["role"], &user["must_change_password"]), (&json!("viewer"), &json!(false)));
    called(&*db, "set_state", json!({"key": "k"})).await;
    assert_eq!(called(&*db, "get_state", json!({"key": "k"})).await, Value::Null);
    assert_eq!(kind_of_call(&*db, "get_state", json!({"key": null})).await, ErrorKind::InvalidInput);
}

pub(crate) async fn what_a_read_returns_is_accepted_back(db: Database) {
    called(
        &*db,
        "add_log",
        log_with(json!({"fields": {"a": [1]}, "timestamp": "2026-01-01T00:00:00.000001Z"})),
    )
    .await;
    called(
        &*db,
        "add_bounty",
        json!({"bounty_data": {
            "decky": "d", "service": "s", "attacker_ip": "i", "bounty_type": "t", "payload": {"b": 1, "a": 2},
        }}),
    )
    .await;
    let user = json!({"uuid": "u", "username": "n", "password_hash": "x", "tokens_valid_from": "2026-01-01"});
    called(&*db, "create_user", json!({"user_data": user})).await;
    let logs = called(&*db, "get_logs", json!({})).await;
    let bounties = call(&*db, "get_bounties", json!({})).await.unwrap();
    let users = called(&*db, "list_users", json!({})).await;

    called(&*db, "purge_logs_and_bounties", json!({})).await;
    assert!(db.delete_user("u").await.unwrap());
    called(&*db, "add_logs", json!({"log_entries": logs})).await;
    // Not through a tree, which would sort the payload's keys.
    let bounty = bounties.as_str().trim_start_matches('[').trim_end_matches(']');
    called(&*db, "add_bounty", Json::parse(format!(r#"{{"bounty_data":{bounty}}}"#)).unwrap()).await;
    called(&*db, "create_user", json!({"user_data": users[0]})).await;
    assert_eq!(called(&*db, "get_logs", json!({})).await, logs);
    assert_eq!(call(&*db, "get_bounties", json!({})).await.unwrap().as_str(), bounties.as_str());
    assert_eq!(called(&*db, "list_users", json!({})).await, users);
}
