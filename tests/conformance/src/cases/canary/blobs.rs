//! Blobs.

use decnet_db_core::ErrorKind;
use decnet_db_core::contract::CanaryToken;
use decnet_db_core::sql::Changeset;
use serde_json::json;

use super::{blob, token, uuids, with};
use crate::cases::calls::{Calls, at_once};
use crate::database::Database;

pub(crate) async fn uploads_at_the_same_time_are_one(database: Database) {
    let callers = [Calls::of(&database), Calls::of(&database.beside().await)];
    let shared = callers.clone();
    let rows = at_once(32, move |number| {
        let db = shared[number % 2].clone();
        async move {
            let data = with(blob("ab"), json!({"filename": number.to_string()}));
            db.called("upsert_canary_blob", json!({"data": data})).await
        }
    });
    let rows = rows.await;
    assert!(rows.iter().all(|row| *row == rows[0]), "{rows:?}");
    assert_eq!(callers[0].stored::<i64>("SELECT COUNT(*) FROM canary_blobs").await, 1);
}

pub(crate) async fn a_blob_that_is_there_needs_nothing_else(database: Database) {
    let db = Calls::of(&database);
    let first = db.called("upsert_canary_blob", json!({"data": blob("ab")})).await;
    assert_eq!(first["uuid"].as_str().map(str::len), Some(36));
    assert!(first["uploaded_at"].as_str() > Some("2026"));
    assert_eq!(first.as_object().unwrap().len(), 7, "no token_count");
    for data in [
        json!({"sha256": "ab"}),
        with(blob("ab"), json!({"uuid": "other", "filename": "other", "token_count": 9})),
        json!({"sha256": "ab", "filename": null, "uploaded_at": "2000-01-01"}),
    ] {
        assert_eq!(db.called("upsert_canary_blob", json!({"data": data})).await, first);
    }
    for (method, arguments) in [
        ("get_canary_blob", json!({"uuid": first["uuid"]})),
        ("get_canary_blob_by_sha256", json!({"sha256": "ab"})),
    ] {
        assert_eq!(db.called(method, arguments).await, first);
    }
    // Ruling R4.
    assert_eq!(db.called("get_canary_blob_by_sha256", json!({"sha256": "AB"})).await, json!(null));
}

pub(crate) async fn a_new_blob_is_checked(database: Database) {
    let db = Calls::of(&database);
    // Ruling R18: 64 bits.
    let large = with(blob("large"), json!({"size_bytes": i64::MAX, "uuid": "large"}));
    let stored = db.called("upsert_canary_blob", json!({"data": large})).await;
    assert_eq!(stored["size_bytes"], json!(i64::MAX));
    for (data, reason) in [
        (json!({"filename": "x"}), "data.sha256: is needed"),
        (blob(""), "data.sha256: must not be empty"),
        (json!({"sha256": "new"}), ""),
        (with(blob("new"), json!({"filename": null})), ""),
        (with(blob("large"), json!({"size_bytes": "3"})), "data.size_bytes: must be an integer"),
        (with(blob("large"), json!({"colour": 1})), "data.colour: canary_blobs has no such column"),
        (with(blob("new"), json!({"uploaded_by": "u".repeat(256)})), "data.uploaded_by: 256 characters"),
    ] {
        let (kind, text) = db.refused("upsert_canary_blob", json!({"data": data})).await;
        assert_eq!(kind, ErrorKind::InvalidInput, "{data}: {text}");
        assert!(text.starts_with(reason), "{text}");
    }
    let taken = with(blob("new"), json!({"uuid": "large"}));
    assert_eq!(db.refused("upsert_canary_blob", json!({"data": taken})).await.0, ErrorKind::Conflict);
    assert_eq!(db.stored::<i64>("SELECT COUNT(*) FROM canary_blobs").await, 1);
}

pub(crate) async fn blobs_are_listed_with_the_number_of_their_tokens(database: Database) {
    let db = Calls::of(&database);
    for (uuid, day) in [("a", "2026-01-01"), ("b", "2026-01-02"), ("c", "2026-01-01")] {
        let data = with(blob(uuid), json!({"uuid": uuid, "uploaded_at": day}));
        db.called("upsert_canary_blob", json!({"data": data})).await;
    }
    for (slug, blob_uuid, state) in
        [("1", json!("a"), "planted"), ("2", json!("a"), "revoked"), ("3", json!(null), "planted")]
    {
        let data = with(token(slug), json!({"blob_uuid": blob_uuid, "state": state}));
        db.called("create_canary_token", json!({"data": data})).await;
    }
    let listed = db.called("list_canary_blobs", json!({})).await;
    assert_eq!(uuids(&listed), ["b", "c", "a"]);
    let counts: Vec<_> = listed.as_array().unwrap().iter().map(|blob| blob["token_count"].clone()).collect();
    assert_eq!(counts, [json!(0), json!(0), json!(2)]);
    // What is shown is accepted back.
    for row in listed.as_array().unwrap() {
        db.called("upsert_canary_blob", json!({"data": row})).await;
    }
    assert_eq!(db.called("list_canary_blobs", json!({})).await, listed);
}

pub(crate) async fn a_blob_that_a_token_refers_to_stays(database: Database) {
    let db = Calls::of(&database);
    for uuid in ["a", "b"] {
        let data = with(blob(uuid), json!({"uuid": uuid}));
        db.called("upsert_canary_blob", json!({"data": data})).await;
    }
    let data = with(token("slug"), json!({"blob_uuid": "a", "state": "failed"}));
    db.called("create_canary_token", json!({"data": data})).await;
    for (uuid, deleted) in [("a", false), ("b", true), ("b", false), ("x", false)] {
        assert_eq!(db.called("delete_canary_blob", json!({"uuid": uuid})).await, json!(deleted), "{uuid}");
    }
    assert_eq!(uuids(&db.called("list_canary_blobs", json!({})).await), ["a"]);
}

pub(crate) async fn no_token_is_left_without_its_blob(database: Database) {
    let beside = database.beside().await;
    let db = Calls::of(&database);
    for round in 0..12 {
        let uuid = format!("blob-{round}");
        let data = with(blob(&uuid), json!({"uuid": uuid}));
        db.called("upsert_canary_blob", json!({"data": data})).await;
        let data = with(token(&uuid), json!({"blob_uuid": uuid}));
        let data = Changeset::<CanaryToken>::from_json(&data.into()).unwrap();
        let (deleted, created) =
            tokio::join!(database.delete_canary_blob(&uuid), beside.create_canary_token(data),);
        let deleted = deleted.expect("never a conflict (ruling R18)");
        match created {
            Ok(()) => assert!(!deleted),
            Err(error) => assert!(deleted && error.kind() == ErrorKind::Conflict, "{deleted} {error}"),
        }
        let there = db.called("get_canary_blob", json!({"uuid": uuid})).await;
        assert_eq!(there.is_null(), deleted);
    }
}
