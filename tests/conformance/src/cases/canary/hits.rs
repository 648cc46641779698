//! Hits on tokens.

use decnet_db_core::ErrorKind;
use serde_json::{Value, json};

use super::{token, uuids, with};
use crate::cases::calls::{Calls, at_once};
use crate::database::Database;

/// A token `t`.
async fn planted(database: &Database) -> Calls {
    let db = Calls::of(database);
    db.called("create_canary_token", json!({"data": with(token("slug"), json!({"uuid": "t"}))})).await;
    db
}

async fn hit(db: &Calls, members: Value) -> Value {
    let data = with(json!({"token_uuid": "t", "src_ip": "203.0.113.7"}), members);
    db.called("record_canary_trigger", json!({"data": data})).await
}

async fn hits(db: &Calls) -> Value {
    db.called("list_canary_triggers", json!({"token_uuid": "t"})).await
}

async fn stored_token(db: &Calls) -> Value {
    db.called("get_canary_token", json!({"uuid": "t"})).await
}

pub(crate) async fn no_hit_is_lost(database: Database) {
    let callers = [planted(&database).await, Calls::of(&database.beside().await)];
    let shared = callers.clone();
    at_once(40, move |number| {
        let db = shared[number % 2].clone();
        async move { hit(&db, json!({"user_agent": number.to_string()})).await }
    })
    .await;
    assert_eq!(stored_token(&callers[0]).await["trigger_count"], json!(40));
    assert_eq!(hits(&callers[0]).await.as_array().unwrap().len(), 40);
}

pub(crate) async fn a_hit_and_its_token_have_one_instant(database: Database) {
    let db = planted(&database).await;
    let uuid = hit(&db, json!({"uuid": null, "occurred_at": null})).await;
    assert_eq!(uuid.as_str().map(str::len), Some(36));
    let row = hits(&db).await[0].take();
    assert_eq!(row["uuid"], uuid);
    assert_eq!(stored_token(&db).await["last_triggered_at"], row["occurred_at"]);
    // What was recorded last counts, not what happened last.
    let given = json!({"uuid": "h", "occurred_at": "2020-01-01T01:00:00.000001+01:00"});
    assert_eq!(hit(&db, given).await, json!("h"));
    let after = stored_token(&db).await;
    assert_eq!(after["last_triggered_at"], json!("2020-01-01T00:00:00.000001Z"));
    assert_eq!(after["trigger_count"], json!(2));
}

