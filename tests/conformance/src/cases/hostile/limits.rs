//! What one call may ask for: the same on every engine.

use decnet_db_core::ErrorKind;
use decnet_db_core::call::{call, method};
use decnet_db_core::contract::limits::{LONGEST_SEARCH, MOST_KEYS, MOST_ROWS, MOST_WORDS};
use decnet_db_core::contract::{LogFilter, LogQuery, NewLog};
use decnet_db_core::json::Json;
use serde_json::json;

use crate::cases::{lines, log};
use crate::database::Database;
use crate::json::called;
use crate::samples;

/// The message of the error that the call ends with.
async fn refusal(db: &Database, method: &str, arguments: impl Into<Json>) -> String {
    let error = call(&**db, method, arguments).await.expect_err(method);
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{method}: {error}");
    error.to_string()
}

pub(crate) async fn no_list_is_longer_than_a_page_may_be(db: Database) {
    let mut lists = 0;
    for (name, arguments) in samples::one_each() {
        // The orchestrator's other limits are of what is kept.
        if !method(name).unwrap().arguments().any(|argument| argument.name == "limit") {
            continue;
        }
        lists += 1;
        let mut arguments: serde_json::Value = Json::from(arguments).decode().unwrap();
        for (limit, fits) in
            [(json!(MOST_ROWS), true), (json!(MOST_ROWS + 1), false), (json!(u64::MAX), false)]
        {
            if arguments.is_null() {
                arguments = json!({});
            }
            arguments["limit"] = limit.clone();
            let outcome = call(&*db, name, arguments.clone()).await;
            match outcome {
                Err(error) => {
                    let message = error.to_string();
                    assert!(
                        !fits && message.starts_with("limit: must be at most"),
                        "{name} {limit}: {message}"
                    );
                }
                Ok(_) => assert!(fits, "{name} takes the limit {limit}"),
            }
        }
    }
    assert!(lists > 20, "{lists}");
    let far = LogQuery::new().limit(MOST_ROWS + 1).offset(1_000_000);
    assert_eq!(db.get_logs(far).await.unwrap_err().kind(), ErrorKind::InvalidInput);
}

pub(crate) async fn a_search_has_so_many_words(db: Database) {
    let line: Vec<_> = (0..MOST_WORDS).map(|word| format!("w{word}w")).collect();
    let line = line.join(" ");
    db.add_log(log(&line)).await.unwrap();
    assert_eq!(called(&*db, "get_total_logs", json!({"search": line})).await, 1);
    // Conditions of all kinds at once.
    let kinds: Vec<_> = (0..MOST_WORDS).map(|n| ["decky:d", "w1w", "nobody:x"][n % 3]).collect();
    assert_eq!(called(&*db, "get_total_logs", json!({"search": kinds.join(" ")})).await, 0);
    for method in ["get_logs", "get_logs_page", "get_total_logs", "get_log_histogram"] {
        for words in [MOST_WORDS + 1, 30_000] {
            let search = "a ".repeat(words);
            let message = refusal(&db, method, json!({"search": search})).await;
            assert_eq!(message, format!("search: must have at most {MOST_WORDS} words"), "{method}");
        }
    }
    let many = LogFilter::all().search("b ".repeat(MOST_WORDS + 1));
    assert_eq!(db.get_logs_after_id(0, 1, many).await.unwrap_err().kind(), ErrorKind::InvalidInput);
}

pub(crate) async fn a_search_is_so_long(db: Database) {
    let (longest, longer) = ("x".repeat(LONGEST_SEARCH), "x".repeat(LONGEST_SEARCH + 1));
    for method in ["get_logs", "get_bounties", "get_total_attackers", "get_credentials", "get_total_logs"] {
        call(&*db, method, json!({"search": longest}))
            .await
            .unwrap_or_else(|error| panic!("{method}: {error}"));
        let message = refusal(&db, method, json!({"search": longer})).await;
        assert!(message.starts_with("search: must be at most"), "{method}: {message}");
    }
    let message = refusal(&db, "get_attackers", json!({"service": longer})).await;
    assert!(message.starts_with("service: must be at most"), "{message}");
}

pub(crate) async fn one_call_looks_up_so_many_keys(db: Database) {
    for (method, argument) in [
        ("get_bounties_for_ips", "ips"),
        ("get_behaviors_for_ips", "ips"),
        ("get_lifecycle_by_ids", "lifecycle_ids"),
    ] {
        let message = refusal(&db, method, json!({argument: vec!["x"; MOST_KEYS + 1]})).await;
        assert!(message.starts_with(&format!("{argument}: must be at most {MOST_KEYS} keys")), "{message}");
    }
}

pub(crate) async fn one_call_stores_so_many_rows(db: Database) {
    let rows = usize::try_from(MOST_ROWS).unwrap() + 1;
    let error = db.add_logs(vec![NewLog::new("d", "s", "e", "i"); rows]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().starts_with("log_entries: must be at most"), "{error}");
    assert!(lines(&db).await.is_empty());
}

pub(crate) async fn foreign_names_are_cut_and_escaped(db: Database) {
    let name = format!("\u{1b}[2J\u{202e}{}", "n".repeat(1_000_000));
    let calls = [
        ("get_logs", json!({&*name: 1})),
        ("upsert_attacker", json!({"data": {&*name: 1}})),
        ("add_log", json!({"log_data": {&*name: 1}})),
        ("add_logs", json!({"log_entries": [{&*name: 1}]})),
        ("set_state", json!({"key": "k", "value": 1, &*name: 1})),
    ];
    for (method, arguments) in calls {
        let message = refusal(&db, method, arguments).await;
        assert!(message.chars().count() < 1_000, "{method}: {} characters", message.chars().count());
        assert!(!message.contains(decnet_db_core::is_unprintable), "{method}: {message:?}");
    }
    let message = refusal(&db, &name, json!({})).await;
    assert!(message.len() < 1_000 && !message.contains(decnet_db_core::is_unprintable), "{message:?}");
}
