//! Tables that DECNET made (`tests/conformance/golden/core.mysql.sql`): used as they are, and what they can't hold is refused by name
//! or, where ruling R3 says so, cut.

use std::sync::Arc;

use decnet_db_core::ErrorKind;
use decnet_db_core::call::call;
use decnet_db_core::contract::Repository;
use serde_json::{Value, json};

use crate::database::Database;

const DDL: &str = include_str!("../../../../tests/conformance/golden/core.mysql.sql");
const TIME: &str = "2026-12-31T23:59:59.999999Z";
const CUT: &str = "2026-12-31T23:59:59Z";

/// Such a database with the tables of the other domains added beside DECNET's.
async fn made() -> (Database, Arc<dyn Repository>) {
    let database = Database::with("CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci").await;
    // The table that attackers refers to is of another domain.
    let parent = "CREATE TABLE attacker_identities (uuid VARCHAR(255) NOT NULL, PRIMARY KEY (uuid))";
    database.sql(parent).await;
    database.sql(DDL).await;
    database.sql("SET FOREIGN_KEY_CHECKS = 0;\nDROP TABLE attacker_identities").await;
    let repository = database.open().await;
    assert!(repository.initialize().await.unwrap().created > 0);
    (database, repository)
}

pub(crate) async fn called(repository: &Arc<dyn Repository>, method: &str, arguments: Value) -> Value {
    let result = call(&**repository, method, arguments).await;
    result.unwrap_or_else(|error| panic!("{method}: {error}")).to_value().unwrap()
}

/// The message of the refusal.
pub(crate) async fn refused(repository: &Arc<dyn Repository>, method: &str, arguments: Value) -> String {
    let error = call(&**repository, method, arguments).await.expect_err(method);
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    error.to_string()
}

fn attacker(ip: &str) -> Value {
    json!({"ip": ip, "first_seen": TIME, "last_seen": TIME})
}

#[tokio::test]
async fn floats_of_32_bits_keep_short_decimals_and_refuse_others() {
    let (database, repository) = made().await;
    let uuid = called(&repository, "upsert_attacker", json!({"data": attacker("203.0.113.7")})).await;
    let write = |data: Value| json!({"attacker_uuid": uuid, "data": data});
    let read = || called(&repository, "get_attacker_behavior", json!({"attacker_uuid": uuid}));
    for number in [0.1, 60.0, 0.333_333, 1e30, -123_456.7] {
        let data = json!({"beacon_interval_s": number, "beacon_jitter_pct": 12.5});
        called(&repository, "upsert_attacker_behavior", write(data)).await;
        assert_eq!(read().await["beacon_interval_s"], json!(number));
    }
    for number in [1.0 / 3.0, 16_777_217.0, 1e39, 1_700_000_000.123] {
        let data = json!({"behavior_class": "other", "beacon_jitter_pct": number});
        let message = refused(&repository, "upsert_attacker_behavior", write(data)).await;
        assert!(message.starts_with("data.beacon_jitter_pct: ") && message.contains("FLOAT"), "{message}");
    }
    let after = read().await;
    assert_eq!((&after["beacon_jitter_pct"], &after["behavior_class"]), (&json!(12.5), &json!(null)));
    repository.close().await;
    database.drop().await;
}

#[tokio::test]
async fn the_row_of_a_batch_that_is_too_large_is_named() {
    let (database, repository) = made().await;
    let log = |line: &str| json!({"decky": "d", "service": "s", "event_type": "e", "attacker_ip": "i", "raw_line": line, "fields": {}});
    for (position, count) in [(1, 3), (0, 2), (700, 701), (511, 600)] {
        let mut entries = vec![log("fits"); count];
        entries[position] = log(&"x".repeat(65_536));
        let message = refused(&repository, "add_logs", json!({"log_entries": entries})).await;
        let expected = format!("log_entries[{position}].raw_line: more than logs.raw_line can hold");
        assert!(message.starts_with(&expected) && message.contains("65535 bytes"), "{message}");
    }
    let message = refused(&repository, "add_log", json!({"log_data": log(&"é".repeat(32_768))})).await;
    assert!(message.starts_with("log_data.raw_line: "), "{message}");
    assert_eq!(called(&repository, "get_max_log_id", json!({})).await, json!(0));
    called(&repository, "add_log", json!({"log_data": log(&"x".repeat(65_535))})).await;
    repository.close().await;
    database.drop().await;
}

