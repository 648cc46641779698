//! Sample arguments: swarm hosts, shards, the fleet and deployments.

use serde_json::{Value, json};

use crate::samples::{Domain, UUID};

pub(crate) fn samples() -> Vec<Domain> {
    vec![("swarm", swarm()), ("fleet", fleet()), ("decky_lifecycle", decky_lifecycle())]
}

fn swarm() -> Vec<(&'static str, Value)> {
    let host = json!({
        "uuid": UUID, "name": "worker", "address": "10.0.0.1", "client_cert_fingerprint": "ab",
        "cert_bundle_path": "/c", "use_ipvlan": 1,
    });
    let shard = json!({
        "decky_name": "d1", "host_uuid": UUID, "state": "running", "decky_config": {"ip": "10.9.0.5"},
        "hostname": "no column",
    });
    vec![
        ("add_swarm_host", json!({"data": host})),
        ("get_swarm_host_by_name", json!({"name": "worker"})),
        ("get_swarm_host_by_uuid", json!({"uuid": UUID})),
        ("get_swarm_host_by_fingerprint", json!({"fingerprint": "ab"})),
        ("list_swarm_hosts", json!({})),
        ("list_swarm_hosts", json!({"status": "active"})),
        ("update_swarm_host", json!({"uuid": UUID, "fields": {"agent_port": 9000, "notes": null}})),
        ("update_swarm_host", json!({"uuid": UUID, "fields": {}})),
        ("delete_swarm_host", json!({"uuid": UUID})),
        ("upsert_decky_shard", json!({"data": shard})),
        ("upsert_decky_shard", json!({"data": {"decky_name": "d1", "last_error": "boom"}})),
        ("list_decky_shards", json!({})),
        ("list_decky_shards", json!({"host_uuid": UUID})),
        ("delete_decky_shards_for_host", json!({"host_uuid": UUID})),
        ("delete_decky_shard", json!({"decky_name": "d1"})),
    ]
}

fn fleet() -> Vec<(&'static str, Value)> {
    let decky =
        json!({"name": "d1", "services": ["ssh"], "decky_config": {"ip": "10.9.0.5"}, "state": "running"});
    let state = |state: &str| json!({"host_uuid": "local", "name": "d1", "state": state});
    let mut failed = state("failed");
    failed["last_error"] = json!("boom");
    vec![
        ("upsert_fleet_decky", json!({"data": decky})),
        ("delete_fleet_decky", json!({"host_uuid": "local", "name": "d1"})),
        ("get_fleet_decky_by_name", json!({"name": "d1"})),
        ("list_fleet_deckies", json!({})),
        ("list_fleet_deckies", json!({"host_uuid": "local"})),
        ("list_running_fleet_deckies", json!({})),
        ("update_fleet_decky_state", state("running")),
        ("update_fleet_decky_state", state("degraded")),
        ("update_fleet_decky_state", failed),
        ("get_deckies", json!({})),
        ("list_running_deckies", json!({})),
    ]
}

fn decky_lifecycle() -> Vec<(&'static str, Value)> {
    let find = json!({"decky_name": "d1", "operation": "deploy", "host_uuid": UUID});
    let update = |fields: Value| json!({"lifecycle_id": UUID, "fields": fields});
    vec![
        ("create_lifecycle", json!({"data": {"decky_name": "d1", "operation": "deploy"}})),
        ("update_lifecycle", update(json!({"status": "running"}))),
        ("update_lifecycle", update(json!({"status": "failed", "error": "boom"}))),
        ("update_lifecycle", update(json!({"error": "boom"}))),
        ("get_lifecycle_by_ids", json!({"lifecycle_ids": [UUID, "x"]})),
        ("find_open_lifecycle", json!({"decky_name": "d1", "operation": "deploy"})),
        ("find_open_lifecycle", find),
        ("sweep_stale_lifecycle", json!({"older_than": "2026-01-01", "reason": "restarted"})),
    ]
}
