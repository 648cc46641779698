//! Subscriptions themselves.

use decnet_db_core::ErrorKind;
use serde_json::{Value, json};

use super::subscription;
use crate::cases::calls::Calls;
use crate::database::Database;

/// The subscription of that name.
async fn named(db: &Calls, name: &str) -> Value {
    db.called("get_webhook_subscription_by_name", json!({"name": name})).await
}

pub(crate) async fn a_subscription_has_the_defaults_of_the_original(database: Database) {
    let db = Calls::of(&database);
    let mut data = subscription("siem");
    data["enabled"] = json!(null);
    db.called("create_webhook_subscription", json!({"data": data})).await;
    let mut row = named(&db, "siem").await;
    assert_eq!(row["uuid"].take().as_str().map(str::len), Some(36));
    for time in ["created_at", "updated_at"] {
        assert!(row[time].take().as_str() > Some("2026"));
    }
    let expected = json!({
        "uuid": null, "name": "siem", "url": "https://hook.example/", "secret": "fake-secret", "topic_patterns": "[]",
        "enabled": true, "consecutive_failures": 0, "last_success_at": null, "last_failure_at": null,
        "last_error": null, "auto_disabled_at": null, "created_at": null, "updated_at": null,
    });
    assert_eq!(row, expected);
}

pub(crate) async fn subscriptions_are_unique_and_checked(database: Database) {
    let db = Calls::of(&database);
    let mut data = subscription("siem 'é'");
    // Ruling R18: a list too, which is written with blanks.
    data["topic_patterns"] = json!(["attacker.>", "é"]);
    db.called("create_webhook_subscription", json!({"data": data})).await;
    assert_eq!(named(&db, "siem 'é'").await["topic_patterns"], json!(r#"["attacker.>", "\u00e9"]"#));
    for other in ["SIEM 'é'", "siem 'é' ", "siem 'e'"] {
        // Ruling R4: equality is exact.
        assert_eq!(named(&db, other).await, json!(null), "{other:?}");
        db.called("create_webhook_subscription", json!({"data": subscription(other)})).await;
    }
    let again = json!({"data": subscription("siem 'é'")});
    assert_eq!(db.refused("create_webhook_subscription", again).await.0, ErrorKind::Conflict);
    for (member, value, reason) in [
        ("secret", json!(null), "data.secret: is needed"),
        ("colour", json!(1), "data.colour: webhook_subscriptions has no such column"),
        ("topic_patterns", json!({"a": 1}), "data.topic_patterns: must be"),
        ("enabled", json!("yes"), "data.enabled: must be true or false"),
        ("consecutive_failures", json!(1.5), "data.consecutive_failures: must be an integer"),
        ("name", json!("n".repeat(256)), "data.name: 256 characters, at most 255"),
    ] {
        let mut data = subscription("other");
        data[member] = value;
        let (kind, text) = db.refused("create_webhook_subscription", json!({"data": data})).await;
        assert_eq!(kind, ErrorKind::InvalidInput, "{text}");
        assert!(text.starts_with(reason), "{text}");
        assert!(!text.contains("fake-secret"), "{text}");
    }
    assert_eq!(named(&db, "other").await, json!(null));
}

pub(crate) async fn what_get_webhook_subscription_shows_is_accepted_back(database: Database) {
    let db = Calls::of(&database);
    let mut data = subscription("siem");
    data["uuid"] = json!("w");
    db.called("create_webhook_subscription", json!({"data": data})).await;
    let failure = json!({"uuid": "w", "ts": "2026-01-01T00:00:00.000001Z", "error": "boom"});
    db.called("record_webhook_failure", failure).await;
    let mut row = db.called("get_webhook_subscription", json!({"uuid": "w"})).await;
    let patch = json!({"uuid": "w", "patch": row});
    assert_eq!(db.called("update_webhook_subscription", patch).await, json!(true));
    let mut again = db.called("get_webhook_subscription", json!({"uuid": "w"})).await;
    assert!(again["updated_at"].take().as_str() > row["updated_at"].as_str(), "it is now, whatever is given");
    row["updated_at"] = json!(null);
    assert_eq!(again, row);
    assert_eq!(db.called("delete_webhook_subscription", json!({"uuid": "w"})).await, json!(true));
    assert_eq!(db.called("delete_webhook_subscription", json!({"uuid": "w"})).await, json!(false));
    db.called("create_webhook_subscription", json!({"data": row})).await;
    let mut again = db.called("get_webhook_subscription", json!({"uuid": "w"})).await;
    again["updated_at"] = json!(null);
    assert_eq!(again, row);
}

pub(crate) async fn subscriptions_are_listed_oldest_first(database: Database) {
    let db = Calls::of(&database);
    for (uuid, day, enabled) in [("c", "2026-01-02", 1), ("b", "2026-01-03", 0), ("a", "2026-01-02", 1)] {
        let mut data = subscription(uuid);
        data["uuid"] = json!(uuid);
        data["created_at"] = json!(day);
        data["enabled"] = json!(enabled);
        db.called("create_webhook_subscription", json!({"data": data})).await;
    }
    for (arguments, expected) in [
        (json!({}), vec!["a", "c", "b"]),
        (json!({"enabled_only": null}), vec!["a", "c", "b"]),
        (json!({"enabled_only": true}), vec!["a", "c"]),
    ] {
        let rows = db.called("list_webhook_subscriptions", arguments).await;
        let uuids: Vec<_> = rows.as_array().unwrap().iter().map(|row| row["uuid"].clone()).collect();
        assert_eq!(uuids, expected);
    }
}

pub(crate) async fn an_update_sets_what_it_is_given(database: Database) {
    let db = Calls::of(&database);
    let mut data = subscription("siem");
    data["uuid"] = json!("w");
    db.called("create_webhook_subscription", json!({"data": data})).await;
    let update = |uuid: &str, patch: Value| json!({"uuid": uuid, "patch": patch});
    let before = named(&db, "siem").await;
    for (uuid, patch, expected) in [
        ("w", json!({}), true),
        ("w", json!({"uuid": "w"}), true),
        ("x", json!({}), false),
        ("x", json!({"enabled": false}), false),
    ] {
        let updated = db.called("update_webhook_subscription", update(uuid, patch)).await;
        assert_eq!(updated, json!(expected));
        assert_eq!(named(&db, "siem").await, before, "nothing is written");
    }
    for patch in [
        json!({"uuid": "v"}),
        json!({"uuid": null, "enabled": false}),
        json!({"name": null}),
        json!({"colour": 1}),
        json!({"last_success_at": "yesterday"}),
    ] {
        for uuid in ["w", "x"] {
            let (kind, text) = db.refused("update_webhook_subscription", update(uuid, patch.clone())).await;
            assert_eq!(kind, ErrorKind::InvalidInput, "{patch}: {text}");
            assert!(text.starts_with("patch."), "{text}");
        }
    }
    db.called("create_webhook_subscription", json!({"data": subscription("taken")})).await;
    let (kind, _) =
        db.refused("update_webhook_subscription", update("w", json!({"name": "taken", "url": "x"}))).await;
    assert_eq!(kind, ErrorKind::Conflict);
    assert_eq!(named(&db, "siem").await, before, "nothing is written");
    let patch = json!({"name": "soar", "updated_at": "2000-01-01"});
    assert_eq!(db.called("update_webhook_subscription", update("w", patch)).await, json!(true));
    let after = named(&db, "soar").await;
    assert!(after["updated_at"].as_str() > before["updated_at"].as_str());
}
