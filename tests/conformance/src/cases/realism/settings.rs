//! Settings.

use decnet_db_core::ErrorKind;
use serde_json::{Value, json};

use crate::cases::calls::{Calls, at_once};
use crate::database::Database;

async fn stored(db: &Calls, key: &str) -> Value {
    db.called("get_realism_config", json!({"key": key})).await
}

async fn set(db: &Calls, key: &str, value: &str) {
    db.called("set_realism_config", json!({"key": key, "value": value})).await;
}

pub(crate) async fn a_setting_keeps_its_uuid(database: Database) {
    let db = Calls::of(&database);
    assert_eq!(stored(&db, "weights").await, json!(null));
    set(&db, "weights", "{}").await;
    let first = stored(&db, "weights").await;
    assert_eq!(first["uuid"].as_str().map(str::len), Some(36));
    set(&db, "weights", "[1]").await;
    let second = stored(&db, "weights").await;
    assert!(second["updated_at"].as_str() > first["updated_at"].as_str());
    let expected = json!({
        "uuid": first["uuid"], "key": "weights", "value": "[1]", "updated_at": second["updated_at"],
    });
    assert_eq!(second, expected);
}

pub(crate) async fn settings_that_come_at_the_same_time_are_one(database: Database) {
    let callers = [Calls::of(&database), Calls::of(&database.beside().await)];
    let shared = callers.clone();
    at_once(40, move |number| {
        let db = shared[number % 2].clone();
        async move { set(&db, "llm", &number.to_string()).await }
    })
    .await;
    assert_eq!(callers[0].stored::<i64>("SELECT COUNT(*) FROM realism_config").await, 1);
}

pub(crate) async fn settings_are_text(database: Database) {
    let db = Calls::of(&database);
    for (key, value) in [("k", "not json"), ("K", r#"{ "a":1 }"#), ("k ", ""), ("é'", "'); --")] {
        set(&db, key, value).await;
    }
    for (key, value) in [("k", "not json"), ("K", r#"{ "a":1 }"#), ("k ", ""), ("é'", "'); --")] {
        assert_eq!(stored(&db, key).await["value"], json!(value), "{key:?}");
    }
    let before = stored(&db, "k").await;
    for (key, value, argument) in [
        (json!("k"), json!(null), "value"),
        (json!("k"), json!({"a": 1}), "value"),
        (json!("k"), json!(1), "value"),
        (json!("k".repeat(65)), json!("{}"), "key"),
        (json!(null), json!("{}"), "key"),
    ] {
        let (kind, text) = db.refused("set_realism_config", json!({"key": key, "value": value})).await;
        assert_eq!(kind, ErrorKind::InvalidInput);
        assert!(text.starts_with(argument), "{text}");
    }
    assert_eq!(db.refused("set_realism_config", json!({"key": "k"})).await.0, ErrorKind::InvalidInput);
    assert_eq!(stored(&db, "k").await, before);
}
