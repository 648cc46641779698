//! Statuses, and the events that tell of their changes.

use decnet_db_core::ErrorKind;
use decnet_db_core::topology::transition_status;
use serde_json::{Value, json};

use super::topology;
use crate::cases::calls::Calls;
use crate::database::Database;

async fn events(calls: &Calls, limit: u64) -> Vec<Value> {
    let events =
        calls.called("list_topology_status_events", json!({"topology_id": "t", "limit": limit})).await;
    events.as_array().unwrap().clone()
}

pub(crate) async fn a_change_of_status_leaves_an_event(db: Database) {
    let calls = Calls::of(&db);
    topology(&calls, "t").await;
    let change = async |id: &str, status: &str, reason: Value| {
        let arguments = json!({"topology_id": id, "new_status": status, "reason": reason});
        calls.called("update_topology_status", arguments).await;
    };
    change("nobody", "active", json!(null)).await;
    assert_eq!(
        db.row_counts().await.unwrap().iter().find(|(name, _)| *name == "topology_status_events").unwrap().1,
        Some(0)
    );
    // Any status may follow any other, itself too.
    change("t", "torn_down", json!("why \u{e9}'")).await;
    change("t", "torn_down", json!(null)).await;
    change("t", "my own", json!("")).await;
    let all = events(&calls, 100).await;
    let told: Vec<_> =
        all.iter().map(|event| (&event["from_status"], &event["to_status"], &event["reason"])).collect();
    assert_eq!(
        told,
        [
            (&json!("torn_down"), &json!("my own"), &json!("")),
            (&json!("torn_down"), &json!("torn_down"), &json!(null)),
            (&json!("pending"), &json!("torn_down"), &json!("why \u{e9}'")),
        ]
    );
    let shown = calls.called("get_topology", json!({"topology_id": "t"})).await;
    assert_eq!((&shown["status"], &shown["version"]), (&json!("my own"), &json!(1)));
    assert_eq!(shown["status_changed_at"], all[0]["at"]);
    assert_eq!(events(&calls, 2).await, all[..2]);
    assert_eq!(events(&calls, 0).await, [] as [Value; 0]);
}

/// Ruling R18.
pub(crate) async fn transitions_follow_the_rules(db: Database) {
    let calls = Calls::of(&db);
    topology(&calls, "t").await;
    let transition = async |id: &str, status: &str| transition_status(&*db, id, status, Some("why")).await;
    for (id, status, kind, message) in [
        ("t", "nope", ErrorKind::InvalidInput, "new_status: \"nope\""),
        ("nobody", "nope", ErrorKind::InvalidInput, "new_status"),
        ("nobody", "active", ErrorKind::NotFound, "topology"),
        ("t", "active", ErrorKind::Conflict, "pending can't become active"),
        ("t", "pending", ErrorKind::Conflict, "pending can't become pending"),
    ] {
        let error = transition(id, status).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(message), "{error}");
    }
    for status in ["deploying", "active", "degraded", "tearing_down", "torn_down"] {
        transition("t", status).await.unwrap();
    }
    assert_eq!(transition("t", "deploying").await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(events(&calls, 100).await.len(), 5);
    calls.called("update_topology_status", json!({"topology_id": "t", "new_status": "my own"})).await;
    let error = transition("t", "active").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
}
