//! Hostile data is normal data: stored as it is, or refused with the argument's name; nothing else is lost.

use decnet_db_core::call::call;
use decnet_db_core::contract::{BountyFilter, BountyQuery, LogFilter, LogQuery, NewBounty, NewLog, NewUser};
use decnet_db_core::json::Json;
use decnet_db_core::{Error, ErrorKind};
use serde_json::{Value, json};

use crate::database::Database;
use crate::json::{called, kind_of_call};

const TEXTS: [&str; 14] = [
    "",
    " ",
    "trailing  ",
    "nul\0in the middle\0",
    "\0",
    "quotes ' '' \" ` \\ \\' %_",
    "-- ; DROP TABLE logs; /*",
    "\r\n\t\u{1}\u{1b}[2J\u{7f}",
    "🦀 𝕏 日本語 e\u{301} \u{e9}",
    "\u{202e}right to left\u{202c} \u{feff}\u{200b}",
    "\u{fffd}\u{ffff}\u{10ffff}",
    "{\"a\":1}",
    "? :1 $1 @x ?1",
    "\u{2028}\u{2029}\u{85}",
];

pub(crate) async fn any_text_comes_back_as_it_was(db: Database) {
    for text in TEXTS {
        let mut log = NewLog::new(text, text, text, text).raw_line(text).fields(text).msg(text);
        (log.trace_id, log.span_id) = (Some(text.to_owned()), None);
        db.add_log(log).await.unwrap();
        let last = db.get_max_log_id().await.unwrap() - 1;
        let back = db.get_logs_after_id(last, 2, LogFilter::all()).await.unwrap().remove(0);
        let columns =
            [&back.decky, &back.service, &back.event_type, &back.attacker_ip, &back.raw_line, &back.fields];
        for column in columns {
            assert_eq!(column, text);
        }
        assert_eq!(
            (back.msg.as_deref(), back.trace_id.as_deref(), back.span_id),
            (Some(text), Some(text), None)
        );

        db.add_bounty(NewBounty::new(text, text, text, text).payload(text)).await.unwrap();
        db.add_bounty(NewBounty::new("other", "other", text, text).payload(text)).await.unwrap();
        let found = db.get_bounties_for_ips(&[text.to_owned()]).await.unwrap();
        assert_eq!(found.keys().collect::<Vec<_>>(), [text]);
        assert_eq!(found[text].len(), 1, "stored once: {text:?}");
        assert_eq!(found[text][0].payload.text(), text);

        db.set_state(text, json!({text: text}).into()).await.unwrap();
        assert_eq!(db.get_state(text).await.unwrap().unwrap().to_value().unwrap(), json!({text: text}));
    }
    assert_eq!(db.get_total_logs(LogFilter::all()).await.unwrap(), TEXTS.len() as u64);
}

pub(crate) async fn a_line_of_many_mebibytes(db: Database) {
    let line = "0123456789abcdef".repeat(1 << 20).split_off(1);
    let batch =
        |line: &str| vec![NewLog::new("d", "s", "e", "i"), NewLog::new("d", "s", "e", "i").raw_line(line)];
    for size in [8 << 20, (16 << 20) - 1] {
        let (line, before) = (&line[..size], db.get_total_logs(LogFilter::all()).await.unwrap());
        match db.add_logs(batch(line)).await {
            Ok(()) => {
                let back = db.get_logs(LogQuery::newest().limit(1)).await.unwrap().remove(0);
                assert!(back.raw_line == line);
                assert!(db.get_total_logs(LogFilter::search("F0123")).await.unwrap() > before / 2);
            }
            // A server may be set up to take less than 16 MiB at once; half of it goes in everywhere.
            Err(error) => {
                let Error::InvalidInput { argument, reason } = &error else { panic!("{error:?}") };
                assert!(argument.ends_with("raw_line") && reason.len() < 300, "{argument}: {reason}");
                assert!(size > 8 << 20, "{error}");
                assert_eq!(db.get_total_logs(LogFilter::all()).await.unwrap(), before);
            }
        }
    }
}

pub(crate) async fn sql_in_names_is_only_a_name(db: Database) {
    let names = ["'; DROP TABLE users; --", "\" OR 1=1 --", "admin'/*", "x' UNION SELECT 1 --", "%", "_"];
    for (number, name) in names.iter().enumerate() {
        db.create_user(NewUser::new(format!("u{number}"), *name, "x")).await.unwrap();
    }
    for (number, name) in names.iter().enumerate() {
        let user = db.get_user_by_username(name).await.unwrap().unwrap();
        assert_eq!(user.uuid, format!("u{number}"));
        assert_eq!(db.get_user_by_uuid(name).await.unwrap(), None);
    }
    assert!(!db.delete_user("' OR '1'='1").await.unwrap());
    db.update_user_role("u0' OR 1=1 --", "admin").await.unwrap();
    assert!(db.list_users().await.unwrap().iter().all(|user| user.role == "viewer"));
    assert_eq!(db.list_users().await.unwrap().len(), names.len());
}

