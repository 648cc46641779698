//! The master's own deckies, and what runs anywhere.

use decnet_db_core::ErrorKind;
use decnet_db_core::contract::FleetDecky;
use decnet_db_core::sql::Changeset;
use serde_json::{Value, json};

use super::{host, refused};
use crate::cases::attempts_at_once;
use crate::database::Database;
use crate::json::called;

async fn put(db: &Database, data: Value) {
    called(&**db, "upsert_fleet_decky", json!({"data": data})).await;
}

async fn decky(db: &Database, name: &str) -> Value {
    called(&**db, "get_fleet_decky_by_name", json!({"name": name})).await
}

pub(crate) async fn a_decky_has_the_defaults_of_the_original(db: Database) {
    put(&db, json!({"name": "d", "host_uuid": null, "state": null, "updated_at": "2000-01-01"})).await;
    let mut ours = decky(&db, "d").await;
    assert!(ours["updated_at"].take().as_str().unwrap() > "2026");
    let expected = json!({
        "host_uuid": "local", "name": "d", "services": [], "decky_config": null, "decky_ip": null, "state": "pending",
        "last_error": null, "compose_hash": null, "last_seen": null, "updated_at": null,
    });
    assert_eq!(ours, expected);
    for (data, message) in [
        (json!({}), "data.name: is needed"),
        (json!({"name": "d", "decky_config": ["x"]}), "must be a map,"),
        (json!({"name": "d", "services": {"ssh": 1}}), "must be a list,"),
        (json!({"name": "d", "uuid": "x"}), "no such column"),
        (json!({"name": "x".repeat(256)}), "at most 255"),
    ] {
        let (kind, text) = refused(&*db, "upsert_fleet_decky", json!({"data": data})).await;
        assert_eq!((kind, text.contains(message)), (ErrorKind::InvalidInput, true), "{text}");
    }
    called(&*db, "delete_fleet_decky", json!({"host_uuid": "local", "name": "d"})).await;
    assert_eq!(decky(&db, "d").await, json!(null));
}

pub(crate) async fn what_list_fleet_deckies_shows_is_accepted_back(db: Database) {
    let other = db.second().await;
    let golden = db.golden().await;
    let deckies = called(&*golden, "list_fleet_deckies", json!({})).await;
    for decky in deckies.as_array().unwrap() {
        put(&other, decky.clone()).await;
    }
    let mut again = called(&*other, "list_fleet_deckies", json!({"host_uuid": ""})).await;
    other.close().await;
    for (again, before) in again.as_array_mut().unwrap().iter_mut().zip(deckies.as_array().unwrap()) {
        again["updated_at"] = before["updated_at"].clone();
    }
    assert_eq!(again, deckies);
}

/// Ruling R7.
pub(crate) async fn the_first_host_has_the_name(db: Database) {
    for host_uuid in ["b", "a", "local"] {
        put(&db, json!({"name": "d", "host_uuid": host_uuid})).await;
    }
    assert_eq!(decky(&db, "d").await["host_uuid"], "a");
    let listed = called(&*db, "list_fleet_deckies", json!({})).await;
    let hosts: Vec<_> = listed.as_array().unwrap().iter().map(|decky| decky["host_uuid"].clone()).collect();
    assert_eq!(hosts, ["a", "b", "local"]);
}

