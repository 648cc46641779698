//! JSON at its limits.

use decnet_db_core::ErrorKind;
use decnet_db_core::contract::{LogFilter, NewLog};
use decnet_db_core::json::Json;
use serde_json::json;

use crate::database::Database;
use crate::json::{called, kind_of_call};

pub(crate) async fn state_holds_any_json(db: Database) {
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    let values = [
        "0",
        "-0.0",
        "1.0",
        "1e300",
        "9223372036854775807",
        "-9223372036854775808",
        "18446744073709551615",
        "true",
        "false",
        "\"\"",
        "\"\\u0000\"",
        "[]",
        "{}",
        r#"{"":{"":[]}}"#,
        r#"[null,"é\\\"\u001f🦀"]"#,
        &deep,
    ];
    for value in values {
        let arguments = format!(r#"{{"key":"k","value":{value}}}"#);
        called(&*db, "set_state", Json::parse(arguments).unwrap()).await;
        let back = db.get_state("k").await.unwrap().unwrap();
        assert_eq!(back, Json::parse(value).unwrap(), "{value}");
    }
}

pub(crate) async fn json_beyond_the_limits_is_refused(db: Database) {
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let set = |value: String| Json::parse(format!(r#"{{"key":"k","value":{value}}}"#)).unwrap();
    for value in
        [deep(129), deep(5_000), "18446744073709551616".to_owned(), "-9223372036854775809".to_owned()]
    {
        let kind = kind_of_call(&*db, "set_state", set(value.clone())).await;
        assert_eq!(kind, ErrorKind::InvalidInput, "{value:.30}");
    }
    called(&*db, "set_state", set(deep(128))).await;
    assert_eq!(db.get_state("k").await.unwrap().unwrap().as_str(), deep(128));
    for fields in [format!(r#"{{"a":{}}}"#, deep(128)), r#"{"a":18446744073709551616}"#.to_owned()] {
        let log = r#"{"decky":"d","service":"s","event_type":"e","attacker_ip":"i","raw_line":"r","fields":FIELDS}"#;
        let arguments = format!(r#"{{"log_data":{}}}"#, log.replace("FIELDS", &fields));
        let kind = kind_of_call(&*db, "add_log", Json::parse(arguments).unwrap()).await;
        assert_eq!(kind, ErrorKind::InvalidInput, "{fields:.30}");
        // As text it is stored as it is: it is not looked into.
        db.add_log(NewLog::new("d", "s", "e", "i").fields(fields)).await.unwrap();
    }
    assert_eq!(db.get_total_logs(LogFilter::all()).await.unwrap(), 2);
}

pub(crate) async fn half_a_surrogate_pair_is_refused(db: Database) {
    for (method, arguments) in [
        ("set_state", r#"{"key":"k","value":"\ud800"}"#),
        ("set_state", r#"{"key":"\udc00","value":1}"#),
        ("get_user_by_username", r#"{"username":"\ud83e"}"#),
        ("get_total_logs", r#"{"search":"\ud83ex"}"#),
        (
            "add_log",
            r#"{"log_data":{"decky":"\ud800","service":"s","event_type":"e","attacker_ip":"i","raw_line":"r","fields":{}}}"#,
        ),
        (
            "add_log",
            r#"{"log_data":{"decky":"d","service":"s","event_type":"e","attacker_ip":"i","raw_line":"r","fields":{"a":"\ud800"}}}"#,
        ),
    ] {
        let kind = kind_of_call(&*db, method, Json::parse(arguments).unwrap()).await;
        assert_eq!(kind, ErrorKind::InvalidInput, "{arguments}");
    }
    called(&*db, "set_state", Json::parse(r#"{"key":"k","value":"\ud83e\udd80"}"#).unwrap()).await;
    assert_eq!(called(&*db, "get_state", json!({"key": "k"})).await, json!("🦀"));
    assert_eq!(db.get_total_logs(LogFilter::all()).await.unwrap(), 0);
}
