//! Files.

use decnet_db_core::ErrorKind;
use serde_json::{Value, json};

use super::file;
use crate::cases::calls::Calls;
use crate::database::Database;

async fn record(db: &Calls, data: Value) -> Value {
    db.called("record_synthetic_file", json!({"data": data})).await
}

async fn stored(db: &Calls, uuid: &Value) -> Value {
    db.called("get_synthetic_file", json!({"uuid": uuid})).await
}

pub(crate) async fn a_file_has_the_defaults_of_the_original(database: Database) {
    let db = Calls::of(&database);
    for data in [file("d", "/a"), {
        let mut data = file("d", "/b");
        data["uuid"] = json!(null);
        data["last_body"] = json!(null);
        data
    }] {
        let uuid = record(&db, data.clone()).await;
        assert_eq!(uuid.as_str().map(str::len), Some(36));
        let mut row = stored(&db, &uuid).await;
        for time in ["created_at", "last_modified"] {
            assert!(row[time].take().as_str() > Some("2026"));
        }
        let expected = json!({
            "uuid": uuid, "decky_uuid": "d", "path": data["path"], "persona": "ana", "content_class": "note",
            "created_at": null, "last_modified": null, "edit_count": 0, "content_hash": "ab", "last_body": "",
        });
        assert_eq!(row, expected);
    }
    let mut given = file("d", "/c");
    given["uuid"] = json!("mine");
    assert_eq!(record(&db, given).await, json!("mine"));
    assert_eq!(stored(&db, &json!("no")).await, json!(null));
}

pub(crate) async fn files_are_unique_and_checked(database: Database) {
    let db = Calls::of(&database);
    // Ruling R4.
    for path in ["/h/README", "/h/readme", "/h/readme ", "/h/réadme 'x'"] {
        record(&db, file("d", path)).await;
    }
    let again = json!({"data": file("d", "/h/readme")});
    assert_eq!(db.refused("record_synthetic_file", again).await.0, ErrorKind::Conflict);
    record(&db, file("e", "/h/readme")).await;
    for (member, value, reason) in [
        ("persona", json!(null), "data.persona: is needed"),
        ("colour", json!(1), "data.colour: synthetic_files has no such column"),
        ("decky_uuid", json!("d".repeat(65)), "data.decky_uuid: 65 characters, at most 64"),
        ("path", json!("é".repeat(513)), "data.path: 513 characters, at most 512"),
        ("last_body", json!({"a": 1}), "data.last_body: must be text"),
        ("edit_count", json!(true), "data.edit_count: must be an integer"),
    ] {
        let mut data = file("d", "/other");
        data[member] = value;
        let (kind, text) = db.refused("record_synthetic_file", json!({"data": data})).await;
        assert_eq!(kind, ErrorKind::InvalidInput, "{text}");
        assert!(text.starts_with(reason), "{text}");
    }
    assert_eq!(db.called("count_synthetic_files", json!({})).await, json!(5));
}

pub(crate) async fn bodies_are_cut(database: Database) {
    let db = Calls::of(&database);
    for (path, character) in [("/a", "x"), ("/é", "é")] {
        let mut data = file("d", path);
        data["last_body"] = json!(character.repeat(65_537));
        let uuid = record(&db, data).await;
        let kept = json!(character.repeat(65_536));
        assert!(stored(&db, &uuid).await["last_body"] == kept);
        let update =
            json!({"row_uuid": uuid, "data": {"last_body": format!("{}y", character.repeat(65_536))}});
        db.called("update_synthetic_file", update).await;
        assert!(stored(&db, &uuid).await["last_body"] == kept);
    }
}

pub(crate) async fn an_update_sets_what_it_is_given(database: Database) {
    let db = Calls::of(&database);
    let uuid = record(&db, file("d", "/a")).await;
    let before = stored(&db, &uuid).await;
    let update = |uuid: &Value, data: Value| json!({"row_uuid": uuid, "data": data});
    for (row, data) in [
        (&uuid, json!({})),
        (&uuid, json!({"uuid": uuid})),
        (&uuid, before.clone()),
        (&json!("no"), json!({"persona": "x"})),
    ] {
        assert_eq!(db.called("update_synthetic_file", update(row, data)).await, json!(null));
        assert_eq!(stored(&db, &uuid).await, before);
    }
    for data in [
        json!({"uuid": "other"}),
        json!({"uuid": null}),
        json!({"last_body": null}),
        json!({"colour": 1}),
        json!({"last_modified": 3}),
    ] {
        for row in [&uuid, &json!("no")] {
            let (kind, text) = db.refused("update_synthetic_file", update(row, data.clone())).await;
            assert_eq!(kind, ErrorKind::InvalidInput, "{text}");
            assert!(text.starts_with("data."), "{text}");
        }
    }
    record(&db, file("d", "/taken")).await;
    let (kind, _) = db.refused("update_synthetic_file", update(&uuid, json!({"path": "/taken"}))).await;
    assert_eq!(kind, ErrorKind::Conflict);
    db.called("update_synthetic_file", update(&uuid, json!({"edit_count": 7, "last_body": "é\n"}))).await;
    let mut expected = before;
    expected["edit_count"] = json!(7);
    expected["last_body"] = json!("é\n");
    assert_eq!(stored(&db, &uuid).await, expected, "nothing else");
}

pub(crate) async fn files_are_filtered_and_counted(database: Database) {
    let db = Calls::of(&database);
    for (uuid, day, decky, persona) in [
        ("a", "2026-01-01", "d", "ana"),
        ("b", "2026-01-02", "d", "root"),
        ("c", "2026-01-01", "e", "ana"),
        ("d", "2026-01-03", "e", ""),
    ] {
        let mut data = file(decky, &format!("/{uuid}"));
        data["uuid"] = json!(uuid);
        data["last_modified"] = json!(day);
        data["persona"] = json!(persona);
        record(&db, data).await;
    }
    for (filter, expected) in [
        (json!({}), vec!["d", "b", "c", "a"]),
        (json!({"persona": "ana"}), vec!["c", "a"]),
        (json!({"persona": ""}), vec!["d"]),
        (json!({"decky_uuid": "d", "persona": "ana", "content_class": null}), vec!["a"]),
        (json!({"content_class": "todo"}), vec![]),
    ] {
        let rows = db.called("list_synthetic_files", filter.clone()).await;
        let uuids: Vec<_> = rows.as_array().unwrap().iter().map(|row| row["uuid"].clone()).collect();
        assert_eq!(uuids, expected, "{filter}");
        assert_eq!(db.called("count_synthetic_files", filter).await, json!(expected.len()));
    }
    let rows = db.called("list_synthetic_files", json!({"limit": 1, "offset": 2})).await;
    assert_eq!((rows.as_array().unwrap().len(), &rows[0]["uuid"]), (1, &json!("c")));
    let negative = db.refused("list_synthetic_files", json!({"limit": -1})).await;
    assert_eq!(negative.0, ErrorKind::InvalidInput);
}