pub(crate) async fn headers_are_a_map_or_a_text(database: Database) {
    let db = planted(&database).await;
    for (given, stored) in [
        (json!({"x-é": "日", "n": [1, null, 1.5]}), json!(r#"{"x-\u00e9": "\u65e5", "n": [1, null, 1.5]}"#)),
        (json!("not json"), json!("not json")),
        (json!(r#"{ "a":1}"#), json!(r#"{ "a":1}"#)),
        (json!(null), json!("{}")),
    ] {
        let uuid = hit(&db, json!({"raw_headers": given})).await;
        let rows = hits(&db).await;
        let row = rows.as_array().unwrap().iter().find(|row| row["uuid"] == uuid).unwrap();
        // Keys come sorted from the test itself, so the map is compared by its parts.
        match given {
            Value::Object(_) => {
                let text = row["raw_headers"].as_str().unwrap();
                assert!(text.is_ascii() && text.contains(r#""x-\u00e9": "\u65e5""#), "{text}");
                assert!(text.contains(r#""n": [1, null, 1.5]"#), "{text}");
            }
            _ => assert_eq!(row["raw_headers"], stored),
        }
    }
    for other in [json!([1]), json!(1), json!(true)] {
        let data = json!({"token_uuid": "t", "src_ip": "i", "raw_headers": other});
        let (kind, text) = db.refused("record_canary_trigger", json!({"data": data})).await;
        assert_eq!(kind, ErrorKind::InvalidInput);
        assert!(text.starts_with("data.raw_headers: must be a map"), "{text}");
    }
    assert_eq!(stored_token(&db).await["trigger_count"], json!(4));
}

pub(crate) async fn hits_that_are_refused_are_not_counted(database: Database) {
    let db = planted(&database).await;
    hit(&db, json!({"uuid": "h", "occurred_at": "2026-01-01"})).await;
    let before = stored_token(&db).await;
    for (data, kind, reason) in [
        (json!({"token_uuid": "x", "src_ip": "i"}), ErrorKind::Conflict, "token_uuid: no canary token"),
        (json!({"token_uuid": "t", "src_ip": "i", "uuid": "h"}), ErrorKind::Conflict, ""),
        (json!({"token_uuid": "t"}), ErrorKind::InvalidInput, "data.src_ip: is needed"),
        (json!({"src_ip": "i"}), ErrorKind::InvalidInput, "data.token_uuid: is needed"),
        (
            json!({"token_uuid": "x", "src_ip": "i", "a": 1}),
            ErrorKind::InvalidInput,
            "data.a: canary_triggers",
        ),
        (json!({"token_uuid": "t", "src_ip": "i".repeat(256)}), ErrorKind::InvalidInput, "data.src_ip: 256"),
        (
            json!({"token_uuid": "t", "src_ip": "i", "occurred_at": ""}),
            ErrorKind::InvalidInput,
            "data.occurred_at",
        ),
    ] {
        let (is, text) = db.refused("record_canary_trigger", json!({"data": data})).await;
        assert_eq!(is, kind, "{text}");
        assert!(text.starts_with(reason), "{text}");
    }
    assert_eq!(stored_token(&db).await, before);
    assert_eq!(hits(&db).await.as_array().unwrap().len(), 1);
    assert_eq!(db.stored::<i64>("SELECT COUNT(*) FROM canary_triggers").await, 1);
}

pub(crate) async fn hits_are_listed_and_attributed(database: Database) {
    let db = planted(&database).await;
    for (uuid, day) in [("a", "2026-01-01"), ("b", "2026-01-02"), ("c", "2026-01-01")] {
        hit(&db, json!({"uuid": uuid, "occurred_at": day})).await;
    }
    assert_eq!(uuids(&hits(&db).await), ["b", "c", "a"]);
    let page = |limit: i64, offset: i64| json!({"token_uuid": "t", "limit": limit, "offset": offset});
    assert_eq!(uuids(&db.called("list_canary_triggers", page(1, 1)).await), ["c"]);
    for page in [page(-1, 0), page(0, -1)] {
        assert_eq!(db.refused("list_canary_triggers", page).await.0, ErrorKind::InvalidInput);
    }
    let attribute = |uuid: &str, attacker: &str| json!({"trigger_uuid": uuid, "attacker_id": attacker});
    for attacker in ["x", "y"] {
        assert_eq!(db.called("attribute_canary_trigger", attribute("a", attacker)).await, json!(true));
        assert_eq!(hits(&db).await[2]["attacker_id"], json!(attacker));
    }
    assert_eq!(db.called("attribute_canary_trigger", attribute("no", "x")).await, json!(false));
    let long = attribute("no", &"x".repeat(256));
    assert_eq!(db.refused("attribute_canary_trigger", long).await.0, ErrorKind::InvalidInput);
}

pub(crate) async fn hits_since_an_instant_come_in_pages(database: Database) {
    let db = planted(&database).await;
    for (uuid, day) in [
        ("e", "2026-01-01T23:59:59.999999Z"),
        ("d", "2026-01-02"),
        ("b", "2026-01-04"),
        ("c", "2026-01-03"),
        ("a", "2026-01-02"),
    ] {
        hit(&db, json!({"uuid": uuid, "occurred_at": day})).await;
    }
    let whole = db.called("iter_canary_triggers_since", json!({"since": "2026-01-02"})).await;
    assert_eq!(uuids(&whole), ["a", "b", "c", "d"]);
    db.same_in_pages("get_canary_triggers_page", json!({"since": "2026-01-02"}), "uuid", &whole).await;
    for arguments in
        [json!({"since": "2026-01-02", "limit": 0}), json!({"since": ""}), json!({"since": null})]
    {
        let refused = db.refused("get_canary_triggers_page", arguments).await;
        assert_eq!(refused.0, ErrorKind::InvalidInput, "{}", refused.1);
    }
}
