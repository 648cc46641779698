//! The progress of deploying and mutating deckies.

use decnet_db_core::ErrorKind;
use decnet_db_core::contract::DeckyLifecycle;
use decnet_db_core::sql::Changeset;
use serde_json::{Value, json};

use super::refused;
use crate::cases::attempts_at_once;
use crate::database::Database;
use crate::json::called;

async fn start(db: &Database, mut data: Value) -> String {
    data["operation"] = json!("deploy");
    let id = called(&**db, "create_lifecycle", json!({"data": data})).await;
    id.as_str().expect("an id").to_owned()
}

async fn operation(db: &Database, id: &str) -> Value {
    called(&**db, "get_lifecycle_by_ids", json!({"lifecycle_ids": [id]})).await[0].take()
}

async fn update(db: &Database, id: &str, fields: Value) {
    called(&**db, "update_lifecycle", json!({"lifecycle_id": id, "fields": fields})).await;
}

pub(crate) async fn an_operation_has_the_defaults_of_the_original(db: Database) {
    // Ruling R14: a null id returns the fresh one.
    for data in
        [json!({"decky_name": "d", "updated_at": "2000-01-01"}), json!({"decky_name": "d", "id": null})]
    {
        let id = start(&db, data).await;
        assert_eq!(id.len(), 36);
        let mut ours = operation(&db, &id).await;
        assert_eq!(ours["started_at"].take(), ours["updated_at"].take());
        let expected = json!({
            "id": id, "decky_name": "d", "host_uuid": null, "operation": "deploy", "status": "pending", "error": null,
            "started_at": null, "updated_at": null, "completed_at": null,
        });
        assert_eq!(ours, expected);
    }
    assert_eq!(start(&db, json!({"decky_name": "d", "id": "mine"})).await, "mine");
    let again = json!({"data": {"decky_name": "d", "operation": "deploy", "id": "mine"}});
    assert_eq!(refused(&*db, "create_lifecycle", again).await.0, ErrorKind::Conflict);
    let (kind, text) = refused(&*db, "create_lifecycle", json!({"data": {"decky_name": "d"}})).await;
    assert_eq!((kind, &*text), (ErrorKind::InvalidInput, "data.operation: is needed"));
}

pub(crate) async fn what_get_lifecycle_by_ids_shows_is_accepted_back(db: Database) {
    let other = db.second().await;
    let golden = db.golden().await;
    let ids: Vec<_> = (0..4).map(|number| format!("11fec0de-0000-4000-8000-00000000000{number}")).collect();
    let rows = called(&*golden, "get_lifecycle_by_ids", json!({"lifecycle_ids": ids})).await;
    assert_eq!(rows.as_array().unwrap().len(), 4);
    for row in rows.as_array().unwrap() {
        called(&*golden, "update_lifecycle", json!({"lifecycle_id": row["id"], "fields": row})).await;
        called(&*other, "create_lifecycle", json!({"data": row})).await;
    }
    for db in [&*golden, &*other] {
        let mut again = called(db, "get_lifecycle_by_ids", json!({"lifecycle_ids": ids})).await;
        for (again, before) in again.as_array_mut().unwrap().iter_mut().zip(rows.as_array().unwrap()) {
            again["updated_at"] = before["updated_at"].clone();
        }
        assert_eq!(again, rows);
    }
    other.close().await;
}

/// Rulings R14 (60.9) and R16.
pub(crate) async fn an_end_is_final(db: Database) {
    for (end, other) in [("succeeded", "failed"), ("failed", "succeeded")] {
        let id = start(&db, json!({"decky_name": "d"})).await;
        update(&db, &id, json!({"status": "running"})).await;
        assert_eq!(operation(&db, &id).await["completed_at"], json!(null));
        update(&db, &id, json!({"status": end})).await;
        let ended = operation(&db, &id).await;
        assert_eq!(ended["completed_at"], ended["updated_at"]);
        for status in [other, "running", "pending", "other"] {
            let arguments = json!({"lifecycle_id": id, "fields": {"status": status, "error": "x"}});
            let (kind, text) = refused(&*db, "update_lifecycle", arguments).await;
            assert_eq!(kind, ErrorKind::Conflict, "{text}");
            assert_eq!(operation(&db, &id).await, ended, "nothing was written");
        }
        update(&db, &id, json!({"status": end, "error": "again"})).await;
        update(&db, &id, json!({"host_uuid": "h"})).await;
        let after = operation(&db, &id).await;
        assert_eq!(after["completed_at"], ended["completed_at"]);
        assert_eq!((&after["error"], &after["host_uuid"]), (&json!("again"), &json!("h")));
        assert!(after["updated_at"].as_str() > ended["updated_at"].as_str());
    }
    let given = start(&db, json!({"decky_name": "d"})).await;
    update(&db, &given, json!({"status": "failed", "completed_at": "2026-01-01"})).await;
    assert_eq!(operation(&db, &given).await["completed_at"], "2026-01-01T00:00:00Z");
    update(&db, "unknown", json!({"status": "running"})).await;
    for fields in [json!({"status": null}), json!({"colour": 1}), json!({"started_at": 3})] {
        let arguments = json!({"lifecycle_id": "unknown", "fields": fields});
        assert_eq!(refused(&*db, "update_lifecycle", arguments).await.0, ErrorKind::InvalidInput);
    }
}

