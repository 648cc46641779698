//! Events whose text or instants are more than tables that DECNET made hold: stored, cut or rounded (rulings R18 and R19).

use std::sync::Arc;

use decnet_db_core::contract::Repository;
use serde_json::{Value, json};

use crate::database::Database;
use crate::decnet_made::{called, refused};

const DDL: &str = include_str!("../../../../tests/conformance/golden/deployment.mysql.sql");

/// A database with DECNET's tables of topologies, webhooks, canaries and realism, and the others as ours are.
async fn made() -> (Database, Arc<dyn Repository>) {
    let database = Database::with("CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci").await;
    // The table that a part of a topology refers to is of another domain.
    database.sql("CREATE TABLE swarm_hosts (uuid VARCHAR(255) NOT NULL, PRIMARY KEY (uuid))").await;
    database.sql(DDL).await;
    database.sql("SET FOREIGN_KEY_CHECKS = 0;\nDROP TABLE swarm_hosts").await;
    let repository = database.open().await;
    assert!(repository.initialize().await.unwrap().created > 0);
    (database, repository)
}

#[tokio::test]
async fn messages_of_webhooks_are_cut_to_the_column() {
    let (database, repository) = made().await;
    let hook = json!({"uuid": "h", "name": "n", "url": "https://hooks.example/1", "secret": "s"});
    called(&repository, "create_webhook_subscription", json!({"data": hook})).await;
    for (turn, error, kept) in [
        (1, "x".repeat(600), "x".repeat(255)),
        (2, "ü".repeat(300), "ü".repeat(255)),
        (3, "🦀".repeat(256), "🦀".repeat(255)),
        (4, "short".to_owned(), "short".to_owned()),
    ] {
        let failure = json!({"uuid": "h", "ts": "2026-03-04T05:06:07Z", "error": error});
        assert_eq!(called(&repository, "record_webhook_failure", failure).await, json!(turn));
        let found = called(&repository, "get_webhook_subscription", json!({"uuid": "h"})).await;
        assert_eq!((&found["last_error"], &found["consecutive_failures"]), (&json!(kept), &json!(turn)));
    }
    // What is no message is refused as before.
    let patch = json!({"uuid": "h", "patch": {"url": "u".repeat(3_000)}});
    let message = refused(&repository, "update_webhook_subscription", patch).await;
    assert!(message.contains("url"), "{message}");
    repository.close().await;
    database.drop().await;
}

#[tokio::test]
async fn hits_of_canaries_are_recorded_whatever_the_client_sends() {
    let (database, repository) = made().await;
    let token = json!({"uuid": "t", "kind": "http", "decky_name": "d", "callback_token": "slug", "placement_path": "/p",
        "secret_seed": "s", "generator": "g", "created_by": "u"});
    called(&repository, "create_canary_token", json!({"data": token})).await;
    let hit = json!({"token_uuid": "t", "src_ip": "203.0.113.7", "user_agent": "é".repeat(300),
        "request_path": format!("/{}", "a".repeat(5_000)), "dns_qname": "b".repeat(256), "raw_headers": {}});
    called(&repository, "record_canary_trigger", json!({"data": hit})).await;
    let hits = called(&repository, "list_canary_triggers", json!({"token_uuid": "t"})).await;
    assert_eq!(hits[0]["user_agent"], json!("é".repeat(255)));
    assert_eq!(hits[0]["request_path"], json!(format!("/{}", "a".repeat(254))));
    assert_eq!(hits[0]["dns_qname"], json!("b".repeat(255)));
    repository.close().await;
    database.drop().await;
}

#[tokio::test]
async fn bodies_of_files_are_cut_by_bytes_on_a_character() {
    let (database, repository) = made().await;
    let file = |path: &str, body: String| json!({"decky_uuid": "d", "path": path, "persona": "p", "content_class": "note", "content_hash": "h", "last_body": body});
    for (path, body, kept) in [
        ("/ascii", "x".repeat(70_000), "x".repeat(65_535)),
        ("/wide", "€".repeat(30_000), "€".repeat(21_845)),
        ("/odd", format!("a{}", "é".repeat(40_000)), format!("a{}", "é".repeat(32_767))),
    ] {
        let uuid =
            called(&repository, "record_synthetic_file", json!({"data": file(path, body.clone())})).await;
        let stored = database.texts("SELECT last_body FROM synthetic_files ORDER BY path").await;
        assert!(stored.contains(&kept), "{path}");
        // An update too.
        let longer = json!({"row_uuid": uuid, "data": {"last_body": format!("{body}!")}});
        called(&repository, "update_synthetic_file", longer).await;
        let stored = database.texts("SELECT last_body FROM synthetic_files ORDER BY path").await;
        assert!(stored.contains(&kept), "{path}, updated");
    }
    repository.close().await;
    database.drop().await;
}

#[tokio::test]
async fn epochs_in_floats_of_32_bits_are_stored_as_near_as_they_come() {
    const WIDE: f64 = 1_772_601_007.25;
    let (database, repository) = Database::ready().await;
    // As DECNET makes them.
    for (table, columns) in [
        ("observations", &["window_start_ts", "window_end_ts", "ts", "confidence"][..]),
        ("attribution_state", &["last_change_ts", "last_observation_ts"]),
    ] {
        for column in columns {
            database.sql(&format!("ALTER TABLE {table} MODIFY {column} FLOAT NOT NULL")).await;
        }
    }
    repository.close().await;
    let repository = database.open().await;
    let attacker = json!({"ip": "203.0.113.7", "first_seen": "2026-03-04T05:06:07Z", "last_seen": "2026-03-04T05:06:07Z"});
    let attacker = called(&repository, "upsert_attacker", json!({"data": attacker})).await;
    let observation = |confidence: f64| {
        json!({"data": {"identity_ref": null, "primitive": "p", "value": 1, "confidence": confidence, "window_start_ts": WIDE,
            "window_end_ts": WIDE, "source": "s", "envelope_v": 1, "evidence_ref": "e", "ts": WIDE, "attacker_uuid": attacker}})
    };
    for _ in 0..2 {
        called(&repository, "upsert_observation", observation(0.5)).await;
    }
    let near = |value: &Value| (value.as_f64().unwrap() - WIDE).abs() <= 128.0;
    let arguments = json!({"attacker_uuid": attacker, "primitive": "p"});
    let series = called(&repository, "observations_time_series", arguments).await;
    assert!(series.as_array().is_some_and(|series| series.len() == 1), "{series}");
    assert!(near(&series[0]["ts"]) || near(&series[0][0]), "{series}");
    let latest =
        called(&repository, "latest_observation_per_primitive", json!({"attacker_uuid": attacker})).await;
    assert!(latest["p"].is_object(), "{latest}");
    // What is no instant keeps its digits or is refused.
    let message = refused(&repository, "upsert_observation", observation(1.0 / 3.0)).await;
    assert!(message.starts_with("data.confidence: ") && message.contains("FLOAT"), "{message}");
    repository.close().await;
    database.drop().await;
}
