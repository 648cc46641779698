//! Rules.

use decnet_db_core::ErrorKind;
use serde_json::{Value, json};

use super::rule;
use crate::cases::calls::{Calls, at_once};
use crate::database::Database;

async fn stored(db: &Calls, decky_name: &str) -> Value {
    db.called("get_tarpit_rule", json!({"decky_name": decky_name})).await
}

async fn set(db: &Calls, data: Value) {
    db.called("set_tarpit_rule", json!({"data": data})).await;
}

pub(crate) async fn a_rule_is_changed_where_it_is_given_something(database: Database) {
    let db = Calls::of(&database);
    set(&db, rule("d1")).await;
    let first = stored(&db, "d1").await;
    assert_eq!(first["id"].as_str().map(str::len), Some(36));
    assert!(first["created_at"].as_str() > Some("2026"));
    assert_eq!((&first["ports"], &first["delay_ms"]), (&json!([22, 80]), &json!(2500)));
    // Without what a new rule needs; null means absent (ruling R17).
    set(&db, json!({"decky_name": "d1", "delay_ms": i64::MAX, "ports": null})).await;
    let mut expected = first.clone();
    expected["delay_ms"] = json!(i64::MAX);
    assert_eq!(stored(&db, "d1").await, expected);
    // With all that a new rule needs: the id and the instant stay.
    let mut again = rule("d1");
    again["created_by"] = json!("v");
    set(&db, again).await;
    let mut expected = first.clone();
    expected["created_by"] = json!("v");
    assert_eq!(stored(&db, "d1").await, expected);
    set(&db, json!({"decky_name": "d1", "id": "i", "created_at": "2026-01-01"})).await;
    expected["id"] = json!("i");
    expected["created_at"] = json!("2026-01-01T00:00:00Z");
    assert_eq!(stored(&db, "d1").await, expected);
    // What a read shows, and the key alone.
    for data in [expected.clone(), json!({"decky_name": "d1"})] {
        set(&db, data).await;
        assert_eq!(stored(&db, "d1").await, expected);
    }
}

pub(crate) async fn rules_that_come_at_the_same_time_are_one(database: Database) {
    let callers = [Calls::of(&database), Calls::of(&database.beside().await)];
    let shared = callers.clone();
    at_once(40, move |number| {
        let db = shared[number % 2].clone();
        async move {
            let mut data = rule("d1");
            data["delay_ms"] = json!(number);
            set(&db, data).await;
        }
    })
    .await;
    assert_eq!(callers[0].stored::<i64>("SELECT COUNT(*) FROM tarpit_rules").await, 1);
}

pub(crate) async fn ports_are_a_list_or_a_text(database: Database) {
    let db = Calls::of(&database);
    for (ports, shown, text) in [
        (json!([22, 443]), json!([22, 443]), "[22, 443]"),
        (json!("[22,443]"), json!([22, 443]), "[22,443]"),
        (json!("not json"), json!("not json"), "not json"),
        (json!(""), json!(""), ""),
    ] {
        set(&db, json!({"decky_name": "d1", "ports": ports, "delay_ms": 1, "created_by": "u"})).await;
        assert_eq!(stored(&db, "d1").await["ports"], shown);
        assert_eq!(db.called("list_tarpit_rules", json!({})).await[0]["ports"], shown);
        assert_eq!(db.stored::<String>("SELECT ports FROM tarpit_rules").await, text);
    }
}

pub(crate) async fn rules_are_checked(database: Database) {
    let db = Calls::of(&database);
    set(&db, rule("there")).await;
    for (data, reason) in [
        (json!({"ports": [1]}), "data.decky_name: is needed"),
        (json!({"decky_name": null, "ports": [1]}), "data.decky_name: is needed"),
        (json!({"decky_name": "new", "delay_ms": 1}), ""),
        (json!({"decky_name": "there", "colour": 1}), "data.colour: tarpit_rules has no such column"),
        (json!({"decky_name": "new", "colour": 1}), "data.colour: tarpit_rules has no such column"),
        (json!({"decky_name": "there", "ports": {"a": 1}}), "data.ports: must be a list"),
        (json!({"decky_name": "there", "delay_ms": "1"}), "data.delay_ms: must be an integer"),
        (json!({"decky_name": "d".repeat(256)}), "data.decky_name: 256 characters"),
    ] {
        let (kind, text) = db.refused("set_tarpit_rule", json!({"data": data})).await;
        assert_eq!(kind, ErrorKind::InvalidInput, "{data}: {text}");
        assert!(text.starts_with(reason), "{text}");
    }
    let id = stored(&db, "there").await["id"].take();
    for data in [json!({"decky_name": "new", "id": id, "ports": [], "delay_ms": 1, "created_by": "u"})] {
        assert_eq!(db.refused("set_tarpit_rule", json!({"data": data})).await.0, ErrorKind::Conflict);
    }
    assert_eq!(db.stored::<i64>("SELECT COUNT(*) FROM tarpit_rules").await, 1);
}

pub(crate) async fn rules_are_listed_and_deleted(database: Database) {
    let db = Calls::of(&database);
    for (id, name) in [("b", "d'1"), ("a", "D'1"), ("c", "t:x:dé")] {
        let mut data = rule(name);
        data["id"] = json!(id);
        set(&db, data).await;
    }
    let ids = |rows: Value| -> Vec<Value> {
        rows.as_array().unwrap().iter().map(|row| row["id"].clone()).collect()
    };
    assert_eq!(ids(db.called("list_tarpit_rules", json!({})).await), ["a", "b", "c"]);
    assert_eq!(stored(&db, "d'1").await["id"], json!("b"), "exactly (ruling R4)");
    for (name, deleted) in [("d'1", true), ("d'1", false), ("t:x:de", false)] {
        assert_eq!(db.called("delete_tarpit_rule", json!({"decky_name": name})).await, json!(deleted));
    }
    assert_eq!(ids(db.called("list_tarpit_rules", json!({})).await), ["a", "c"]);
}
