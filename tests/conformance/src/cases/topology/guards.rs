//! What keeps changes of a design from contradicting what is there.

use decnet_db_core::ErrorKind;
use decnet_db_core::contract::{Lan, Topology};
use decnet_db_core::sql::Changeset;
use serde_json::{Value, json};

use super::{decky, edge, lan, maze, topology, version};
use crate::cases::calls::Calls;
use crate::database::Database;

fn with(mut arguments: Value, more: Value) -> Value {
    let Value::Object(more) = more else { panic!("no object") };
    arguments.as_object_mut().unwrap().extend(more);
    arguments
}

pub(crate) async fn a_stale_version_is_a_conflict(db: Database) {
    let calls = Calls::of(&db);
    maze(&calls, "t").await;
    let at = |version: u64| json!({"expected_version": version, "enforce_pending": false});
    let without = |version: u64| json!({"expected_version": version});
    assert_eq!(version(&calls, "t").await, json!(1), "nobody has named a version");
    let change = json!({"topology_id": "t", "op": "add_lan", "payload": {}});
    let writes = [
        ("add_lan", lan("t", "l3"), without as fn(u64) -> Value),
        ("add_topology_decky", decky("t", "d2"), without),
        ("add_topology_edge", edge("t", "e3", "d2", "l3"), without),
        ("update_lan", json!({"lan_id": "l3", "fields": {"x": 1}}), at),
        ("update_topology_decky", json!({"decky_uuid": "d2", "fields": {"ip": "10.0.0.1"}}), at),
        ("enqueue_topology_mutation", change, without),
        ("delete_topology_edge", json!({"edge_id": "e3"}), at),
        ("delete_topology_decky", json!({"decky_uuid": "d2"}), at),
        ("delete_lan", json!({"lan_id": "l3"}), at),
    ];
    for (position, (method, arguments, guard)) in (1..).zip(writes) {
        for wrong in [position + 1, 99] {
            let (kind, text) = calls.refused(method, with(arguments.clone(), guard(wrong))).await;
            assert_eq!(kind, ErrorKind::Conflict, "{method}: {text}");
            assert!(text.starts_with("stale expected_version"), "{method}: {text}");
            assert!(
                text.contains(&wrong.to_string()) && text.contains(&position.to_string()),
                "{method}: {text}"
            );
        }
        assert_eq!(version(&calls, "t").await, json!(position), "{method}");
        calls.called(method, with(arguments, guard(position))).await;
        assert_eq!(version(&calls, "t").await, json!(position + 1), "{method}");
    }
    // A duplicate is found after the version was raised, and takes that back.
    let (kind, _) = calls.refused("add_lan", with(lan("t", "l1"), without(10))).await;
    assert_eq!((kind, version(&calls, "t").await), (ErrorKind::Conflict, json!(10)));
}

pub(crate) async fn a_deployed_topology_is_not_edited_by_chance(db: Database) {
    let calls = Calls::of(&db);
    maze(&calls, "t").await;
    calls.called("update_topology_status", json!({"topology_id": "t", "new_status": "active"})).await;
    let deletions = [
        ("delete_topology_edge", json!({"edge_id": "e1"})),
        ("delete_topology_decky", json!({"decky_uuid": "d"})),
        ("delete_lan", json!({"lan_id": "l1"})),
    ];
    let updates = [
        ("update_lan", json!({"lan_id": "l1", "fields": {"x": 1}})),
        ("update_topology_decky", json!({"decky_uuid": "d", "fields": {"x": 1}})),
    ];
    let enforced = |(method, arguments): (&'static str, Value)| {
        (method, with(arguments, json!({"enforce_pending": true})))
    };
    for (method, arguments) in deletions.clone().into_iter().chain(updates.clone().map(enforced)) {
        // Pending is checked before the version (ruling R17).
        let (kind, text) = calls.refused(method, with(arguments, json!({"expected_version": 99}))).await;
        assert_eq!(kind, ErrorKind::Conflict, "{method}: {text}");
        assert!(text.contains("enforce_pending") && text.contains("active"), "{method}: {text}");
    }
    for (method, arguments) in updates {
        calls.called(method, arguments).await;
    }
    for (method, arguments) in deletions {
        calls.called(method, with(arguments, json!({"enforce_pending": false}))).await;
    }
    assert_eq!(calls.called("list_topology_deckies", json!({"topology_id": "t"})).await, json!([]));
}

pub(crate) async fn a_lan_that_would_orphan_a_decky_stays(db: Database) {
    let calls = Calls::of(&db);
    maze(&calls, "t").await;
    calls.called("update_lan", json!({"lan_id": "l1", "fields": {"name": "the DMZ"}})).await;
    calls.called("delete_lan", json!({"lan_id": "l2"})).await;
    let edges = calls.called("list_topology_edges", json!({"topology_id": "t"})).await;
    assert_eq!(edges.as_array().unwrap().len(), 1, "{edges}");
    // A second edge to the same LAN does not help.
    calls.called("add_topology_edge", edge("t", "again", "d", "l1")).await;
    let (kind, text) = calls.refused("delete_lan", json!({"lan_id": "l1", "expected_version": 99})).await;
    assert_eq!(kind, ErrorKind::Conflict, "{text}");
    for part in ["lan_id", "orphaned", "the DMZ", "\"d\""] {
        assert!(text.contains(part), "{part}: {text}");
    }
    calls.called("delete_topology_decky", json!({"decky_uuid": "d"})).await;
    calls.called("delete_lan", json!({"lan_id": "l1", "expected_version": 1})).await;
    assert_eq!(version(&calls, "t").await, json!(2));
    assert_eq!(calls.called("list_topology_edges", json!({"topology_id": "t"})).await, json!([]));
}

