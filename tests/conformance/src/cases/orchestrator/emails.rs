//! Mails.

use decnet_db_core::ErrorKind;
use serde_json::{Value, json};

use super::{email, uuids, with};
use crate::cases::calls::Calls;
use crate::database::Database;

async fn record(db: &Calls, data: Value) -> Value {
    db.called("record_orchestrator_email", json!({"data": data})).await
}

pub(crate) async fn a_mail_has_the_defaults_of_the_original(database: Database) {
    let db = Calls::of(&database);
    let uuid = record(&db, with(email("d", ""), json!({"ts": null}))).await;
    assert_eq!(uuid.as_str().map(str::len), Some(36));
    let mut rows = db.called("list_orchestrator_emails", json!({})).await;
    assert!(rows[0]["ts"].take().as_str() > Some("2026"));
    let defaults = json!({
        "uuid": uuid, "ts": null, "in_reply_to": null, "language": "en", "success": false, "payload": "{}",
    });
    assert_eq!(rows, json!([with(email("d", ""), defaults)]));
    for (members, reason) in [
        (json!({"subject": null}), "data.subject: is needed"),
        (json!({"subject": "é".repeat(513)}), "data.subject: 513 characters, at most 512"),
        (json!({"message_id": "m".repeat(256)}), "data.message_id: 256 characters, at most 255"),
        (json!({"language": "l".repeat(9)}), "data.language: 9 characters, at most 8"),
        (json!({"colour": 1}), "data.colour: orchestrator_emails has no such column"),
    ] {
        let data = with(email("d", "2026-01-01"), members);
        let (kind, text) = db.refused("record_orchestrator_email", json!({"data": data})).await;
        assert_eq!(kind, ErrorKind::InvalidInput, "{text}");
        assert!(text.starts_with(reason), "{text}");
    }
    let largest = json!({"subject": "é".repeat(512), "eml_path": "/".repeat(1024), "payload": [1]});
    let uuid = record(&db, with(email("largest", "2026-01-01"), largest.clone())).await;
    let rows = db.called("list_orchestrator_emails", json!({"mail_decky_uuid": "largest"})).await;
    assert_eq!((&rows[0]["uuid"], &rows[0]["subject"]), (&uuid, &largest["subject"]));
    assert_eq!(rows[0]["payload"], json!("[1]"));
}

pub(crate) async fn mails_are_filtered_and_listed(database: Database) {
    let db = Calls::of(&database);
    for (uuid, ts, decky, thread) in [
        ("a", "2026-01-01", "d", "t"),
        ("b", "2026-01-02", "e", "t"),
        ("c", "2026-01-01", "d", ""),
        ("d", "2026-01-03", "d", "u"),
    ] {
        record(&db, with(email(decky, ts), json!({"uuid": uuid, "thread_id": thread}))).await;
    }
    for (arguments, expected) in [
        (json!({}), vec!["d", "b", "c", "a"]),
        (json!({"mail_decky_uuid": "d"}), vec!["d", "c", "a"]),
        (json!({"mail_decky_uuid": "d", "thread_id": ""}), vec!["c"]),
        (json!({"mail_decky_uuid": ""}), vec![]),
        (json!({"thread_id": "t", "since_ts": "2026-01-02"}), vec!["b"]),
        (json!({"limit": 1, "offset": 3}), vec!["a"]),
    ] {
        let rows = db.called("list_orchestrator_emails", arguments.clone()).await;
        assert_eq!(uuids(&rows), expected, "{arguments}");
    }
    for (decky, count) in [(json!(null), 4), (json!("d"), 3), (json!(""), 0)] {
        let arguments = json!({"mail_decky_uuid": decky});
        assert_eq!(db.called("count_orchestrator_emails", arguments).await, json!(count));
    }
    let empty = db.refused("list_orchestrator_emails", json!({"since_ts": ""})).await;
    assert_eq!(empty.0, ErrorKind::InvalidInput);
}

pub(crate) async fn conversations_have_both_directions(database: Database) {
    let db = Calls::of(&database);
    for (uuid, members) in [
        ("a", json!({})),
        ("b", json!({"sender_email": "b@x", "recipient_email": "a@x"})),
        ("c", json!({"recipient_email": "c@x"})),
        ("d", json!({"sender_email": "b@x", "recipient_email": "b@x"})),
        ("e", json!({"success": false})),
        ("f", json!({"mail_decky_uuid": "other"})),
        ("g", json!({"thread_id": "u"})),
        // Ruling R4.
        ("h", json!({"sender_email": "A@x"})),
    ] {
        let data = with(email("d", "2026-01-01"), json!({"uuid": uuid, "success": true}));
        record(&db, with(data, members)).await;
    }
    let between = |sender: &str, recipient: &str, limit: i64| json!({"mail_decky_uuid": "d", "sender_email": sender, "recipient_email": recipient, "limit": limit});
    for (arguments, expected) in [
        (between("a@x", "b@x", 50), vec!["g", "b", "a"]),
        (between("b@x", "a@x", 2), vec!["g", "b"]),
        (between("a@x", "a@x", 50), vec![]),
        (between("b@x", "b@x", 50), vec!["d"]),
    ] {
        let rows = db.called("list_orchestrator_email_threads", arguments).await;
        assert_eq!(uuids(&rows), expected);
    }
    let negative = db.refused("list_orchestrator_email_threads", between("a@x", "b@x", -1)).await;
    assert_eq!(negative.0, ErrorKind::InvalidInput);
}
