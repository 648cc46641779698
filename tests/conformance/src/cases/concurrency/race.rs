//! Four processes that race for the same rows of the later domains.

use std::collections::BTreeSet;
use std::sync::Arc;

use decnet_db_core::call::call;
use decnet_db_core::contract::Repository;
use decnet_db_core::{Error, ErrorKind};
use serde_json::{Value, json};

use crate::cases::calls::Calls;
use crate::database::Database;
use crate::second_process::{Work, line_of};

const PROCESSES: usize = 4;
const ROUNDS: u64 = 12;

/// What one process has done, as it tells at its end.
#[derive(Default)]
struct Done {
    failures: Vec<Value>,
    claimed: Vec<Value>,
    versions: Vec<Value>,
}

/// What each of the processes does.
pub(crate) async fn work(repository: Arc<dyn Repository>, rounds: u64) {
    let name = line_of(std::process::id());
    let db = Calls { repository };
    let mut done = Done::default();
    for round in 1..=rounds {
        let part = format!("{name}{round}");
        let hit = json!({"token_uuid": "token", "src_ip": "203.0.113.7"});
        db.called("record_canary_trigger", json!({"data": hit})).await;
        let failure = json!({"uuid": "hook", "ts": "2026-01-01", "error": part});
        done.failures.push(db.called("record_webhook_failure", failure).await);
        let attempt = json!({
            "attacker_ip": "203.0.113.7", "decky_name": "d", "service": "ssh", "principal": "root",
            "secret_sha256": "a".repeat(64),
        });
        db.called("upsert_credential", json!({"data": attempt})).await;
        db.called("upsert_observed_attachment", json!({"sha256": "b".repeat(64), "extension": part})).await;
        let status = json!({"topology_id": "status", "new_status": part});
        db.called("update_topology_status", status).await;
        let change = db.called("claim_next_mutation", json!({"topology_id": "queue"})).await;
        if !change.is_null() {
            done.claimed.push(change["id"].clone());
        }
        let shown = db.called("get_topology", json!({"topology_id": "version"})).await;
        let lan = |topology: &str| json!({"topology_id": topology, "name": part, "subnet": "10.0.0.0/24"});
        let add = json!({"data": lan("version"), "expected_version": shown["version"]});
        if unless_conflict(call(&*db.repository, "add_lan", add).await) {
            done.versions.push(shown["version"].clone());
        }
        if round == rounds / 2 {
            let deletion = json!({"topology_id": "gone"});
            db.called("delete_topology_cascade", deletion).await;
        }
        unless_conflict(call(&*db.repository, "add_lan", json!({"data": lan("gone")})).await);
    }
    let Done { failures, claimed, versions } = done;
    let value = json!({"failures": failures, "claimed": claimed, "versions": versions});
    db.called("set_state", json!({"key": name, "value": value})).await;
}

/// Whether it was done; another error than a conflict is one.
fn unless_conflict<T>(result: Result<T, Error>) -> bool {
    match result {
        Ok(_) => true,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
            false
        }
    }
}

pub(crate) async fn four_processes_race_for_the_same_rows(database: Database) {
    let db = Calls::of(&database);
    let total = PROCESSES as u64 * ROUNDS;
    for topology in ["status", "queue", "version", "gone"] {
        db.called("create_topology", json!({"data": {"id": topology, "name": topology}})).await;
    }
    let token = json!({
        "uuid": "token", "kind": "http", "decky_name": "d", "callback_token": "slug", "placement_path": "/p",
        "secret_seed": "fake-seed", "created_by": "u",
    });
    db.called("create_canary_token", json!({"data": token})).await;
    let hook = json!({"uuid": "hook", "name": "n", "url": "https://hook.example/", "secret": "fake-secret"});
    db.called("create_webhook_subscription", json!({"data": hook})).await;
    for number in 0..total {
        let change = json!({"topology_id": "queue", "op": "x", "payload": number});
        db.called("enqueue_topology_mutation", change).await;
    }

    let mut told = Vec::new();
    for mut child in database.processes_together(Work::Race(ROUNDS), PROCESSES) {
        assert!(child.wait().unwrap().success(), "a process was refused something");
        told.push(db.called("get_state", json!({"key": line_of(child.id())})).await);
    }
    let all = |member: &str| -> Vec<String> {
        told.iter().flat_map(|done| done[member].as_array().unwrap()).map(Value::to_string).collect()
    };

    let shown = db.called("get_canary_token", json!({"uuid": "token"})).await;
    assert_eq!(shown["trigger_count"], json!(total), "hits");
    let hits = db.called("list_canary_triggers", json!({"token_uuid": "token", "limit": 1000})).await;
    assert_eq!(hits.as_array().map(Vec::len), Some(usize::try_from(total).unwrap()));
    let credentials = db.called("get_credentials", json!({})).await;
    assert_eq!(credentials.as_array().map(Vec::len), Some(1));
    assert_eq!(credentials[0]["attempt_count"], json!(total), "attempts");
    let seen = db.stored::<i64>("SELECT observation_count FROM observed_attachments").await;
    assert_eq!(json!(seen), json!(total), "attachments");

    let counts: BTreeSet<u64> = all("failures").iter().map(|count| count.parse().unwrap()).collect();
    assert_eq!(counts, (1..=total).collect(), "each failure has a count of its own");
    let claimed = all("claimed");
    let distinct: BTreeSet<_> = claimed.iter().collect();
    assert_eq!((claimed.len() as u64, distinct.len() as u64), (total, total), "each change has one claimer");
    let mut versions: Vec<u64> = all("versions").iter().map(|version| version.parse().unwrap()).collect();
    versions.sort_unstable();
    assert_eq!(versions, (1..=versions.len() as u64).collect::<Vec<_>>(), "each version has one winner");
    let shown = db.called("get_topology", json!({"topology_id": "version"})).await;
    assert_eq!(shown["version"], json!(versions.len() + 1));
    let lans = db.called("list_lans_for_topology", json!({"topology_id": "version"})).await;
    assert_eq!(lans.as_array().map(Vec::len), Some(versions.len()));

    let events =
        db.called("list_topology_status_events", json!({"topology_id": "status", "limit": 1000})).await;
    let events = events.as_array().unwrap();
    assert_eq!(events.len() as u64, total);
    for pair in events.windows(2) {
        assert_eq!(pair[0]["from_status"], pair[1]["to_status"], "a chain: {events:?}");
    }
    let left = db.called("list_lans_for_topology", json!({"topology_id": "gone"})).await;
    assert_eq!(left, json!([]), "what is part of a deleted topology is gone");
}
