//! Behaviour and mail targets.

use decnet_db_core::ErrorKind;
use serde_json::{Value, json};

use crate::cases::calls::{Calls, at_once};
use crate::database::Database;

pub(crate) async fn behaviour_is_stored_and_its_given_columns_replaced(database: Database) {
    let db = Calls::of(&database);
    let uuid = db.attacker("203.0.113.7").await;
    let upsert = |data: Value| json!({"attacker_uuid": uuid, "data": data});
    let first = json!({"os_guess": "Linux", "tool_guesses": ["nmap"], "tcp_fingerprint": {"mss": 1460, "é": 1},
            "updated_at": "2020-01-01"});
    assert_eq!(db.called("upsert_attacker_behavior", upsert(first)).await, Value::Null);
    db.called("upsert_attacker_behavior", upsert(json!({"hop_distance": 3, "os_guess": null}))).await;
    let behavior = db.called("get_attacker_behavior", json!({"attacker_uuid": uuid})).await;
    assert_eq!(behavior["hop_distance"], 3);
    assert_eq!(behavior["os_guess"], Value::Null);
    assert_eq!(behavior["tool_guesses"], json!(["nmap"]));
    assert!(behavior["updated_at"].as_str() > Some("2026"));
    let stored: String = db.stored("SELECT tcp_fingerprint FROM attacker_behavior").await;
    assert_eq!(stored, r#"{"mss": 1460, "\u00e9": 1}"#);

    for data in
        [json!({"nope": 1}), json!({"hop_distance": 2_147_483_648_i64}), json!({"attacker_uuid": "other"})]
    {
        assert_eq!(db.refused("upsert_attacker_behavior", upsert(data)).await.0, ErrorKind::InvalidInput);
    }
    // A null for a column that can't be null means absent (ruling R17).
    db.called("upsert_attacker_behavior", upsert(json!({"retransmit_count": 7}))).await;
    db.called("upsert_attacker_behavior", upsert(json!({"retransmit_count": null}))).await;
    assert_eq!(
        db.called("get_attacker_behavior", json!({"attacker_uuid": uuid})).await["retransmit_count"],
        7
    );
    let nobody = json!({"attacker_uuid": "nobody", "data": {}});
    assert_eq!(db.refused("upsert_attacker_behavior", nobody).await.0, ErrorKind::Conflict);
}

pub(crate) async fn behaviour_that_was_read_is_accepted_back(database: Database) {
    let database = database.golden().await;
    let db = Calls::of(&database);
    for number in [2, 3] {
        let uuid = format!("c0ffee00-0000-4000-8000-00000000000{number}");
        let mut before = db.called("get_attacker_behavior", json!({"attacker_uuid": uuid})).await;
        db.called("upsert_attacker_behavior", json!({"attacker_uuid": uuid, "data": before})).await;
        let mut after = db.called("get_attacker_behavior", json!({"attacker_uuid": uuid})).await;
        assert_ne!(before["updated_at"], after["updated_at"]);
        before["updated_at"] = Value::Null;
        after["updated_at"] = Value::Null;
        assert_eq!(after, before);
    }
}

pub(crate) async fn no_try_to_send_mail_is_lost(database: Database) {
    let db = Calls::of(&database);
    let uuid = db.attacker("203.0.113.7").await;
    let caller = (db.clone(), uuid.clone());
    at_once(64, move |_| {
        let (db, uuid) = caller.clone();
        async move {
            db.called("increment_smtp_target", json!({"attacker_uuid": uuid, "domain": "a.example"})).await
        }
    })
    .await;
    let counted = db.called("smtp_target_seen", json!({"domain": "a.example"})).await;
    assert_eq!((&counted["seen"], &counted["count"]), (&json!(true), &json!(64)));
    // Of calls at once the times are in no order that holds: the one that is stored last may have begun first.
    for domain in ["a.example", "A.example"] {
        db.called("increment_smtp_target", json!({"attacker_uuid": uuid, "domain": domain})).await;
    }
    let seen = db.called("smtp_target_seen", json!({"domain": "a.example"})).await;
    assert_eq!((&seen["first_seen"], &seen["count"]), (&counted["first_seen"], &json!(65)));
    assert!(seen["first_seen"].as_str() < seen["last_seen"].as_str());
    let list = db.called("list_smtp_targets", json!({"attacker_uuid": uuid})).await;
    assert_eq!((&list[0]["domain"], &list[1]["domain"]), (&json!("A.example"), &json!("a.example")));

    let nobody = json!({"attacker_uuid": "nobody", "domain": "a.example"});
    assert_eq!(db.refused("increment_smtp_target", nobody).await.0, ErrorKind::Conflict);
    let long = json!({"attacker_uuid": uuid, "domain": "x".repeat(256)});
    assert_eq!(db.refused("increment_smtp_target", long).await.0, ErrorKind::InvalidInput);
}