/// Rulings R14 (60.4) and R16.
pub(crate) async fn running_ends_the_error_of_a_decky(db: Database) {
    put(&db, json!({"name": "d"})).await;
    let update = async |state: &str, last_error: Value| {
        let arguments = json!({"host_uuid": "local", "name": "d", "state": state, "last_error": last_error});
        called(&*db, "update_fleet_decky_state", arguments).await;
        let decky = decky(&db, "d").await;
        assert_eq!((&decky["state"], &decky["last_seen"]), (&json!(state), &decky["updated_at"]));
        decky["last_error"].clone()
    };
    assert_eq!(update("failed", json!("boom")).await, "boom");
    assert_eq!(update("degraded", json!(null)).await, "boom");
    assert_eq!(update("running", json!("flaky")).await, "flaky");
    assert_eq!(update("running", json!(null)).await, json!(null));
    put(&db, json!({"name": "d", "state": "failed", "last_error": "boom"})).await;
    put(&db, json!({"name": "d", "compose_hash": "x"})).await;
    assert_eq!(decky(&db, "d").await["last_error"], "boom");
    put(&db, json!({"name": "d", "state": "running"})).await;
    assert_eq!(decky(&db, "d").await["last_error"], json!(null));
    let long = json!({"host_uuid": "local", "name": "d", "state": "x".repeat(256)});
    assert_eq!(refused(&*db, "update_fleet_decky_state", long).await.0, ErrorKind::InvalidInput);
}

pub(crate) async fn deckies_that_come_at_the_same_time_are_one(db: Database) {
    let done = attempts_at_once(&db, 64, async |repository, number| {
        repository
            .upsert_fleet_decky(
                Changeset::new().set(FleetDecky::NAME, "d").set(FleetDecky::COMPOSE_HASH, number.to_string()),
            )
            .await
    });
    assert!(done.await.iter().all(Result::is_ok));
    let deckies = called(&*db, "list_fleet_deckies", json!({})).await;
    assert_eq!(deckies.as_array().unwrap().len(), 1);
}

/// Ruling R16.
pub(crate) async fn empty_configurations_are_left_out(db: Database) {
    let configs =
        ["null", "{ }", "[]", "0", "-0.0", "false", "\"\"", "", "{\"a\":1}", "[0]", "1", "true", "text"];
    for (position, config) in configs.iter().enumerate() {
        put(&db, json!({"name": format!("{position:02}"), "decky_config": config})).await;
    }
    put(&db, json!({"name": "none"})).await;
    let ours = called(&*db, "get_deckies", json!({})).await;
    assert_eq!(ours, json!([{"a": 1}, [0], 1, true, "text"]));
}

pub(crate) async fn services_of_what_runs_are_lists_or_text(db: Database) {
    called(&*db, "add_swarm_host", json!({"data": host("h1", "one")})).await;
    let services = ["[\"ssh\" ]", "{}", "null", "\"ssh\"", "", "ssh, http"];
    for (position, services) in services.iter().enumerate() {
        let name = position.to_string();
        put(&db, json!({"name": name, "services": services, "state": "running"})).await;
        let shard = json!({
            "decky_name": name, "host_uuid": "h1", "services": services, "state": "running",
            "decky_config": {"ip": "10.0.0.1"},
        });
        called(&*db, "upsert_decky_shard", json!({"data": shard})).await;
    }
    put(&db, json!({"name": "9", "state": "failed"})).await;
    let shown = [json!(["ssh"]), json!([]), json!([]), json!([]), json!([]), json!("ssh, http")];
    let of = |source: &str, host: &str| {
        let decky = |(name, services): (usize, &Value)| {
            json!({
                "uuid": format!("{host}:{name}"), "name": name.to_string(), "ip": null, "services": services,
                "source": source,
            })
        };
        shown.iter().enumerate().map(decky).collect::<Vec<_>>()
    };
    let expected: Value = of("fleet", "local").into_iter().chain(of("shard", "h1")).collect();
    assert_eq!(called(&*db, "list_running_deckies", json!({})).await, expected);
}

/// Ruling R10.
pub(crate) async fn deckies_are_counted(db: Database) {
    put(&db, json!({"name": "a", "state": "running"})).await;
    put(&db, json!({"name": "b", "state": "failed"})).await;
    let stats = called(&*db, "get_stats_summary", json!({})).await;
    assert_eq!((&stats["active_deckies"], &stats["deployed_deckies"]), (&json!(1), &json!(2)));
}
