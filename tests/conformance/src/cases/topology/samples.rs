//! Sample arguments: topologies.

use serde_json::{Value, json};

use crate::samples::{Domain, UUID};

pub(crate) fn samples() -> Vec<Domain> {
    vec![("topologies", topologies()), ("topology_parts", parts()), ("topology_mutations", mutations())]
}

/// The first sample of each method finds what those before it have made.
fn topologies() -> Vec<(&'static str, Value)> {
    let topology = json!({"id": UUID, "name": "maze", "config_snapshot": {"depth": 3}});
    vec![
        ("create_topology", json!({"data": topology})),
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
        ("list_topology_status_events", json!({"topology_id": UUID, "limit": 5})),
    ]
}

fn parts() -> Vec<(&'static str, Value)> {
    let lan = json!({"id": UUID, "topology_id": UUID, "name": "dmz", "subnet": "10.0.0.0/24", "is_dmz": 1, "x": 1.5});
    let decky = json!({
        "uuid": UUID, "topology_id": UUID, "name": "d1", "services": ["ssh"], "decky_config": {"name": "d1"},
    });
    let edge =
        json!({"id": UUID, "topology_id": UUID, "decky_uuid": UUID, "lan_id": UUID, "is_bridge": true});
    let guarded = |argument: &str, fields: Value| {
        let mut arguments = json!({"expected_version": 3, "enforce_pending": true});
        arguments[argument] = json!(UUID);
        if !fields.is_null() {
            arguments["fields"] = fields;
        }
        arguments
    };
    let free = |argument: &str| json!({argument: UUID, "enforce_pending": false});
    let fields = json!({"services": ["ftp"], "updated_at": "2026-01-01"});
    vec![
        ("add_lan", json!({"data": lan})),
        ("add_lan", json!({"data": lan, "expected_version": 3})),
        ("update_lan", json!({"lan_id": UUID, "fields": {"x": null, "is_dmz": false}})),
        ("update_lan", guarded("lan_id", json!({"topology_id": UUID, "y": 2}))),
        ("update_lan", json!({"lan_id": UUID, "fields": {}})),
        ("list_lans_for_topology", json!({"topology_id": UUID})),
        ("add_topology_decky", json!({"data": decky})),
        ("add_topology_decky", json!({"data": decky, "expected_version": 3})),
        ("update_topology_decky", json!({"decky_uuid": UUID, "fields": {"state": "running"}})),
        ("update_topology_decky", guarded("decky_uuid", fields)),
        ("list_topology_deckies", json!({"topology_id": UUID})),
        ("list_running_topology_deckies", json!({})),
        ("add_topology_edge", json!({"data": edge})),
        ("add_topology_edge", json!({"data": edge, "expected_version": 3})),
        ("list_topology_edges", json!({"topology_id": UUID})),
        ("delete_topology_edge", free("edge_id")),
        ("delete_topology_edge", guarded("edge_id", json!(null))),
        ("delete_topology_decky", free("decky_uuid")),
        ("delete_topology_decky", guarded("decky_uuid", json!(null))),
        ("delete_lan", free("lan_id")),
        ("delete_lan", guarded("lan_id", json!(null))),
    ]
}

fn mutations() -> Vec<(&'static str, Value)> {
    let change = json!({"topology_id": UUID, "op": "add_lan", "payload": {"name": "é"}});
    let mut guarded = change.clone();
    guarded["expected_version"] = json!(3);
    vec![
        ("enqueue_topology_mutation", change),
        ("enqueue_topology_mutation", guarded),
        ("claim_next_mutation", json!({"topology_id": UUID})),
        ("mark_mutation_applied", json!({"mutation_id": UUID})),
        ("mark_mutation_failed", json!({"mutation_id": UUID, "reason": "gone"})),
        ("list_topology_mutations", json!({"topology_id": UUID})),
        ("get_topology_mutations_page", json!({"topology_id": UUID, "state": "pending", "limit": 2})),
        ("list_topology_mutations", json!({"topology_id": UUID, "state": ""})),
        ("has_pending_topology_mutation", json!({})),
        ("delete_topology_cascade", json!({"topology_id": UUID})),
    ]
}
