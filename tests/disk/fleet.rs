//! What DECNET leaves behind, since it does not check references.

use serde_json::json;

use super::{file_of, texts};
use crate::called;
use crate::database::{Database, sqlite};

#[test]
fn an_unknown_host_is_deleted_without_effect() {
    sqlite(unknown_host);
}

/// Ruling R14, 60.1.
async fn unknown_host(db: Database) {
    let file = file_of(&db);
    file.execute_batch(
        "PRAGMA foreign_keys = OFF;
         INSERT INTO decky_shards (decky_name, host_uuid, services, state, updated_at)
         VALUES ('orphan', 'gone', '[]', 'running', '2026-01-01 00:00:00.000000')",
    )
    .unwrap();
    assert_eq!(called(&*db, "delete_swarm_host", json!({"uuid": "gone"})).await, json!(false));
    assert_eq!(texts(&file, "SELECT decky_name FROM decky_shards"), ["orphan"]);
}

#[test]
fn a_map_and_a_list_are_stored_in_the_compact_form() {
    sqlite(compact);
}

/// Ruling R12.
async fn compact(db: Database) {
    let decky = json!({"name": "d", "services": ["é", 1.0], "decky_config": {"b": [1, {"a": null}]}});
    called(&*db, "upsert_fleet_decky", json!({"data": decky})).await;
    let stored = texts(&file_of(&db), "SELECT services, decky_config FROM fleet_deckies");
    assert_eq!(stored, [r#"["é",1.0] {"b":[1,{"a":null}]}"#]);
}
