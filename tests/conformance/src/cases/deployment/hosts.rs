//! Worker hosts and their shards.

use decnet_db_core::ErrorKind;
use decnet_db_core::contract::{DeckyShard, Topology};
use decnet_db_core::sql::{self, Changeset, Column, Insert, Record, Unit};
use decnet_db_core::time::Timestamp;
use serde_json::{Value, json};

use super::{host, refused};
use crate::cases::attempts_at_once;
use crate::database::Database;
use crate::json::called;

async fn shard(db: &Database, name: &str) -> Value {
    let shards = called(&**db, "list_decky_shards", json!({})).await;
    let found = shards.as_array().unwrap().iter().find(|shard| shard["decky_name"] == name);
    found.unwrap_or_else(|| panic!("no shard {name}: {shards}")).clone()
}

async fn put(db: &Database, data: Value) {
    called(&**db, "upsert_decky_shard", json!({"data": data})).await;
}

async fn enrol(db: &Database, uuid: &str, name: &str) {
    called(&**db, "add_swarm_host", json!({"data": host(uuid, name)})).await;
}

pub(crate) async fn a_host_has_the_defaults_of_the_original(db: Database) {
    enrol(&db, "h1", "one").await;
    let mut ours = called(&*db, "get_swarm_host_by_name", json!({"name": "one"})).await;
    assert!(ours["enrolled_at"].take().as_str().unwrap().ends_with('Z'));
    let expected = json!({
        "uuid": "h1", "name": "one", "address": "10.0.0.1", "agent_port": 8765, "status": "enrolled",
        "last_heartbeat": null, "client_cert_fingerprint": "ab", "updater_cert_fingerprint": null,
        "cert_bundle_path": "/c", "enrolled_at": null, "notes": null, "use_ipvlan": false,
    });
    assert_eq!(ours, expected);
}

pub(crate) async fn hosts_are_unique_and_checked(db: Database) {
    enrol(&db, "h1", "one").await;
    enrol(&db, "h2", "two").await;
    for (uuid, name) in [("h1", "three"), ("h3", "one")] {
        let (kind, _) = refused(&*db, "add_swarm_host", json!({"data": host(uuid, name)})).await;
        assert_eq!(kind, ErrorKind::Conflict);
    }
    let update = async |fields: Value| {
        refused(&*db, "update_swarm_host", json!({"uuid": "h2", "fields": fields})).await
    };
    assert_eq!(update(json!({"name": "one"})).await.0, ErrorKind::Conflict);
    let long = "x".repeat(256);
    for (fields, message) in [
        (json!({"agent_port": 2_147_483_648_i64}), "agent_port: 2147483648 does not fit into 32 bits"),
        (json!({"agent_port": "9000"}), "agent_port: must be an integer"),
        (json!({"agent_port": 1.5}), "agent_port: must be an integer"),
        (json!({"use_ipvlan": "yes"}), "use_ipvlan: must be true or false"),
        (json!({"last_heartbeat": "soon"}), "last_heartbeat: \"soon\" is not a time"),
        (json!({"status": null}), "status: must not be null"),
        (json!({"name": long}), "name: 256 characters, at most 255"),
        (json!({"colour": 1}), "colour: swarm_hosts has no such column"),
    ] {
        let (kind, text) = update(fields).await;
        assert_eq!(kind, ErrorKind::InvalidInput, "{text}");
        assert!(text.starts_with("fields") && text.contains(message), "{text}");
    }
    let (kind, text) = refused(&*db, "add_swarm_host", json!({"data": {"uuid": "h3", "name": "x"}})).await;
    assert_eq!((kind, &*text), (ErrorKind::InvalidInput, "data.address: is needed"));
    let before = called(&*db, "get_swarm_host_by_uuid", json!({"uuid": "h2"})).await;
    called(&*db, "update_swarm_host", json!({"uuid": "h2", "fields": {}})).await;
    assert_eq!(called(&*db, "get_swarm_host_by_uuid", json!({"uuid": "h2"})).await, before);
    called(&*db, "update_swarm_host", json!({"uuid": "h2", "fields": {"use_ipvlan": 1, "notes": "é"}})).await;
    let after = called(&*db, "get_swarm_host_by_uuid", json!({"uuid": "h2"})).await;
    assert_eq!((&after["use_ipvlan"], &after["notes"]), (&json!(true), &json!("é")));
}

/// Ruling R7.
pub(crate) async fn the_first_host_has_the_fingerprint(db: Database) {
    for (uuid, name) in [("h2", "two"), ("h1", "one"), ("h3", "three")] {
        enrol(&db, uuid, name).await;
    }
    let found = called(&*db, "get_swarm_host_by_fingerprint", json!({"fingerprint": "ab"})).await;
    assert_eq!(found["uuid"], "h1");
}

pub(crate) async fn what_list_swarm_hosts_shows_is_accepted_back(db: Database) {
    let other = db.second().await;
    let golden = db.golden().await;
    let hosts = called(&*golden, "list_swarm_hosts", json!({})).await;
    for host in hosts.as_array().unwrap() {
        called(&*other, "add_swarm_host", json!({"data": host})).await;
        called(&*golden, "update_swarm_host", json!({"uuid": host["uuid"], "fields": host})).await;
    }
    assert_eq!(called(&*other, "list_swarm_hosts", json!({})).await, hosts);
    other.close().await;
    assert_eq!(called(&*golden, "list_swarm_hosts", json!({"status": ""})).await, hosts);
}