pub(crate) async fn times_at_both_ends_and_in_all_forms(db: Database) {
    let forms = [
        ("0001-01-01", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
        ("1969-12-31 23:59:59.9999999", "1969-12-31T23:59:59.999999Z"),
        ("2026-01-02x03", "2026-01-02T03:00:00Z"),
        ("20260102T030405,1234567", "2026-01-02T03:04:05.123456Z"),
        ("2026-W01-5", "2026-01-02T00:00:00Z"),
        ("2026-01-02T03:04:05+05:30:15", "2026-01-01T21:33:50Z"),
        ("2026-01-02 03:04:05-0000", "2026-01-02T03:04:05Z"),
        ("0001-01-01T00:00:00+01:00", "error"),
        ("9999-12-31T23:59:59-01:00", "error"),
        ("10000-01-01", "error"),
        ("2026-02-30", "error"),
        ("2026-01-02T03:04:05z", "error"),
        (" 2026-01-02", "error"),
        ("now", "error"),
    ];
    for (given, shown) in forms {
        let log = json!({
            "decky": "d", "service": "s", "event_type": "e", "attacker_ip": "i", "raw_line": given, "fields": {},
            "timestamp": given,
        });
        match call(&*db, "add_log", json!({"log_data": log})).await {
            Ok(_) => {
                let last = db.get_max_log_id().await.unwrap() - 1;
                let back = called(&*db, "get_logs_after_id", json!({"last_id": last})).await;
                assert_eq!(back[0]["timestamp"], shown, "{given}");
            }
            Err(error) => {
                assert_eq!(shown, "error", "{given}: {error}");
                assert_eq!(error.kind(), ErrorKind::InvalidInput);
                assert!(error.to_string().starts_with("log_data.timestamp: "), "{error}");
            }
        }
        let bound = call(&*db, "get_total_logs", json!({"start_time": given})).await;
        assert_eq!(bound.is_err(), shown == "error", "{given}");
    }
}

pub(crate) async fn integers_at_the_limits(db: Database) {
    let mut log = NewLog::new("d", "s", "e", "i");
    log.id = Some(i64::MAX);
    db.add_log(log).await.unwrap();
    assert_eq!(db.get_max_log_id().await.unwrap(), i64::MAX);
    let after = |last_id: i64, limit: u64| db.get_logs_after_id(last_id, limit, LogFilter::all());
    assert_eq!(after(i64::MAX - 1, u64::MAX).await.unwrap().len(), 1);
    assert_eq!(after(i64::MAX, u64::MAX).await.unwrap().len(), 0);
    assert_eq!(after(i64::MIN, 1).await.unwrap().len(), 1);
    assert_eq!(after(0, 0).await.unwrap().len(), 0);
    let far = LogQuery::newest().limit(u64::MAX).offset(u64::MAX);
    assert_eq!(db.get_logs(far).await.unwrap().len(), 0);
    let far = BountyQuery::new(BountyFilter::all()).limit(u64::MAX).offset(i64::MAX.unsigned_abs());
    assert_eq!(db.get_bounties(far).await.unwrap().len(), 0);
    for interval in [i64::MIN, -1, 0, 1, i64::MAX / 60, i64::MAX] {
        assert_eq!(db.get_log_histogram(LogFilter::all(), interval).await.unwrap().len(), 1, "{interval}");
    }
}

pub(crate) async fn over_long_keys_are_refused_and_never_cut(db: Database) {
    // 255 characters, not bytes.
    let (fits, long) = ("é".repeat(255), "é".repeat(256));
    db.set_state(&fits, json!(1).into()).await.unwrap();
    db.create_user(NewUser::new("u", fits.as_str(), "x")).await.unwrap();
    db.add_log(NewLog::new(fits.as_str(), "s", "e", "i")).await.unwrap();
    let refused: Vec<(Error, &str)> = vec![
        (db.set_state(&long, json!(1).into()).await.unwrap_err(), "key"),
        (db.create_user(NewUser::new("v", long.as_str(), "x")).await.unwrap_err(), "user_data.username"),
        (db.create_user(NewUser::new(long.as_str(), "v", "x")).await.unwrap_err(), "user_data.uuid"),
        (db.add_log(NewLog::new("d", long.as_str(), "e", "i")).await.unwrap_err(), "log_data.service"),
        (
            db.add_logs(vec![NewLog::new("d", "s", "e", "i"), NewLog::new("d", "s", "e", long.as_str())])
                .await
                .unwrap_err(),
            "log_entries[1].attacker_ip",
        ),
        (
            db.add_bounty(NewBounty::new("d", "s", "i", long.as_str())).await.unwrap_err(),
            "bounty_data.bounty_type",
        ),
        (db.revoke_token(&long, "u", "2099-01-01".parse().unwrap()).await.unwrap_err(), "jti"),
    ];
    for (error, expected) in refused {
        let Error::InvalidInput { argument, reason } = &error else { panic!("{error:?}") };
        assert_eq!(argument, expected, "{reason}");
        assert!(reason.contains("256") && reason.contains("255"), "{reason}");
    }
    assert_eq!(db.get_total_logs(LogFilter::all()).await.unwrap(), 1);
    assert_eq!(db.list_users().await.unwrap().len(), 1);
}

pub(crate) async fn a_read_with_an_over_long_key_finds_nothing(db: Database) {
    db.set_state(&"x".repeat(255), json!(1).into()).await.unwrap();
    let long = "x".repeat(70_000);
    assert!(db.get_state(&long).await.unwrap().is_none());
    assert!(db.get_user_by_username(&long).await.unwrap().is_none());
    assert!(db.get_user_by_uuid(&long).await.unwrap().is_none());
    assert!(!db.is_token_revoked(&long).await.unwrap());
    assert!(!db.delete_user(&long).await.unwrap());
    assert_eq!(db.count_probe_relays(&long, &long).await.unwrap(), 0);
    let mut ips: Vec<_> = (0..2_500).map(|number| number.to_string()).collect();
    ips.push(long.clone());
    // Together more than a server takes in one packet, 255 characters of four bytes each among them.
    ips.extend((0..300).map(|number| format!("{number}{}", long)));
    ips.extend((0..2_500).map(|number| format!("{number:07}{}", "\u{1f41d}".repeat(248))));
    assert!(db.get_bounties_for_ips(&ips).await.unwrap().is_empty());
    assert!(db.get_behaviors_for_ips(&ips).await.unwrap().is_empty());
    assert!(db.get_lifecycle_by_ids(&ips).await.unwrap().is_empty());
    db.add_bounty(NewBounty::new("d", "s", &ips[5_000], "t")).await.unwrap();
    assert_eq!(db.get_bounties_for_ips(&ips).await.unwrap().len(), 1);
    assert_eq!(
        db.get_total_logs(LogFilter::search(format!("decky:{long} {long} k:{long}"))).await.unwrap(),
        0
    );
}

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

pub(crate) async fn the_histogram_reaches_over_all_years(db: Database) {
    let times = [
        ("0001-01-01T00:00:00.999999Z", "0001-01-01 00:00:00"),
        ("1969-12-31T23:44:59.999999Z", "1969-12-31 23:30:00"),
        ("1969-12-31T23:59:59.999999Z", "1969-12-31 23:45:00"),
        ("1970-01-01", "1970-01-01 00:00:00"),
        ("2038-01-19T03:14:07.999999Z", "2038-01-19 03:00:00"),
        ("2038-01-19T03:30:00Z", "2038-01-19 03:30:00"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31 23:45:00"),
    ];
    for (time, _) in times {
        db.add_log(NewLog::new("d", "s", "e", "i").timestamp(time.parse().unwrap())).await.unwrap();
    }
    let buckets = db.get_log_histogram(LogFilter::all(), 15).await.unwrap();
    let starts: Vec<_> = buckets.iter().map(|bucket| (bucket.time.as_str(), bucket.count)).collect();
    assert_eq!(starts, times.map(|(_, bucket)| (bucket, 1)));
    // A bucket that would begin before year 1 (ruling R16).
    let long = db.get_log_histogram(LogFilter::all(), 60 * 24 * 365 * 3_000).await.unwrap();
    assert_eq!(long[0].time, "0001-01-01 00:00:00");
    assert_eq!(long.iter().map(|bucket| bucket.count).sum::<u64>(), 7);
}

pub(crate) async fn users_are_told_apart_exactly(db: Database) {
    let names = ["bob", "Bob", "BOB", "bob ", "bób", "bo\u{301}b", "bob\0"];
    for (number, name) in names.iter().enumerate() {
        db.create_user(NewUser::new(format!("u{number}"), *name, "x")).await.unwrap();
        let again = db.create_user(NewUser::new("other", *name, "x")).await.unwrap_err();
        assert_eq!(again.kind(), ErrorKind::Conflict, "{again}");
        let again = db.create_user(NewUser::new(format!("u{number}"), "other", "x")).await.unwrap_err();
        assert_eq!(again.kind(), ErrorKind::Conflict, "{again}");
    }
    for (number, name) in names.iter().enumerate() {
        assert_eq!(db.get_user_by_username(name).await.unwrap().unwrap().uuid, format!("u{number}"));
    }
    assert!(db.get_user_by_username("bo").await.unwrap().is_none());
}