pub(crate) async fn what_is_missing_is_said_first(db: Database) {
    let calls = Calls::of(&db);
    topology(&calls, "t").await;
    let guards = json!({"expected_version": 99, "enforce_pending": true});
    for (method, arguments) in [
        ("update_lan", json!({"lan_id": "no", "fields": {"x": 1, "topology_id": "t"}})),
        ("update_topology_decky", json!({"decky_uuid": "no", "fields": {"x": 1}})),
    ] {
        let (kind, text) = calls.refused(method, with(arguments, guards.clone())).await;
        assert_eq!(kind, ErrorKind::NotFound, "{method}: {text}");
    }
    for (method, arguments) in [
        ("update_lan", json!({"lan_id": "no", "fields": {}})),
        ("update_topology_decky", json!({"decky_uuid": "no", "fields": {}})),
        ("delete_lan", json!({"lan_id": "no"})),
        ("delete_topology_decky", json!({"decky_uuid": "no"})),
        ("delete_topology_edge", json!({"edge_id": "no"})),
    ] {
        assert_eq!(calls.called(method, with(arguments, guards.clone())).await, json!(null));
    }
    assert_eq!(version(&calls, "t").await, json!(1));
}

/// Ruling R18.
pub(crate) async fn a_part_keeps_its_key_and_topology(db: Database) {
    let calls = Calls::of(&db);
    maze(&calls, "t").await;
    topology(&calls, "other").await;
    for (method, key, id, member) in
        [("update_lan", "lan_id", "l1", "id"), ("update_topology_decky", "decky_uuid", "d", "uuid")]
    {
        for (fields, refused) in [
            (json!({member: "new", "x": 1}), member),
            (json!({"topology_id": "other", "x": 1}), "topology_id"),
        ] {
            let (kind, text) = calls.refused(method, json!({key: id, "fields": fields})).await;
            assert_eq!(kind, ErrorKind::InvalidInput, "{text}");
            assert!(text.starts_with(&format!("fields.{refused}: ")), "{text}");
        }
        calls.called(method, json!({key: id, "fields": {member: id, "topology_id": "t"}})).await;
        calls.called(method, json!({key: id, "fields": {member: id, "topology_id": "t", "y": 2}})).await;
    }
    let lans = calls.called("list_lans_for_topology", json!({"topology_id": "t"})).await;
    assert_eq!((&lans[0]["x"], &lans[0]["y"]), (&json!(null), &json!(2.0)));
}

pub(crate) async fn an_edge_stays_in_its_topology(db: Database) {
    let calls = Calls::of(&db);
    maze(&calls, "t").await;
    topology(&calls, "other").await;
    calls.called("add_lan", lan("other", "x")).await;
    calls.called("add_topology_decky", decky("other", "y")).await;
    for (row, argument) in [
        (edge("t", "e", "d", "x"), "lan_id"),
        (edge("t", "e", "y", "l1"), "decky_uuid"),
        (edge("t", "e", "no", "l1"), "decky_uuid"),
        (edge("t", "e", "d", "no"), "lan_id"),
        (edge("other", "e", "d", "l1"), "decky_uuid"),
    ] {
        let (kind, text) =
            calls.refused("add_topology_edge", with(row, json!({"expected_version": 1}))).await;
        assert_eq!((kind, text.contains(argument)), (ErrorKind::Conflict, true), "{text}");
    }
    assert_eq!(version(&calls, "t").await, json!(1));
}

pub(crate) async fn several_writes_are_one(db: Database) {
    let calls = Calls::of(&db);
    topology(&calls, "t").await;
    let lan = |id: &str| {
        let lan = Changeset::new().set(Lan::ID, id).set(Lan::TOPOLOGY_ID, "t").set(Lan::NAME, id);
        lan.set(Lan::SUBNET, "10.0.0.0/24")
    };
    let new = Changeset::new().set(Topology::NAME, "new");
    let unit = db.unit().create_topology(new.clone()).add_lan(lan("a"), Some(1)).add_lan(lan("b"), Some(1));
    let error = unit.commit().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().starts_with("stale expected_version"), "{error}");
    let update = Changeset::new().set(Lan::X, 1.0);
    let error = db
        .unit()
        .create_topology(new.clone())
        .update_lan("a", update, None, false)
        .commit()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(calls.called("count_topologies", json!({})).await, json!(1));
    let unit = db.unit().create_topology(new).add_lan(lan("a"), Some(1)).add_lan(lan("b"), Some(2));
    assert_eq!(unit.commit().await.unwrap(), "b");
    assert_eq!(version(&calls, "t").await, json!(3));
}