/// The original lets an ended operation go back to `running` with its `completed_at`.
pub(crate) async fn an_end_of_the_past_is_replaced(db: Database) {
    let row = json!({"decky_name": "d", "status": "running", "completed_at": "2020-01-01"});
    let id = start(&db, row).await;
    update(&db, &id, json!({"status": "succeeded"})).await;
    let ended = operation(&db, &id).await;
    assert_eq!(ended["completed_at"], ended["updated_at"]);
}

pub(crate) async fn of_two_ends_one_wins(db: Database) {
    for _ in 0..8 {
        let id = start(&db, json!({"decky_name": "d"})).await;
        let results = attempts_at_once(&db, 16, |repository, number| {
            let id = id.clone();
            async move {
                let status = if number % 2 == 0 { "succeeded" } else { "failed" };
                let fields = Changeset::<DeckyLifecycle>::new()
                    .set(DeckyLifecycle::STATUS, status)
                    .set(DeckyLifecycle::ERROR, status);
                repository.update_lifecycle(&id, fields).await.map(|()| status)
            }
        });
        let results = results.await;
        let winners: Vec<_> = results.iter().filter_map(|result| result.as_ref().ok()).collect();
        let ended = operation(&db, &id).await;
        assert_eq!(winners.len(), 8, "those that agree with the first one");
        assert!(winners.iter().all(|status| ended["status"] == ***status && ended["error"] == ***status));
        let lost = results.iter().filter_map(|result| result.as_ref().err());
        assert!(lost.map(|error| error.kind()).all(|kind| kind == ErrorKind::Conflict));
    }
}

pub(crate) async fn the_newest_open_operation_is_found(db: Database) {
    for (id, host_uuid, day, status) in [
        ("a", json!("h1"), "2026-01-01", "running"),
        ("b", json!("h2"), "2026-01-02", "pending"),
        ("c", json!(null), "2026-01-02", "pending"),
        ("d", json!("h1"), "2026-01-03", "failed"),
    ] {
        let row =
            json!({"id": id, "decky_name": "d", "host_uuid": host_uuid, "started_at": day, "status": status});
        start(&db, row).await;
    }
    for (host_uuid, expected) in
        [(json!(null), json!("c")), (json!("h1"), json!("a")), (json!("h3"), json!(null))]
    {
        let arguments = json!({"decky_name": "d", "operation": "deploy", "host_uuid": host_uuid});
        let mut found = called(&*db, "find_open_lifecycle", arguments).await;
        assert_eq!(if found.is_null() { json!(null) } else { found["id"].take() }, expected);
    }
}

pub(crate) async fn stale_operations_fail(db: Database) {
    for (id, day, status) in [
        ("old", "2026-01-01", "running"),
        ("done", "2026-01-01", "succeeded"),
        ("bound", "2026-01-02", "pending"),
    ] {
        start(&db, json!({"id": id, "decky_name": "d", "started_at": day, "status": status})).await;
    }
    let sweep = json!({"older_than": "2026-01-02T01:00:00+01:00", "reason": "restarted"});
    assert_eq!(called(&*db, "sweep_stale_lifecycle", sweep.clone()).await, json!(1));
    assert_eq!(called(&*db, "sweep_stale_lifecycle", sweep).await, json!(0));
    let old = operation(&db, "old").await;
    assert_eq!((&old["status"], &old["error"]), (&json!("failed"), &json!("restarted")));
    assert_eq!(old["completed_at"], old["updated_at"]);
    assert_eq!(operation(&db, "bound").await["status"], "pending");
    assert_eq!(operation(&db, "done").await["completed_at"], json!(null));
}

pub(crate) async fn any_number_of_ids_is_looked_up(db: Database) {
    let ids: Vec<_> = (0..2_500).map(|number| format!("{:04}", 2_500 - number)).collect();
    for id in ["0001", "1200", "2500"] {
        start(&db, json!({"id": id, "decky_name": "d", "started_at": "2026-01-01"})).await;
    }
    let twice: Vec<_> = ids.iter().chain(&ids).collect();
    let found = called(&*db, "get_lifecycle_by_ids", json!({"lifecycle_ids": twice})).await;
    let found: Vec<_> = found.as_array().unwrap().iter().map(|row| row["id"].clone()).collect();
    assert_eq!(found, ["0001", "1200", "2500"]);
}