pub(crate) async fn a_host_is_deleted_with_its_shards(db: Database) {
    for (uuid, name) in [("h1", "one"), ("h2", "two")] {
        enrol(&db, uuid, name).await;
        put(&db, json!({"decky_name": name, "host_uuid": uuid})).await;
    }
    assert_eq!(called(&*db, "delete_swarm_host", json!({"uuid": "h1"})).await, json!(true));
    assert_eq!(called(&*db, "delete_swarm_host", json!({"uuid": "h1"})).await, json!(false));
    let left = called(&*db, "list_decky_shards", json!({})).await;
    assert_eq!(left.as_array().unwrap().len(), 1, "{left}");
    assert_eq!(shard(&db, "two").await["host_uuid"], "h2");
}

/// Ruling R14, 60.2.
pub(crate) async fn a_host_that_a_topology_targets_stays(db: Database) {
    enrol(&db, "h1", "one").await;
    put(&db, json!({"decky_name": "d", "host_uuid": "h1"})).await;
    let columns = Topology::TABLE.columns.iter().map(|column| column.name).collect();
    let now = sql::Value::from(Timestamp::now());
    let row = vec![
        "t".into(),
        "maze".into(),
        "agent".into(),
        "h1".into(),
        "{}".into(),
        "pending".into(),
        now.clone(),
        now,
        1.into(),
        false.into(),
        "[]".into(),
        "en".into(),
    ];
    let mut unit = Unit::new();
    unit.insert(Insert::raw(Topology::TABLE, columns, row).unwrap());
    db.engine().commit(unit).await.unwrap();
    let (kind, text) = refused(&*db, "delete_swarm_host", json!({"uuid": "h1"})).await;
    assert_eq!((kind, text.contains("a topology targets the host")), (ErrorKind::Conflict, true), "{text}");
    assert_eq!(shard(&db, "d").await["host_uuid"], "h1");
}

pub(crate) async fn shards_show_what_their_configuration_says(db: Database) {
    enrol(&db, "h1", "one").await;
    let config = json!({"ip": "10.9.0.5", "distro": "debian", "hostname": null, "extra": 1});
    put(&db, json!({"decky_name": "a", "host_uuid": "h1", "decky_config": config, "services": ["é", 1]}))
        .await;
    let shown = shard(&db, "a").await;
    assert_eq!(shown["services"], json!(["é", 1]));
    let text = shown["decky_config"].as_str().expect("a map comes back as text (ruling R14, 60.8)");
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), config);
    assert!(!text.contains(' '), "compact: {text}");
    assert_eq!((&shown["distro"], &shown["hostname"]), (&json!("debian"), &json!(null)));
    assert_eq!(
        (&shown["decky_ip"], shown.get("extra"), shown.get("archetype")),
        (&json!("10.9.0.5"), None, None)
    );
    for (config, ip) in [("not json", "x"), ("[1]", "x"), ("{\"ip\": 5}", "x"), ("", "x")] {
        put(&db, json!({"decky_name": "a", "decky_config": config, "decky_ip": ip, "services": "{"})).await;
        let shown = shard(&db, "a").await;
        assert_eq!((&shown["decky_ip"], shown.get("distro")), (&json!(ip), None), "{config}");
        assert_eq!((&shown["services"], &shown["decky_config"]), (&json!([]), &json!(config)));
    }
    put(&db, json!({"decky_name": "a", "decky_config": "{\"ip\": \"1.2.3.4\"}", "decky_ip": ""})).await;
    assert_eq!(shard(&db, "a").await["decky_ip"], "1.2.3.4");
}

/// Fault 60.3 of the original.
pub(crate) async fn what_list_decky_shards_shows_is_accepted_back(db: Database) {
    let golden = db.golden().await;
    let shards = called(&*golden, "list_decky_shards", json!({})).await;
    for shard in shards.as_array().unwrap() {
        called(&*golden, "upsert_decky_shard", json!({"data": shard})).await;
    }
    let mut again = called(&*golden, "list_decky_shards", json!({})).await;
    for (again, before) in again.as_array_mut().unwrap().iter_mut().zip(shards.as_array().unwrap()) {
        assert!(again["updated_at"].as_str() > before["updated_at"].as_str(), "updated_at is always now");
        again["updated_at"] = before["updated_at"].clone();
    }
    assert_eq!(again, shards);
}

