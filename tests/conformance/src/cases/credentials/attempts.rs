//! Attempts to log in.

use decnet_db_core::ErrorKind;
use serde_json::{Value, json};

use crate::cases::calls::{Calls, at_once};
use crate::database::Database;

pub(super) const HASH: &str = "f52fbd32b2b3b86ff88ef6c490628285f482af15ddcb29541f94bcf526a3f6c7";

/// An attempt, with some members replaced.
pub(super) fn attempt(members: Value) -> Value {
    let mut attempt = json!({
        "attacker_ip": "203.0.113.7", "decky_name": "decky-01", "service": "ssh", "principal": "root",
        "secret_sha256": HASH,
    });
    let Value::Object(members) = members else { panic!("no object: {members}") };
    attempt.as_object_mut().expect("an object").extend(members);
    json!({"data": attempt})
}

async fn all(db: &Calls) -> Vec<Value> {
    let rows = db.called("get_credentials", json!({"limit": 1000})).await;
    rows.as_array().expect("a list").clone()
}

pub(crate) async fn an_attempt_makes_a_credential_or_counts(database: Database) {
    let db = Calls::of(&database);
    let first = attempt(json!({"fields": {"a": "\u{e9}"}, "outcome": "failure", "secret_printable": "x"}));
    let id = db.called("upsert_credential", first).await;
    let made = all(&db).await.remove(0);
    assert_eq!(
        (&made["id"], &made["attempt_count"], &made["secret_kind"]),
        (&id, &json!(1), &json!("plaintext"))
    );
    assert_eq!((&made["principal_key"], &made["attacker_uuid"]), (&json!("root"), &Value::Null));
    assert_eq!(made["first_seen"], made["last_seen"]);
    assert_eq!(db.stored::<String>("SELECT fields FROM credentials").await, r#"{"a": "\u00e9"}"#);
    let second = attempt(json!({
        "fields": {"b": 1}, "secret_printable": "y", "secret_kind": "", "outcome": null, "secret_b64": "eA==",
    }));
    assert_eq!(db.called("upsert_credential", second).await, id);
    assert_eq!(db.called("upsert_credential", attempt(json!({"outcome": "success"}))).await, id);
    let counted = all(&db).await.remove(0);
    let mut expected = made.clone();
    expected["attempt_count"] = json!(3);
    expected["outcome"] = json!("success");
    expected["last_seen"] = counted["last_seen"].clone();
    assert_eq!(counted, expected);
    assert!(counted["last_seen"].as_str() >= made["last_seen"].as_str());
    // DECNET takes no count for one attempt.
    db.execute(|sql| {
        sql.update::<decnet_db_core::contract::Credential>();
        sql.set(decnet_db_core::contract::Credential::ATTEMPT_COUNT, 0_i64);
    })
    .await;
    db.called("upsert_credential", attempt(json!({}))).await;
    assert_eq!(all(&db).await[0]["attempt_count"], 2);
}

pub(crate) async fn credentials_are_told_apart_exactly(database: Database) {
    let db = Calls::of(&database);
    let mut ids = Vec::new();
    for principal in ["root", "Root", "root ", "r\u{f6}ot", "'; DROP TABLE credentials; --", "%"] {
        ids.push(db.called("upsert_credential", attempt(json!({"principal": principal}))).await);
    }
    for (member, value) in
        [("service", "SSH"), ("decky_name", "DECKY-01"), ("secret_kind", "vnc_des_response")]
    {
        ids.push(db.called("upsert_credential", attempt(json!({member: value}))).await);
    }
    let none = db.called("upsert_credential", attempt(json!({"principal": null}))).await;
    assert_eq!(db.called("upsert_credential", attempt(json!({"principal": ""}))).await, none);
    ids.push(none);
    let rows = all(&db).await;
    assert_eq!(rows.len(), ids.len());
    assert!(ids.iter().all(|id| rows.iter().filter(|row| row["id"] == *id).count() == 1), "{ids:?}");
}

pub(crate) async fn no_attempt_is_lost(database: Database) {
    let (db, beside) = (Calls::of(&database), Calls::of(&database.beside().await));
    let ids = at_once(64, move |number| {
        let db = if number % 2 == 0 { db.clone() } else { beside.clone() };
        async move { db.called("upsert_credential", attempt(json!({}))).await }
    })
    .await;
    let rows = all(&Calls::of(&database)).await;
    assert_eq!((rows.len(), &rows[0]["attempt_count"]), (1, &json!(64)));
    assert!(ids.iter().all(|id| *id == rows[0]["id"]), "{ids:?}");
}

pub(crate) async fn what_cannot_be_stored_is_refused(database: Database) {
    let db = Calls::of(&database);
    for (argument, members) in [
        ("data.attacker_ip", json!({"attacker_ip": "1".repeat(65)})),
        ("data.decky_name", json!({"decky_name": "d".repeat(161)})),
        ("data.service", json!({"service": "s".repeat(129)})),
        ("data.attacker_ip", json!({"attacker_ip": null})),
        ("data.principal", json!({"principal": "p".repeat(257)})),
        ("data.secret_b64", json!({"secret_b64": "A".repeat(2049)})),
        ("data.fields", json!({"fields": 7})),
        ("data.secret_sha256", json!({"secret_sha256": 7})),
        ("data.user", json!({"user": "x"})),
    ] {
        let (kind, message) = db.refused("upsert_credential", attempt(members)).await;
        assert_eq!(kind, ErrorKind::InvalidInput, "{message}");
        assert!(message.starts_with(argument), "{argument}: {message}");
    }
    assert_eq!(db.called("get_total_credentials", json!({})).await, 0);
    // Characters count, not bytes.
    db.called("upsert_credential", attempt(json!({"service": "\u{e9}".repeat(128)}))).await;
}

pub(crate) async fn credentials_are_found_and_ordered(database: Database) {
    let db = Calls::of(&database);
    for (number, (service, principal, secret)) in
        [("ssh", "root", "a%b"), ("ftp", "admin", "A_B"), ("ssh", "\u{c9}ve", "aXb")].into_iter().enumerate()
    {
        let data = attempt(json!({
            "service": service, "principal": principal, "secret_printable": secret,
            "attacker_ip": format!("203.0.113.{number}"),
        }));
        db.called("upsert_credential", data).await;
    }
    for (query, found) in [
        (json!({}), vec!["\u{c9}ve", "admin", "root"]),
        (json!({"limit": 1, "offset": 1}), vec!["admin"]),
        (json!({"limit": 0}), vec![]),
        (json!({"search": "a%B"}), vec!["root"]),
        (json!({"search": "a_b"}), vec!["admin"]),
        (json!({"search": "\u{e9}ve"}), vec![]),
        (json!({"search": "DECKY"}), vec!["\u{c9}ve", "admin", "root"]),
        (json!({"search": "203.0"}), vec![]),
        (json!({"service": "ssh", "search": "", "attacker_ip": ""}), vec!["\u{c9}ve", "root"]),
        (json!({"service": "SSH"}), vec![]),
        (json!({"attacker_ip": "203.0.113.1", "service": "ftp"}), vec!["admin"]),
    ] {
        let rows = db.called("get_credentials", query.clone()).await;
        let principals: Vec<_> = rows
            .as_array()
            .expect("a list")
            .iter()
            .map(|row| row["principal"].as_str().expect("text"))
            .collect();
        assert_eq!(principals, found, "{query}");
        if query.get("limit").is_none() {
            assert_eq!(db.called("get_total_credentials", query).await, found.len());
        }
    }
    let one = db.called("get_credentials_for_attacker", json!({"attacker_ip": "203.0.113.2"})).await;
    assert_eq!(one.as_array().expect("a list").len(), 1);
    db.same_in_pages("get_credentials_page", json!({"attacker_ip": "203.0.113.2"}), "id", &one).await;
    let three = db.called("get_credential_attempts_for_secret", json!({"secret_sha256": HASH})).await;
    assert_eq!(three.as_array().expect("a list").len(), 3);
    db.same_in_pages("get_credentials_page", json!({"secret_sha256": HASH}), "id", &three).await;
    let all = db.called("get_credentials", json!({})).await;
    db.same_in_pages("get_credentials_page", json!({}), "id", &all).await;
    let none =
        db.called("get_credential_attempts_for_secret", json!({"secret_sha256": "x".repeat(65)})).await;
    assert_eq!(none, json!([]));
}

pub(crate) async fn an_attacker_is_noted_once(database: Database) {
    let db = Calls::of(&database);
    let note = |uuid: &str| json!({"attacker_ip": "203.0.113.7", "attacker_uuid": uuid});
    assert_eq!(db.called("update_credential_attacker_uuid", note("nobody")).await, 0);
    for service in ["ssh", "ftp"] {
        db.called("upsert_credential", attempt(json!({"service": service, "attacker_uuid": "ignored"})))
            .await;
    }
    let (kind, message) = db.refused("update_credential_attacker_uuid", note("nobody")).await;
    assert_eq!(kind, ErrorKind::Conflict, "{message}");
    let (one, other) = (db.attacker("203.0.113.7").await, db.attacker("203.0.113.8").await);
    assert_eq!(db.called("update_credential_attacker_uuid", note(&one)).await, 2);
    assert_eq!(db.called("update_credential_attacker_uuid", note(&other)).await, 0);
    db.called("upsert_credential", attempt(json!({}))).await;
    assert!(all(&db).await.iter().all(|row| row["attacker_uuid"] == *one));
}

pub(crate) async fn what_a_read_returned_is_accepted_back(database: Database) {
    let db = Calls::of(&database);
    for fields in [json!({"a": [1, null]}), json!("no JSON {")] {
        db.called("upsert_credential", attempt(json!({"fields": fields, "principal": fields.to_string()})))
            .await;
    }
    for row in all(&db).await {
        assert_eq!(db.called("upsert_credential", json!({"data": row})).await, row["id"]);
    }
    assert!(all(&db).await.iter().all(|row| row["attempt_count"] == 2));
}
