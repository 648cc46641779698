//! Rows of topologies and their parts.

use decnet_db_core::ErrorKind;
use decnet_db_core::contract::TopologyEdge;
use decnet_db_core::sql::Record as _;
use serde_json::{Value, json};

use super::{decky, edge, lan, maze, topology};
use crate::cases::calls::Calls;
use crate::database::Database;

pub(crate) async fn rows_have_the_defaults_of_the_original(db: Database) {
    let calls = Calls::of(&db);
    let id = calls.called("create_topology", json!({"data": {"name": "maze", "mode": null}})).await;
    let mut ours = calls.called("get_topology", json!({"topology_id": id})).await;
    for time in ["created_at", "status_changed_at"] {
        assert!(ours[time].take().as_str().unwrap() > "2026");
    }
    let expected = json!({
        "id": id, "name": "maze", "mode": "unihost", "target_host_uuid": null, "status": "pending",
        "status_changed_at": null, "created_at": null, "version": 1, "needs_resync": false, "email_personas": "[]",
        "language_default": "en",
    });
    assert_eq!(ours, expected);
    let mut data = lan("t", "l");
    (data["data"]["topology_id"], data["data"]["id"]) = (id.clone(), json!(null));
    let lan_id = calls.called("add_lan", data).await;
    let expected = json!([{
        "id": lan_id, "topology_id": id, "name": "l", "subnet": "10.0.0.0/24", "is_dmz": false,
        "docker_network_id": null, "x": null, "y": null,
    }]);
    assert_eq!(calls.called("list_lans_for_topology", json!({"topology_id": id})).await, expected);
    let mut data = decky("t", "d");
    data["data"]["topology_id"] = id.clone();
    calls.called("add_topology_decky", data).await;
    let expected = json!([{
        "uuid": "d", "topology_id": id, "name": "d", "services": [], "decky_config": null, "ip": null,
        "state": "pending", "last_error": null, "x": null, "y": null,
    }]);
    assert_eq!(calls.called("list_topology_deckies", json!({"topology_id": id})).await, expected);
    let data = json!({"topology_id": id, "decky_uuid": "d", "lan_id": lan_id});
    let edge_id = calls.called("add_topology_edge", json!({"data": data})).await;
    let expected = json!([{
        "id": edge_id, "topology_id": id, "decky_uuid": "d", "lan_id": lan_id, "is_bridge": false,
        "forwards_l3": false,
    }]);
    assert_eq!(calls.called("list_topology_edges", json!({"topology_id": id})).await, expected);
    for personas in ["[{\"name\": \"José\"}]", "not JSON"] {
        let set = json!({"topology_id": id, "personas_json": personas});
        assert_eq!(calls.called("set_topology_email_personas", set).await, json!(true));
        let shown = calls.called("get_topology", json!({"topology_id": id})).await;
        assert_eq!((&shown["email_personas"], &shown["version"]), (&json!(personas), &json!(1)));
    }
    let nobody = json!({"topology_id": "nobody", "personas_json": "[]"});
    assert_eq!(calls.called("set_topology_email_personas", nobody).await, json!(false));
}

pub(crate) async fn what_reads_show_is_accepted_back(db: Database) {
    let other = Calls::of(&db.second().await);
    let calls = Calls::of(&db);
    maze(&calls, "t").await;
    let update =
        json!({"decky_uuid": "d", "fields": {"services": ["ssh", "é"], "decky_config": {"b": 1, "a": 2.0}}});
    calls.called("update_topology_decky", update).await;
    let shown = calls.called("get_topology", json!({"topology_id": "t"})).await;
    other.called("create_topology", json!({"data": shown})).await;
    for (read, write, update, key) in [
        ("list_lans_for_topology", "add_lan", "update_lan", "lan_id"),
        ("list_topology_deckies", "add_topology_decky", "update_topology_decky", "decky_uuid"),
        ("list_topology_edges", "add_topology_edge", "", ""),
    ] {
        let rows = calls.called(read, json!({"topology_id": "t"})).await;
        for row in rows.as_array().unwrap() {
            other.called(write, json!({"data": row})).await;
            if !update.is_empty() {
                let id = row.get("id").or(row.get("uuid")).unwrap();
                calls.called(update, json!({key: id, "fields": row, "expected_version": 1})).await;
                calls
                    .execute(|sql| {
                        sql.push("UPDATE topologies SET version = 1");
                    })
                    .await;
            }
        }
        assert_eq!(other.called(read, json!({"topology_id": "t"})).await, rows);
        assert_eq!(calls.called(read, json!({"topology_id": "t"})).await, rows);
    }
    assert_eq!(other.called("get_topology", json!({"topology_id": "t"})).await, shown);
}

