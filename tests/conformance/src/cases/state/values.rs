//! Named values.

use serde_json::json;

use crate::database::Database;
use crate::json::called;

pub(crate) async fn a_value_is_replaced_and_null_is_a_value(db: Database) {
    assert!(db.get_state("k").await.unwrap().is_none());
    for value in [json!({"position": 1}), json!({"position": 2}), json!([]), json!(null), json!("x")] {
        db.set_state("k", value.clone().into()).await.unwrap();
        assert_eq!(called(&*db, "get_state", json!({"key": "k"})).await, value);
    }
    let counts = db.row_counts().await.unwrap();
    assert!(counts.contains(&("state", Some(1))), "{counts:?}");
}

pub(crate) async fn keys_are_told_apart_exactly(db: Database) {
    let keys = ["key", "KEY", "key ", " key", "kéy", "ke\u{301}y", "", "k"];
    for (number, key) in keys.iter().enumerate() {
        db.set_state(key, json!(number).into()).await.unwrap();
    }
    for (number, key) in keys.iter().enumerate() {
        assert_eq!(called(&*db, "get_state", json!({"key": key})).await, json!(number), "{key:?}");
    }
    assert!(db.get_state("ke%").await.unwrap().is_none());
}