#[tokio::test]
async fn fractions_of_seconds_are_cut_in_every_table() {
    let (database, repository) = made().await;
    let log = json!({"decky": "d", "service": "s", "event_type": "e", "attacker_ip": "203.0.113.7", "raw_line": "", "fields": {}, "timestamp": TIME});
    called(&repository, "add_log", json!({"log_data": log})).await;
    let bounty = json!({"decky": "d", "service": "s", "attacker_ip": "203.0.113.7", "bounty_type": "t", "payload": {}, "timestamp": TIME});
    for _ in 0..2 {
        called(&repository, "add_bounty", json!({"bounty_data": bounty})).await;
    }
    let uuid = called(&repository, "upsert_attacker", json!({"data": attacker("203.0.113.7")})).await;
    assert_eq!(
        called(&repository, "upsert_attacker", json!({"data": attacker("203.0.113.7")})).await,
        uuid,
        "found again"
    );
    let host = json!({"uuid": "h", "name": "n", "address": "a", "client_cert_fingerprint": "f", "cert_bundle_path": "/c", "last_heartbeat": TIME});
    called(&repository, "add_swarm_host", json!({"data": host})).await;
    let shard = json!({"decky_name": "d", "host_uuid": "h", "services": ["ssh"], "state": "running", "last_seen": TIME});
    called(&repository, "upsert_decky_shard", json!({"data": shard})).await;
    let decky =
        json!({"host_uuid": "h", "name": "d", "services": ["ssh"], "state": "running", "last_seen": TIME});
    called(&repository, "upsert_fleet_decky", json!({"data": decky})).await;
    let user = json!({"uuid": "u", "username": "Admin", "password_hash": "x"});
    called(&repository, "create_user", json!({"user_data": user})).await;
    called(&repository, "set_tokens_valid_from", json!({"user_uuid": "u", "ts": TIME})).await;
    called(&repository, "set_state", json!({"key": "k", "value": {"position": 1}})).await;

    let cut = "2026-12-31 23:59:59";
    for column in [
        "logs.timestamp",
        "bounty.timestamp",
        "attackers.first_seen",
        "attackers.last_seen",
        "swarm_hosts.last_heartbeat",
        "decky_shards.last_seen",
        "fleet_deckies.last_seen",
        "users.tokens_valid_from",
    ] {
        let (table, name) = column.split_once('.').unwrap();
        let stored = database.texts(&format!("SELECT CAST({name} AS CHAR) FROM {table}")).await;
        assert_eq!(stored, [cut], "{column}");
    }
    let logs = called(&repository, "get_logs", json!({})).await;
    assert_eq!(logs[0]["timestamp"], CUT);
    let found = called(&repository, "get_user_by_username", json!({"username": "admin"})).await;
    assert_eq!(found, Value::Null, "case counts");
    repository.close().await;
    database.drop().await;
}

#[tokio::test]
async fn integers_and_texts_beyond_a_column_are_refused_by_name() {
    let (database, repository) = made().await;
    let mut data = attacker("203.0.113.7");
    data["event_count"] = json!(3_000_000_000_u64);
    let message = refused(&repository, "upsert_attacker", json!({"data": data})).await;
    assert!(message.starts_with("data.event_count: "), "{message}");
    let long = "x".repeat(70_000);
    let uuid = called(&repository, "upsert_attacker", json!({"data": attacker("203.0.113.7")})).await;
    let behavior = json!({"attacker_uuid": uuid, "data": {"kex_order_raw": long}});
    let message = refused(&repository, "upsert_attacker_behavior", behavior).await;
    assert!(
        message.starts_with("data.kex_order_raw: more than attacker_behavior.kex_order_raw"),
        "{message}"
    );
    let bounty =
        json!({"decky": "d", "service": "s", "attacker_ip": "i", "bounty_type": "t", "payload": long});
    let message = refused(&repository, "add_bounty", json!({"bounty_data": bounty})).await;
    assert!(message.starts_with("bounty_data.payload: "), "{message}");
    let host = json!({"uuid": "h", "name": "n", "address": "a", "client_cert_fingerprint": "f", "cert_bundle_path": "/c", "notes": long});
    let message = refused(&repository, "add_swarm_host", json!({"data": host})).await;
    assert!(message.starts_with("data.notes: "), "{message}");
    let decky = json!({"host_uuid": "h", "name": "d", "services": [], "state": "failed", "last_error": long});
    let message = refused(&repository, "upsert_fleet_decky", json!({"data": decky})).await;
    assert!(message.starts_with("data.last_error: "), "{message}");
    for table in ["bounty", "swarm_hosts", "fleet_deckies", "attacker_behavior"] {
        let rows = database.texts(&format!("SELECT CAST(COUNT(*) AS CHAR) FROM {table}")).await;
        assert_eq!(rows, ["0"], "{table}");
    }
    repository.close().await;
    database.drop().await;
}
