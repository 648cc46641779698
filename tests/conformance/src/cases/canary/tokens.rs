//! Tokens.

use decnet_db_core::ErrorKind;
use serde_json::json;

use super::{blob, token, uuids, with};
use crate::cases::calls::Calls;
use crate::database::Database;

pub(crate) async fn a_token_has_the_defaults_of_the_original(database: Database) {
    let db = Calls::of(&database);
    db.called("create_canary_token", json!({"data": token("slug")})).await;
    let mut row = db.called("get_canary_token_by_slug", json!({"callback_token": "slug"})).await;
    assert_eq!(row, db.called("get_canary_token", json!({"uuid": row["uuid"]})).await);
    assert_eq!(row["uuid"].take().as_str().map(str::len), Some(36));
    assert!(row["placed_at"].take().as_str() > Some("2026"));
    let expected = with(
        token("slug"),
        json!({
            "uuid": null, "topology_id": null, "blob_uuid": null, "instrumenter": null, "generator": null,
            "placed_at": null, "last_triggered_at": null, "trigger_count": 0, "state": "planted",
            "last_error": null, "fingerprint_nonce": null,
        }),
    );
    assert_eq!(row, expected);
}

pub(crate) async fn a_callback_token_finds_its_planted_token(database: Database) {
    let db = Calls::of(&database);
    for (uuid, slug) in [("a", "Slug"), ("b", "slug"), ("c", "slug ")] {
        db.called("create_canary_token", json!({"data": with(token(slug), json!({"uuid": uuid}))})).await;
    }
    let again = json!({"data": token("slug")});
    assert_eq!(db.refused("create_canary_token", again).await.0, ErrorKind::Conflict);
    for (slug, found) in
        [("Slug", json!("a")), ("slug", json!("b")), ("slug ", json!("c")), ("SLUG", json!(null))]
    {
        let row = db.called("get_canary_token_by_slug", json!({"callback_token": slug})).await;
        assert_eq!(row["uuid"], found, "{slug:?}");
    }
    db.called("update_canary_token_state", json!({"uuid": "b", "state": "revoked"})).await;
    let row = db.called("get_canary_token_by_slug", json!({"callback_token": "slug"})).await;
    assert_eq!(row, json!(null));
    assert_eq!(db.called("get_canary_token", json!({"uuid": "b"})).await["state"], json!("revoked"));
}

pub(crate) async fn a_token_needs_a_blob_that_exists(database: Database) {
    let db = Calls::of(&database);
    let data = with(token("slug"), json!({"blob_uuid": "a"}));
    assert_eq!(db.refused("create_canary_token", json!({"data": data})).await.0, ErrorKind::Conflict);
    let uploaded = json!({"data": with(blob("ab"), json!({"uuid": "a"}))});
    db.called("upsert_canary_blob", uploaded).await;
    db.called("create_canary_token", json!({"data": data})).await;
    for (data, reason) in [
        (json!({"kind": "http"}), "data.decky_name: is needed"),
        (
            with(token("t"), json!({"fingerprint_nonce": "x".repeat(17)})),
            "data.fingerprint_nonce: 17 characters",
        ),
        (with(token("t"), json!({"trigger_count": "1"})), "data.trigger_count: must be an integer"),
        (with(token("t"), json!({"colour": 1})), "data.colour: canary_tokens has no such column"),
    ] {
        let (kind, text) = db.refused("create_canary_token", json!({"data": data})).await;
        assert_eq!(kind, ErrorKind::InvalidInput);
        assert!(text.starts_with(reason) && !text.contains("fake-seed"), "{text}");
    }
}

pub(crate) async fn tokens_are_filtered(database: Database) {
    let db = Calls::of(&database);
    for (uuid, day, members) in [
        ("a", "2026-01-01", json!({"decky_name": "d1", "kind": "http"})),
        ("b", "2026-01-02", json!({"decky_name": "d1", "kind": "dns", "topology_id": "t"})),
        ("c", "2026-01-01", json!({"decky_name": "", "kind": "http", "state": "failed"})),
    ] {
        let data = with(with(token(uuid), json!({"uuid": uuid, "placed_at": day})), members);
        db.called("create_canary_token", json!({"data": data})).await;
    }
    for (filter, expected) in [
        (json!({}), vec!["b", "c", "a"]),
        (json!({"decky_name": "d1"}), vec!["b", "a"]),
        (json!({"decky_name": ""}), vec!["c"]),
        (json!({"decky_name": "d1", "kind": "http", "state": "planted"}), vec!["a"]),
        (json!({"topology_id": "t", "state": null}), vec!["b"]),
        (json!({"kind": "d"}), vec![]),
    ] {
        let rows = db.called("list_canary_tokens", filter.clone()).await;
        assert_eq!(uuids(&rows), expected, "{filter}");
        db.same_in_pages("get_canary_tokens_page", filter, "uuid", &rows).await;
    }
}

pub(crate) async fn a_state_comes_with_its_error(database: Database) {
    let db = Calls::of(&database);
    let created = json!({"data": with(token("slug"), json!({"uuid": "a"}))});
    db.called("create_canary_token", created).await;
    for (last_error, expected) in [(json!("bo'om é"), json!("bo'om é")), (json!(null), json!(null))] {
        let state = json!({"uuid": "a", "state": "failed", "last_error": last_error});
        assert_eq!(db.called("update_canary_token_state", state).await, json!(true));
        let row = db.called("get_canary_token", json!({"uuid": "a"})).await;
        assert_eq!((&row["state"], &row["last_error"]), (&json!("failed"), &expected));
    }
    let unknown = json!({"uuid": "x", "state": "failed"});
    assert_eq!(db.called("update_canary_token_state", unknown).await, json!(false));
    let long = json!({"uuid": "x", "state": "s".repeat(256)});
    assert_eq!(db.refused("update_canary_token_state", long).await.0, ErrorKind::InvalidInput);
}
