//! Mail attachments.

use decnet_db_core::ErrorKind;
use serde_json::{Value, json};

use crate::cases::at_once;
use crate::cases::calls::Calls;
use crate::database::Database;

fn mail(sha256: &str, changes: Value) -> Value {
    let mut mail = json!({"sha256": sha256});
    for (name, value) in changes.as_object().expect("an object") {
        mail[name] = value.clone();
    }
    mail
}

pub(crate) async fn an_attachment_is_counted_by_its_hash(db: Database) {
    let calls = Calls::of(&db);
    let first = json!({"decky_uuid": "d1", "attacker_uuid": "a1", "extension": ".DOCX", "subject": "Über"});
    let uuid = calls.called("upsert_observed_attachment", mail("AB", first)).await;
    for (sha256, again) in [
        ("ab", json!({"decky_uuid": "d2", "attacker_uuid": "a2", "extension": "exe", "subject": "other"})),
        ("aB", json!({"attacker_uuid": "", "extension": ""})),
        ("ab", json!({"extension": "EXE"})),
    ] {
        assert_eq!(calls.called("upsert_observed_attachment", mail(sha256, again)).await, uuid);
    }
    let text = |query| calls.stored::<String>(query);
    assert_eq!(text("SELECT sha256 FROM observed_attachments").await, "ab");
    let extensions: Value =
        serde_json::from_str(&text("SELECT extensions FROM observed_attachments").await).expect("JSON");
    assert_eq!(extensions, json!([".docx", "exe"]));
    assert_eq!(text("SELECT first_subject FROM observed_attachments").await, "Über");
    assert_eq!(text("SELECT first_seen_decky_uuid FROM observed_attachments").await, "d1");
    assert_eq!(text("SELECT first_seen_attacker_uuid FROM observed_attachments").await, "a1");
    assert_eq!(text("SELECT last_seen_attacker_uuid FROM observed_attachments").await, "a2");
    assert_eq!(calls.stored::<i64>("SELECT observation_count FROM observed_attachments").await, 4);
    let (kind, message) = calls.refused("upsert_observed_attachment", mail(&"a".repeat(65), json!({}))).await;
    assert_eq!(kind, ErrorKind::InvalidInput);
    assert!(message.starts_with("sha256: "), "{message}");
}

pub(crate) async fn a_verdict_only_gets_worse(db: Database) {
    let calls = Calls::of(&db);
    for (verdict, provider, expected) in [
        (json!(null), "nobody", None),
        (json!(false), "first", Some((false, "first"))),
        (json!(false), "second", Some((false, "first"))),
        (json!(null), "third", Some((false, "first"))),
        (json!(true), "fourth", Some((true, "fourth"))),
        (json!(true), "fifth", Some((true, "fourth"))),
        (json!(false), "sixth", Some((true, "fourth"))),
    ] {
        let given = json!({"mal_hash_match": verdict, "mal_hash_match_provider": provider});
        calls.called("upsert_observed_attachment", mail("aa", given)).await;
        let provider = "SELECT mal_hash_match_provider FROM observed_attachments";
        let found = "SELECT mal_hash_match FROM observed_attachments";
        let unknown = "SELECT COUNT(*) FROM observed_attachments WHERE mal_hash_match IS NULL \
                       AND mal_hash_match_provider IS NULL AND mal_hash_match_at IS NULL";
        match expected {
            None => assert_eq!(calls.stored::<i64>(unknown).await, 1),
            Some((verdict, name)) => {
                assert_eq!(calls.stored::<bool>(found).await, verdict);
                assert_eq!(calls.stored::<String>(provider).await, name);
            }
        }
    }
}

pub(crate) async fn counting_at_once_loses_nothing(db: Database) {
    let calls = Calls::of(&db);
    let uuids = at_once(&db, 16, |repository, number| async move {
        let extension = format!("x{number}");
        repository.upsert_observed_attachment("aa", None, None, Some(&extension), None, None, None).await
    })
    .await;
    assert!(uuids.iter().all(|uuid| *uuid == uuids[0]), "{uuids:?}");
    assert_eq!(calls.stored::<i64>("SELECT observation_count FROM observed_attachments").await, 16);
    let extensions: String = calls.stored("SELECT extensions FROM observed_attachments").await;
    let extensions: Vec<String> = serde_json::from_str(&extensions).expect("a list");
    assert_eq!(extensions.len(), 16);
}
