//! Events.

use decnet_db_core::ErrorKind;
use serde_json::{Value, json};

use super::{email, event, uuids, with};
use crate::cases::calls::Calls;
use crate::database::Database;

async fn record(db: &Calls, data: Value) -> Value {
    db.called("record_orchestrator_event", json!({"data": data})).await
}

pub(crate) async fn an_event_has_the_defaults_of_the_original(database: Database) {
    let db = Calls::of(&database);
    let uuid = record(&db, with(event("d", ""), json!({"ts": null, "uuid": null}))).await;
    assert_eq!(uuid.as_str().map(str::len), Some(36));
    let mut rows = db.called("list_orchestrator_events", json!({})).await;
    assert!(rows[0]["ts"].take().as_str() > Some("2026"));
    let expected = json!({
        "uuid": uuid, "ts": null, "kind": "traffic", "protocol": "ssh", "action": "exec:id", "src_decky_uuid": null,
        "dst_decky_uuid": "d", "success": false, "payload": "{}",
    });
    assert_eq!(rows, json!([expected]));
    assert_eq!(record(&db, with(event("d", "2026-01-01"), json!({"uuid": "e"}))).await, json!("e"));
    let again = json!({"data": with(event("d", "2026-01-01"), json!({"uuid": "e"}))});
    assert_eq!(db.refused("record_orchestrator_event", again).await.0, ErrorKind::Conflict);
    for (members, reason) in [
        (json!({"action": null}), "data.action: is needed"),
        (json!({"kind": "k".repeat(17)}), "data.kind: 17 characters, at most 16"),
        (json!({"colour": 1}), "data.colour: orchestrator_events has no such column"),
        (json!({"ts": ""}), "data.ts"),
        (json!({"success": 2}), "data.success: must be true or false"),
    ] {
        let data = with(event("d", "2026-01-01"), members);
        let (kind, text) = db.refused("record_orchestrator_event", json!({"data": data})).await;
        assert_eq!(kind, ErrorKind::InvalidInput, "{text}");
        assert!(text.starts_with(reason), "{text}");
    }
}

pub(crate) async fn payloads_are_maps_lists_or_texts(database: Database) {
    let db = Calls::of(&database);
    for (uuid, payload, stored) in [
        ("a", json!({"out": "日", "l": [1, [2]]}), None),
        ("b", json!([]), Some("[]")),
        ("c", json!([1, {"é": null}]), Some(r#"[1, {"\u00e9": null}]"#)),
        ("d", json!("plain 'text'"), Some("plain 'text'")),
        ("e", json!(null), Some("{}")),
    ] {
        record(&db, with(event("d", "2026-01-01"), json!({"uuid": uuid, "payload": payload}))).await;
        let rows = db.called("list_orchestrator_events", json!({"limit": 1})).await;
        let text = rows[0]["payload"].as_str().unwrap();
        match stored {
            Some(stored) => assert_eq!(text, stored),
            // The order of keys is the test's own.
            None => {
                assert!(text.contains(r#""out": "\u65e5""#) && text.contains(r#""l": [1, [2]]"#), "{text}")
            }
        }
    }
    for payload in [json!(1), json!(true)] {
        let data = with(event("d", "2026-01-01"), json!({"payload": payload}));
        let (kind, text) = db.refused("record_orchestrator_event", json!({"data": data})).await;
        assert_eq!(kind, ErrorKind::InvalidInput);
        assert!(text.starts_with("data.payload: must be a map"), "{text}");
    }
}

pub(crate) async fn events_are_filtered_and_listed(database: Database) {
    let db = Calls::of(&database);
    for (uuid, ts, kind) in [
        ("a", "2026-01-01", "traffic"),
        ("b", "2026-01-02", "file"),
        ("c", "2026-01-01", "traffic"),
        ("d", "2026-01-02T00:00:00.000001Z", "traffic"),
    ] {
        record(&db, with(event("d", ts), json!({"uuid": uuid, "kind": kind}))).await;
    }
    for (arguments, expected) in [
        (json!({}), vec!["d", "b", "c", "a"]),
        (json!({"kind": "traffic"}), vec!["d", "c", "a"]),
        (json!({"kind": ""}), vec![]),
        (json!({"since_ts": "2026-01-02T01:00:00+01:00"}), vec!["d", "b"]),
        (json!({"since_ts": null, "kind": null, "limit": 2, "offset": 1}), vec!["b", "c"]),
    ] {
        let rows = db.called("list_orchestrator_events", arguments.clone()).await;
        assert_eq!(uuids(&rows), expected, "{arguments}");
    }
    for (kind, count) in [(json!(null), 4), (json!("file"), 1), (json!(""), 0)] {
        assert_eq!(db.called("count_orchestrator_events", json!({"kind": kind})).await, json!(count));
    }
    for arguments in [json!({"since_ts": ""}), json!({"since_ts": "x"}), json!({"limit": -1})] {
        let refused = db.refused("list_orchestrator_events", arguments).await;
        assert_eq!(refused.0, ErrorKind::InvalidInput, "{}", refused.1);
    }
}

pub(crate) async fn failures_are_counted_by_kind(database: Database) {
    let db = Calls::of(&database);
    for (ts, kind, success) in [
        ("2026-01-01", "traffic", 0),
        ("2026-01-02", "traffic", 0),
        ("2026-01-02", "traffic", 1),
        ("2026-01-03", "file", 0),
        ("2026-01-03", "other", 0),
    ] {
        record(&db, with(event("d", ts), json!({"kind": kind, "success": success}))).await;
    }
    for (ts, success) in [("2026-01-02", false), ("2026-01-01", false), ("2026-01-03", true)] {
        let data = with(email("d", ts), json!({"success": success}));
        db.called("record_orchestrator_email", json!({"data": data})).await;
    }
    for (kind, count) in [
        (json!(null), 4),
        (json!("traffic"), 1),
        (json!("file"), 1),
        (json!("email"), 1),
        (json!("other"), 0),
        (json!(""), 0),
    ] {
        let arguments = json!({"since_ts": "2026-01-02", "kind": kind});
        assert_eq!(db.called("count_orchestrator_failures", arguments).await, json!(count), "{kind}");
    }
    for arguments in [json!({}), json!({"since_ts": null}), json!({"since_ts": ""})] {
        assert_eq!(db.refused("count_orchestrator_failures", arguments).await.0, ErrorKind::InvalidInput);
    }
}
