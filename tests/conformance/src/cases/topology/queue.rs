//! The queue of changes.

use serde_json::{Value, json};

use super::topology;
use crate::cases::calls::Calls;
use crate::database::Database;

pub(crate) async fn changes_are_claimed_in_order(db: Database) {
    let calls = Calls::of(&db);
    topology(&calls, "t").await;
    topology(&calls, "other").await;
    let payloads = [
        (json!({"a": "é", "b": [1.0, null]}), "{\"a\":\"é\",\"b\":[1.0,null]}"),
        (json!("a \"text\""), "\"a \\\"text\\\"\""),
        (json!(null), "null"),
        (json!([]), "[]"),
    ];
    let mut ids = Vec::new();
    for (payload, _) in &payloads {
        let change = json!({"topology_id": "t", "op": "any op", "payload": payload});
        ids.push(calls.called("enqueue_topology_mutation", change).await);
    }
    calls.called("enqueue_topology_mutation", json!({"topology_id": "other", "op": "x", "payload": 1})).await;
    let list = async |state: Value| {
        let arguments = json!({"topology_id": "t", "state": state});
        let rows = calls.called("list_topology_mutations", arguments).await;
        rows.as_array().unwrap().iter().map(|row| row["id"].clone()).collect::<Vec<_>>()
    };
    let newest_first: Vec<_> = ids.iter().rev().cloned().collect();
    assert_eq!(list(json!(null)).await, newest_first);
    for ((_, text), id) in payloads.iter().zip(&ids) {
        let mut claimed = calls.called("claim_next_mutation", json!({"topology_id": "t"})).await;
        assert!(claimed["requested_at"].take().as_str().unwrap() > "2026");
        let expected = json!({
            "id": id, "topology_id": "t", "op": "any op", "payload": text, "state": "applying",
            "requested_at": null, "applied_at": null, "reason": null,
        });
        assert_eq!(claimed, expected);
    }
    assert_eq!(calls.called("claim_next_mutation", json!({"topology_id": "t"})).await, json!(null));
    assert_eq!(calls.called("claim_next_mutation", json!({"topology_id": "nobody"})).await, json!(null));
    calls.called("mark_mutation_applied", json!({"mutation_id": ids[0]})).await;
    calls.called("mark_mutation_failed", json!({"mutation_id": ids[1], "reason": "gone 'é'"})).await;
    for (method, arguments) in [
        ("mark_mutation_applied", json!({"mutation_id": "nobody"})),
        ("mark_mutation_failed", json!({"mutation_id": "nobody", "reason": "x"})),
    ] {
        calls.called(method, arguments).await;
    }
    assert_eq!(list(json!("applied")).await, ids[..1]);
    assert_eq!(list(json!("failed")).await, ids[1..2]);
    assert_eq!(list(json!("applying")).await, newest_first[..2]);
    for state in ["", "pending", "nope"] {
        assert_eq!(list(json!(state)).await, [] as [Value; 0], "{state}");
    }
    let all = calls.called("list_topology_mutations", json!({"topology_id": "t"})).await;
    calls.same_in_pages("get_topology_mutations_page", json!({"topology_id": "t"}), "id", &all).await;
    assert_eq!(all[2]["reason"], "gone 'é'");
    assert!(all[3]["applied_at"].as_str().unwrap() >= all[3]["requested_at"].as_str().unwrap());
    let stored: i64 = calls
        .stored("SELECT COUNT(*) FROM topology_mutations WHERE applied_at > '2026-01-01 00:00:00.000000'")
        .await;
    assert_eq!(stored, 2, "in the form of all times");
    // What a program that crashed has claimed stays claimed, and is marked whatever its state is.
    calls.called("mark_mutation_applied", json!({"mutation_id": ids[1]})).await;
    assert_eq!(list(json!("applied")).await, [ids[1].clone(), ids[0].clone()]);
}

pub(crate) async fn only_live_topologies_have_pending_changes(db: Database) {
    let calls = Calls::of(&db);
    topology(&calls, "t").await;
    let has = async || calls.called("has_pending_topology_mutation", json!({})).await;
    calls.called("enqueue_topology_mutation", json!({"topology_id": "t", "op": "x", "payload": {}})).await;
    for (status, expected) in [("pending", false), ("active", true), ("degraded", true), ("failed", false)] {
        calls.called("update_topology_status", json!({"topology_id": "t", "new_status": status})).await;
        assert_eq!(has().await, json!(expected), "{status}");
    }
    calls.called("update_topology_status", json!({"topology_id": "t", "new_status": "active"})).await;
    calls.called("claim_next_mutation", json!({"topology_id": "t"})).await;
    assert_eq!(has().await, json!(false));
}