pub(crate) async fn a_shard_is_updated_column_by_column(db: Database) {
    enrol(&db, "h1", "one").await;
    enrol(&db, "h2", "two").await;
    put(&db, json!({"decky_name": "d", "host_uuid": "h1", "services": "[\"ssh\" ]", "compose_hash": "abc"}))
        .await;
    assert_eq!(shard(&db, "d").await["state"], "pending");
    put(&db, json!({"decky_name": "d", "state": "degraded", "services": null})).await;
    put(&db, json!({"decky_name": "d", "host_uuid": "h2", "last_seen": "2026-02-02T02:02:02.000002Z"})).await;
    let shown = shard(&db, "d").await;
    let expected = [
        ("host_uuid", "h2"),
        ("state", "degraded"),
        ("compose_hash", "abc"),
        ("last_seen", "2026-02-02T02:02:02.000002Z"),
    ];
    for (column, value) in expected {
        assert_eq!(shown[column], value, "{column}");
    }
    assert_eq!(shown["services"], json!(["ssh"]));
    assert_eq!(called(&*db, "list_decky_shards", json!({"host_uuid": "h1"})).await, json!([]));
    assert_eq!(called(&*db, "delete_decky_shards_for_host", json!({"host_uuid": "h2"})).await, json!(1));
}

pub(crate) async fn a_new_shard_needs_a_host_that_exists(db: Database) {
    enrol(&db, "h1", "one").await;
    for (data, kind, message) in [
        (json!({"host_uuid": "h1"}), ErrorKind::InvalidInput, "data.decky_name: is needed"),
        (json!({"decky_name": "d"}), ErrorKind::InvalidInput, "data.host_uuid: must not be null"),
        (json!({"decky_name": "d", "host_uuid": null}), ErrorKind::InvalidInput, "data.host_uuid"),
        (json!({"decky_name": "d", "host_uuid": "h9"}), ErrorKind::Conflict, "no swarm host has this uuid"),
        (json!({"decky_name": "d", "host_uuid": "h1", "x": 1}), ErrorKind::InvalidInput, "no such column"),
        (
            json!({"decky_name": "d", "host_uuid": "h1", "services": {}}),
            ErrorKind::InvalidInput,
            "must be a list,",
        ),
        (
            json!({"decky_name": "d", "host_uuid": "h1", "decky_config": []}),
            ErrorKind::InvalidInput,
            "must be a map,",
        ),
        (
            json!({"decky_name": "d", "host_uuid": "h1", "decky_config": 5}),
            ErrorKind::InvalidInput,
            "must be a map,",
        ),
    ] {
        let (ours, text) = refused(&*db, "upsert_decky_shard", json!({"data": data})).await;
        assert_eq!((ours, text.contains(message)), (kind, true), "{text}");
    }
    // In a unit nothing else is written either.
    let lacking =
        Changeset::<DeckyShard>::new().set(DeckyShard::DECKY_NAME, "d").set(DeckyShard::STATE, "running");
    let error = db.unit().set_state("k", json!(1)).upsert_decky_shard(lacking).commit().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(called(&*db, "get_state", json!({"key": "k"})).await, json!(null));
    assert_eq!(called(&*db, "list_decky_shards", json!({})).await, json!([]));
}

pub(crate) async fn shards_that_come_at_the_same_time_are_one(db: Database) {
    enrol(&db, "h1", "one").await;
    let done = attempts_at_once(&db, 64, async |repository, number| {
        let data = Changeset::new()
            .set(DeckyShard::DECKY_NAME, "d")
            .set(DeckyShard::HOST_UUID, "h1")
            .set(DeckyShard::COMPOSE_HASH, number.to_string());
        repository.upsert_decky_shard(data).await
    });
    assert!(done.await.iter().all(Result::is_ok));
    let shards = called(&*db, "list_decky_shards", json!({"host_uuid": "h1"})).await;
    assert_eq!(shards.as_array().unwrap().len(), 1);
}

pub(crate) async fn partial_updates_at_the_same_time_all_arrive(db: Database) {
    enrol(&db, "h1", "one").await;
    put(&db, json!({"decky_name": "d", "host_uuid": "h1"})).await;
    const COLUMNS: [&Column; 3] =
        [DeckyShard::COMPOSE_HASH.column(), DeckyShard::DECKY_IP.column(), DeckyShard::LAST_ERROR.column()];
    let done = attempts_at_once(&db, 48, async |repository, number| {
        let column = COLUMNS[number % 3];
        let data = Changeset::new().set(DeckyShard::DECKY_NAME, "d");
        repository.upsert_decky_shard(data.set_column(column, column.name)).await
    });
    assert!(done.await.iter().all(Result::is_ok));
    let shown = shard(&db, "d").await;
    assert!(COLUMNS.iter().all(|column| shown[column.name] == column.name), "{shown}");
}

/// Ruling R16.
pub(crate) async fn running_ends_the_error_of_a_shard(db: Database) {
    enrol(&db, "h1", "one").await;
    put(&db, json!({"decky_name": "d", "host_uuid": "h1", "state": "failed", "last_error": "boom"})).await;
    put(&db, json!({"decky_name": "d", "state": "degraded"})).await;
    assert_eq!(shard(&db, "d").await["last_error"], "boom");
    put(&db, json!({"decky_name": "d", "state": "running", "last_error": "flaky"})).await;
    assert_eq!(shard(&db, "d").await["last_error"], "flaky");
    put(&db, json!({"decky_name": "d", "state": "running"})).await;
    assert_eq!(shard(&db, "d").await["last_error"], json!(null));
}
