//! Rows whose references point nowhere, as DECNET leaves them where it writes without checking: writes that leave the reference
//! alone still work, and so does what mends it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::collections::BTreeSet;
use std::path::Path;

use common::create;
use decnet_db_core::call::call;
use decnet_db_core::contract::Repository;
use decnet_db_core::contract::tables::SCHEMA;
use rusqlite::Connection;
use serde_json::{Value, json};

const DAY: &str = "2026-03-04T05:06:07Z";
const HASH: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// Tables whose rows no method changes once they are there.
const ONLY_ADDED: [&str; 2] = ["topology_edges", "topology_status_events"];
/// Tables whose rows are found by the reference itself: a row that points nowhere is nobody's.
const FOUND_BY_IT: [&str; 4] =
    ["attacker_behavior", "attacker_fingerprint_state", "attribution_state", "smtp_targets"];

async fn called(repository: &dyn Repository, method: &str, arguments: Value) -> Value {
    let result = call(repository, method, arguments).await;
    result.unwrap_or_else(|error| panic!("{method}: {error}")).to_value().unwrap()
}

/// Lets a column of every row of a table point nowhere, past the library.
fn cut_off(path: &Path, table: &str, column: &str) {
    let connection = Connection::open(path).unwrap();
    connection.pragma_update(None, "foreign_keys", false).unwrap();
    let changed = connection.execute(&format!("UPDATE {table} SET {column} = 'ghost'"), []).unwrap();
    assert!(changed > 0, "{table} has a row");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_point_nowhere_can_still_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("decnet.db");
    let repository = create(&path).await;
    let db = &*repository;
    let attacker = json!({"ip": "203.0.113.7", "first_seen": DAY, "last_seen": DAY});
    let uuid = called(db, "upsert_attacker", json!({"data": attacker})).await;
    let other = called(
        db,
        "upsert_attacker",
        json!({"data": {"ip": "203.0.113.8", "first_seen": DAY, "last_seen": DAY}}),
    )
    .await;
    let host = json!({"uuid": "h", "name": "h", "address": "a", "client_cert_fingerprint": "f", "cert_bundle_path": "/c"});
    called(db, "add_swarm_host", json!({"data": host})).await;
    for campaign in ["camp", "winner"] {
        called(db, "create_campaign", json!({"row": {"uuid": campaign}})).await;
    }
    called(db, "create_attacker_identity", json!({"row": {"uuid": "ident", "campaign_id": "camp"}})).await;
    called(db, "set_attacker_identity_id", json!({"attacker_uuid": uuid, "identity_uuid": "ident"})).await;
    called(db, "create_topology", json!({"data": {"id": "t", "name": "t", "target_host_uuid": "h"}})).await;
    let lan = json!({"id": "l", "topology_id": "t", "name": "l", "subnet": "10.0.0.0/24"});
    called(db, "add_lan", json!({"data": lan})).await;
    let decky = json!({"uuid": "d", "topology_id": "t", "name": "d", "services": []});
    called(db, "add_topology_decky", json!({"data": decky})).await;
    let change = json!({"topology_id": "t", "op": "x", "payload": {}});
    let change = called(db, "enqueue_topology_mutation", change).await;
    let shard = json!({"decky_name": "d", "host_uuid": "h", "services": ["ssh"], "state": "running"});
    called(db, "upsert_decky_shard", json!({"data": shard})).await;
    let blob =
        json!({"sha256": HASH, "filename": "f", "content_type": "x/y", "size_bytes": 1, "uploaded_by": "u"});
    let blob = called(db, "upsert_canary_blob", json!({"data": blob})).await;
    let token = json!({"uuid": "tok", "kind": "http", "decky_name": "d", "callback_token": "slug", "placement_path": "/p",
        "secret_seed": "fake-seed", "created_by": "u", "blob_uuid": blob["uuid"]});
    called(db, "create_canary_token", json!({"data": token})).await;
    let hit = json!({"uuid": "hit", "token_uuid": "tok", "src_ip": "203.0.113.7"});
    called(db, "record_canary_trigger", json!({"data": hit})).await;
    let attempt = json!({"data": {"attacker_ip": "203.0.113.7", "decky_name": "d", "service": "ssh", "principal": "root",
        "secret_sha256": HASH, "attacker_uuid": uuid}});
    let credential = called(db, "upsert_credential", attempt.clone()).await;
    let observation = |attacker: &Value| {
        json!({"data": {"attacker_uuid": attacker, "primitive": "p", "value": 1, "confidence": 0.5, "window_start_ts": 1.0,
            "window_end_ts": 2.0, "source": "s", "evidence_ref": "e", "ts": 2.0, "envelope_v": 1}})
    };
    let seen = called(db, "upsert_observation", observation(&uuid)).await;
    let intel = |attacker: &Value| json!({"data": {"attacker_uuid": attacker, "attacker_ip": "203.0.113.7", "expires_at": DAY, "feodo_listed": true}});
    called(db, "upsert_attacker_intel", intel(&uuid)).await;
    let tag = json!({"source_kind": "command", "source_id": "s", "attacker_uuid": uuid, "tactic": "TA0006",
        "technique_id": "T1110", "confidence": 0.5, "rule_id": "R0001", "rule_version": 1, "evidence": {},
        "attack_release": "v15.1"});
    assert_eq!(called(db, "insert_tags", json!({"rows": [tag]})).await, json!(1));

    let work = [
        ("attackers", "identity_id", "upsert_attacker", json!({"data": attacker})),
        ("decky_shards", "host_uuid", "upsert_decky_shard", json!({"data": shard})),
        (
            "campaigns",
            "merged_into_uuid",
            "update_campaign_merged_into",
            json!({"campaign_uuid": "camp", "winner_uuid": "winner"}),
        ),
        (
            "attacker_identities",
            "campaign_id",
            "update_identity_fingerprints",
            json!({"identity_uuid": "ident", "ja3_hashes": ["a"], "hassh_hashes": null, "tls_cert_sha256": null,
                "kd_digraph_simhash": null}),
        ),
        (
            "topologies",
            "target_host_uuid",
            "update_topology_status",
            json!({"topology_id": "t", "new_status": "deploying"}),
        ),
        ("lans", "topology_id", "update_lan", json!({"lan_id": "l", "fields": {"x": 1.5}})),
        (
            "topology_deckies",
            "topology_id",
            "update_topology_decky",
            json!({"decky_uuid": "d", "fields": {"x": 1.5}}),
        ),
        ("topology_mutations", "topology_id", "mark_mutation_applied", json!({"mutation_id": change})),
        (
            "canary_tokens",
            "blob_uuid",
            "update_canary_token_state",
            json!({"uuid": "tok", "state": "revoked"}),
        ),
        (
            "canary_triggers",
            "token_uuid",
            "attribute_canary_trigger",
            json!({"trigger_uuid": "hit", "attacker_id": uuid}),
        ),
        ("credentials", "attacker_uuid", "upsert_credential", attempt),
        ("observations", "attacker_uuid", "upsert_observation", observation(&other)),
        ("attacker_intel", "attacker_uuid", "upsert_attacker_intel", intel(&other)),
        ("ttp_tag", "attacker_uuid", "insert_tags", json!({"rows": [tag]})),
    ];
    let with_references: BTreeSet<_> =
        SCHEMA.tables.iter().filter(|table| !table.foreign_keys.is_empty()).map(|table| table.name).collect();
    let covered = work.iter().map(|(table, ..)| *table).chain(ONLY_ADDED).chain(FOUND_BY_IT);
    assert_eq!(covered.collect::<BTreeSet<_>>(), with_references, "every table with references");

    let mut failed = Vec::new();
    for (table, column, method, arguments) in work {
        cut_off(&path, table, column);
        if let Err(error) = call(db, method, arguments).await {
            failed.push(format!("{table}.{column}: {method}: {error}"));
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
    // An attempt adds to its row, and a mended row is the same row.
    let rows = called(db, "get_credentials", json!({})).await;
    assert_eq!((&rows[0]["id"], &rows[0]["attempt_count"]), (&credential, &json!(2)));
    let mended = called(db, "get_observation_by_id", json!({"row_id": seen})).await;
    assert_eq!(mended["attacker_uuid"], other);
    repository.close().await;
}