pub(crate) async fn what_a_column_can_t_hold_is_refused(db: Database) {
    let calls = Calls::of(&db);
    topology(&calls, "t").await;
    let long = "x".repeat(256);
    for (method, arguments, message) in [
        ("create_topology", json!({"data": {}}), "data.name: is needed"),
        (
            "create_topology",
            json!({"data": {"name": "x", "colour": 1}}),
            "data.colour: topologies has no such column",
        ),
        (
            "create_topology",
            json!({"data": {"name": "x", "mode": "x".repeat(17)}}),
            "data.mode: 17 characters",
        ),
        (
            "create_topology",
            json!({"data": {"name": "x", "config_snapshot": [1]}}),
            "data.config_snapshot: must be a map",
        ),
        (
            "create_topology",
            json!({"data": {"name": "x", "email_personas": []}}),
            "data.email_personas: must be text",
        ),
        (
            "create_topology",
            json!({"data": {"name": "x", "needs_resync": "no"}}),
            "data.needs_resync: must be true or false",
        ),
        ("add_lan", json!({"data": {"name": "l", "subnet": "s"}}), "data.topology_id: is needed"),
        (
            "add_lan",
            json!({"data": {"topology_id": "t", "name": long, "subnet": "s"}}),
            "data.name: 256 characters",
        ),
        (
            "add_topology_decky",
            json!({"data": {"topology_id": "t", "name": "d", "services": {}}}),
            "data.services: must be a list",
        ),
        (
            "add_topology_decky",
            json!({"data": {"topology_id": "t", "name": "d", "decky_config": 1}}),
            "data.decky_config: must be a map",
        ),
        (
            "add_topology_edge",
            json!({"data": {"topology_id": "t", "decky_uuid": "d"}}),
            "data.lan_id: is needed",
        ),
        (
            "update_topology_decky",
            json!({"decky_uuid": "no", "fields": {"services": null}}),
            "fields.services: must not be null",
        ),
        (
            "update_lan",
            json!({"lan_id": "no", "fields": {"colour": 1}}),
            "fields.colour: lans has no such column",
        ),
        (
            "update_topology_status",
            json!({"topology_id": "t", "new_status": "x".repeat(33)}),
            "new_status: 33 characters",
        ),
        ("set_topology_email_personas", json!({"topology_id": "t", "personas_json": null}), "personas_json"),
        ("set_topology_email_personas", json!({"topology_id": "t", "personas_json": []}), "personas_json"),
        (
            "enqueue_topology_mutation",
            json!({"topology_id": "no", "op": "x".repeat(33), "payload": 1}),
            "op: 33 characters",
        ),
        ("list_topologies", json!({"limit": -1}), "limit: must not be negative"),
        (
            "list_topology_status_events",
            json!({"topology_id": "t", "limit": -1}),
            "limit: must not be negative",
        ),
    ] {
        let (kind, text) = calls.refused(method, arguments.clone()).await;
        assert_eq!(
            (kind, text.contains(message)),
            (ErrorKind::InvalidInput, true),
            "{method} {arguments}: {text}"
        );
    }
    for (method, arguments) in [
        ("create_topology", json!({"data": {"name": "t"}})),
        ("create_topology", json!({"data": {"name": "x", "id": "t"}})),
        ("create_topology", json!({"data": {"name": "x", "target_host_uuid": "nobody"}})),
        ("add_lan", lan("nobody", "l")),
        ("add_topology_decky", decky("nobody", "d")),
        ("add_topology_edge", edge("nobody", "e", "d", "l")),
        ("enqueue_topology_mutation", json!({"topology_id": "nobody", "op": "add_lan", "payload": {}})),
    ] {
        let (kind, text) = calls.refused(method, arguments).await;
        assert_eq!(kind, ErrorKind::Conflict, "{method}: {text}");
    }
}

pub(crate) async fn topologies_are_listed_newest_first(db: Database) {
    let calls = Calls::of(&db);
    for (id, day, status) in
        [("a", "01", "active"), ("b", "02", "pending"), ("c", "02", "degraded"), ("d", "03", "active")]
    {
        let created_at = format!("2026-01-{day}");
        let data = json!({"id": id, "name": id, "created_at": created_at, "status": status, "needs_resync": status == "active"});
        calls.called("create_topology", json!({"data": data})).await;
    }
    let ids = async |method: &str, arguments: Value| {
        let rows = calls.called(method, arguments).await;
        rows.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect::<String>()
    };
    for (arguments, expected) in [
        (json!({}), "dcba"),
        (json!({"status": "", "limit": null, "offset": null}), "dcba"),
        (json!({"status": "active"}), "da"),
        (json!({"status": "nope"}), ""),
        (json!({"limit": 2, "offset": 1}), "cb"),
        (json!({"offset": 3}), "a"),
        (json!({"limit": 0}), ""),
    ] {
        assert_eq!(ids("list_topologies", arguments).await, expected);
    }
    assert_eq!(ids("list_topologies_needing_resync", json!({})).await, "ad");
    assert_eq!(calls.called("list_live_topology_ids", json!({})).await, json!(["a", "c", "d"]));
    for (status, count) in [(json!(null), 4), (json!(""), 4), (json!("active"), 2), (json!("nope"), 0)] {
        assert_eq!(calls.called("count_topologies", json!({"status": status})).await, json!(count));
    }
    calls.called("set_topology_resync", json!({"topology_id": "a", "value": false})).await;
    calls.called("set_topology_resync", json!({"topology_id": "nobody", "value": true})).await;
    assert_eq!(ids("list_topologies_needing_resync", json!({})).await, "d");
}

