//! Sample arguments: topologies.

use serde_json::{Value, json};

use crate::samples::{Domain, UUID};

pub(crate) fn samples() -> Vec<Domain> {
    vec![("topologies", topologies()), ("topology_parts", parts()), ("topology_mutations", mutations())]
}

fn topologies() -> Vec<(&'static str, Value)> {
    vec![
        ("create_topology", json!({"data": {"name": "maze", "config_snapshot": {"depth": 3}}})),
        ("get_topology", json!({"topology_id": UUID})),
        ("list_topologies", json!({})),
        ("list_topologies", json!({"status": "pending", "limit": 10, "offset": 20})),
        ("count_topologies", json!({})),
        ("count_topologies", json!({"status": "pending"})),
        ("update_topology_status", json!({"topology_id": UUID, "new_status": "active", "reason": "up"})),
        ("set_topology_resync", json!({"topology_id": UUID, "value": 1})),
        ("set_topology_email_personas", json!({"topology_id": UUID, "personas_json": "[]"})),
        ("list_topologies_needing_resync", json!({})),
        ("list_live_topology_ids", json!({})),
        ("delete_topology_cascade", json!({"topology_id": UUID})),
        ("list_topology_status_events", json!({"topology_id": UUID, "limit": 5})),
    ]
}

fn parts() -> Vec<(&'static str, Value)> {
    let lan = json!({"topology_id": UUID, "name": "dmz", "subnet": "10.0.0.0/24", "is_dmz": 1, "x": 1.5});
    let decky =
        json!({"topology_id": UUID, "name": "d1", "services": ["ssh"], "decky_config": {"name": "d1"}});
    let edge = json!({"topology_id": UUID, "decky_uuid": UUID, "lan_id": UUID, "is_bridge": true});
    let guards = |argument: &str, fields: Value| {
        let mut arguments = json!({"expected_version": 3, "enforce_pending": true});
        arguments[argument] = json!(UUID);
        if !fields.is_null() {
            arguments["fields"] = fields;
        }
        arguments
    };
    vec![
        ("add_lan", json!({"data": lan})),
        ("add_lan", json!({"data": lan, "expected_version": 3})),
        ("update_lan", json!({"lan_id": UUID, "fields": {"x": null, "is_dmz": false}})),
        ("update_lan", guards("lan_id", json!({"topology_id": UUID, "y": 2}))),
        ("update_lan", json!({"lan_id": UUID, "fields": {}})),
        ("delete_lan", json!({"lan_id": UUID, "enforce_pending": false})),
        ("delete_lan", guards("lan_id", json!(null))),
        ("list_lans_for_topology", json!({"topology_id": UUID})),
        ("add_topology_decky", json!({"data": decky, "expected_version": 3})),
        ("update_topology_decky", json!({"decky_uuid": UUID, "fields": {"state": "running"}})),
        (
            "update_topology_decky",
            guards("decky_uuid", json!({"services": ["ftp"], "updated_at": "2026-01-01"})),
        ),
        ("delete_topology_decky", guards("decky_uuid", json!(null))),
        ("list_topology_deckies", json!({"topology_id": UUID})),
        ("list_running_topology_deckies", json!({})),
        ("add_topology_edge", json!({"data": edge, "expected_version": 3})),
        ("delete_topology_edge", guards("edge_id", json!(null))),
        ("list_topology_edges", json!({"topology_id": UUID})),
    ]
}

fn mutations() -> Vec<(&'static str, Value)> {
    let change =
        json!({"topology_id": UUID, "op": "add_lan", "payload": {"name": "é"}, "expected_version": 3});
    vec![
        ("enqueue_topology_mutation", change),
        ("claim_next_mutation", json!({"topology_id": UUID})),
        ("mark_mutation_applied", json!({"mutation_id": UUID})),
        ("mark_mutation_failed", json!({"mutation_id": UUID, "reason": "gone"})),
        ("list_topology_mutations", json!({"topology_id": UUID})),
        ("list_topology_mutations", json!({"topology_id": UUID, "state": ""})),
        ("has_pending_topology_mutation", json!({})),
    ]
}