/// Rulings R12 and R18.
pub(crate) async fn json_keeps_its_text(db: Database) {
    let calls = Calls::of(&db);
    let hostile = "'; DROP TABLE lans; -- % _ \\ \" é \u{1f600}";
    let data = json!({"id": "t", "name": hostile, "config_snapshot": {"é": [1.0, null, hostile]}});
    calls.called("create_topology", json!({"data": data})).await;
    let stored: String = calls.stored("SELECT config_snapshot FROM topologies").await;
    assert_eq!(stored, format!("{{\"é\":[1.0,null,{}]}}", json!(hostile)));
    let mut wide = lan("t", "l");
    wide["data"]["name"] = json!(hostile);
    wide["data"]["x"] = json!(0.1);
    calls.called("add_lan", wide).await;
    let lans = calls.called("list_lans_for_topology", json!({"topology_id": "t"})).await;
    assert_eq!((&lans[0]["name"], &lans[0]["x"]), (&json!(hostile), &json!(0.1)));
    for (uuid, services, config, shown) in [
        ("1", json!("[\"a\" ]"), json!("{ \"b\": 123456789012345678901234567890 }"), json!(["a"])),
        ("2", json!("not json"), json!("{"), json!("not json")),
        ("3", json!(""), json!(null), json!("")),
        ("4", json!("null"), json!("[1]"), json!(null)),
        ("5", json!([hostile, 1]), json!({"z": 1, "a": {}}), json!([hostile, 1])),
    ] {
        let mut data = decky("t", uuid);
        (data["data"]["services"], data["data"]["decky_config"]) = (services, config);
        data["data"]["state"] = json!("running");
        calls.called("add_topology_decky", data).await;
        for (read, arguments) in [
            ("list_topology_deckies", json!({"topology_id": "t"})),
            ("list_running_topology_deckies", json!({})),
        ] {
            let deckies = calls.called(read, arguments).await;
            assert_eq!(deckies.as_array().unwrap().last().unwrap()["services"], shown);
        }
    }
    let config: String = calls.stored("SELECT decky_config FROM topology_deckies WHERE uuid = '5'").await;
    assert_eq!(config, "{\"a\":{},\"z\":1}");
    let config: String = calls.stored("SELECT decky_config FROM topology_deckies WHERE uuid = '1'").await;
    assert_eq!(config, "{ \"b\": 123456789012345678901234567890 }");
}

pub(crate) async fn a_deleted_topology_leaves_nothing(db: Database) {
    let calls = Calls::of(&db);
    maze(&calls, "t").await;
    topology(&calls, "other").await;
    calls.called("add_topology_decky", decky("other", "x")).await;
    calls.called("add_lan", lan("other", "y")).await;
    calls.called("add_topology_edge", edge("other", "own", "x", "y")).await;
    // As the original lets them be.
    for (id, decky, lan) in [("a", "x", "l1"), ("b", "d", "y")] {
        let row = vec![
            ("id", id.into()),
            ("topology_id", "other".into()),
            ("decky_uuid", decky.into()),
            ("lan_id", lan.into()),
            ("is_bridge", false.into()),
            ("forwards_l3", false.into()),
        ];
        calls.insert(TopologyEdge::TABLE, row).await;
    }
    calls.called("update_topology_status", json!({"topology_id": "t", "new_status": "active"})).await;
    calls
        .called("enqueue_topology_mutation", json!({"topology_id": "t", "op": "add_lan", "payload": 1}))
        .await;
    assert_eq!(calls.called("delete_topology_cascade", json!({"topology_id": "t"})).await, json!(true));
    assert_eq!(calls.called("delete_topology_cascade", json!({"topology_id": "t"})).await, json!(false));
    let counts = db.row_counts().await.unwrap();
    for (table, count) in [
        ("topologies", 1),
        ("lans", 1),
        ("topology_deckies", 1),
        ("topology_edges", 1),
        ("topology_status_events", 0),
        ("topology_mutations", 0),
    ] {
        assert!(counts.contains(&(table, Some(count))), "{table}: {counts:?}");
    }
}
