//! Secrets that turn up in several places.

use std::collections::BTreeSet;

use decnet_db_core::ErrorKind;
use decnet_db_core::contract::CredentialReuse;
use serde_json::{Value, json};

use super::attempts::{HASH, attempt};
use crate::cases::calls::{Calls, at_once};
use crate::database::Database;

fn sighting(decky: &str, service: &str) -> Value {
    json!({
        "secret_sha256": HASH, "secret_kind": "plaintext", "principal": "root", "attacker_uuid": "",
        "attacker_ip": "203.0.113.7", "decky": decky, "service": service, "attempt_count": 2,
    })
}

pub(crate) async fn sightings_make_a_finding_that_grows(database: Database) {
    let db = Calls::of(&database);
    let made = db.called("upsert_credential_reuse", sighting("d1", "ssh")).await;
    assert_eq!(
        (&made["inserted"], &made["changed"], &made["target_count"]),
        (&json!(true), &json!(true), &json!(1))
    );
    assert_eq!(made["attacker_uuids"], "[]", "an empty uuid is none");
    assert_eq!((&made["deckies"], &made["confidence"]), (&json!(r#"["d1"]"#), &json!(1.0)));
    for (decky, service) in [("d1", "ssh"), ("d1", "ftp"), ("d2", "ssh")] {
        let data = attempt(json!({"decky_name": decky, "service": service, "secret_printable": "x"}));
        db.called("upsert_credential", data).await;
    }
    let mut again = sighting("d1", "ssh");
    again["attacker_uuid"] = json!("\u{e9}");
    again["ts"] = json!("2020-01-01");
    let grown = db.called("upsert_credential_reuse", again.clone()).await;
    assert_eq!((&grown["inserted"], &grown["changed"]), (&json!(false), &json!(true)));
    assert_eq!((&grown["id"], &grown["first_seen"]), (&made["id"], &made["first_seen"]));
    assert_eq!(
        (&grown["attacker_uuids"], &grown["services"]),
        (&json!(r#"["\u00e9"]"#), &json!(r#"["ssh"]"#))
    );
    assert_eq!((&grown["target_count"], &grown["attempt_count"]), (&json!(3), &json!(4)));
    assert_eq!(
        (&grown["last_seen"], &grown["updated_at"]),
        (&json!("2020-01-01T00:00:00Z"), &json!("2020-01-01T00:00:00Z"))
    );
    assert_eq!(db.called("upsert_credential_reuse", again.clone()).await["changed"], false);
    let shown = db.called("get_credential_reuse_by_id", json!({"reuse_id": made["id"]})).await;
    assert_eq!((&shown["deckies"], &shown["secret_printable"]), (&json!(["d1"]), &json!("x")));
    let listed = db.called("list_credential_reuses", json!({"secret_kind": "plaintext"})).await;
    assert_eq!(listed, json!([1, [shown]]));
    assert_eq!(db.called("list_credential_reuses", json!({"min_target_count": 4})).await, json!([0, []]));
    // The credentials are gone: the targets stay.
    db.execute(|sql| {
        sql.delete::<decnet_db_core::contract::Credential>();
    })
    .await;
    assert_eq!(db.called("upsert_credential_reuse", again.clone()).await["target_count"], 3);
    let shown = db.called("get_credential_reuse_by_id", json!({"reuse_id": made["id"]})).await;
    assert_eq!(shown["secret_printable"], Value::Null);
    for (argument, value) in [
        ("secret_sha256", json!("x".repeat(65))),
        ("secret_kind", json!("x".repeat(33))),
        ("principal", json!("x".repeat(257))),
        ("ts", json!("")),
        ("attempt_count", json!("1")),
    ] {
        let mut wrong = again.clone();
        wrong[argument] = value;
        let (kind, message) = db.refused("upsert_credential_reuse", wrong).await;
        assert_eq!(kind, ErrorKind::InvalidInput, "{message}");
        assert!(message.starts_with(argument), "{message}");
    }
}

pub(crate) async fn no_sighting_is_lost(database: Database) {
    let (db, beside) = (Calls::of(&database), Calls::of(&database.beside().await));
    let results = at_once(64, move |number| {
        let db = if number % 2 == 0 { db.clone() } else { beside.clone() };
        let sighting = sighting(&format!("decky-{number}"), "ssh");
        async move { db.called("upsert_credential_reuse", sighting).await }
    })
    .await;
    assert_eq!(results.iter().filter(|result| result["inserted"] == true).count(), 1);
    let db = Calls::of(&database);
    let listed = db.called("list_credential_reuses", json!({"min_target_count": 0})).await;
    assert_eq!((&listed[0], &listed[1][0]["attempt_count"]), (&json!(1), &json!(128)));
    let deckies: Vec<String> = serde_json::from_value(listed[1][0]["deckies"].clone()).expect("texts");
    assert_eq!((deckies.len(), deckies.iter().collect::<BTreeSet<_>>().len()), (64, 64));
}

pub(crate) async fn candidates_have_all_their_credentials(database: Database) {
    let db = Calls::of(&database);
    let other = "0".repeat(64);
    for (decky, service, principal, hash) in [
        ("a:b", "c", Some("root"), HASH),
        ("a", "b:c", Some("root"), HASH),
        ("a", "b", None, other.as_str()),
        ("b", "b", Some(""), other.as_str()),
        ("c", "b", None, other.as_str()),
        ("a", "b", Some("alone"), HASH),
    ] {
        let data = attempt(json!({
            "decky_name": decky, "service": service, "principal": principal, "secret_sha256": hash,
            "fields": {"n": 1},
        }));
        db.called("upsert_credential", data).await;
    }
    let candidates = db.called("find_credential_reuse_candidates", json!({})).await;
    let summary: Vec<_> = candidates
        .as_array()
        .expect("a list")
        .iter()
        .map(|candidate| {
            let credentials = candidate["credentials"].as_array().expect("a list");
            assert!(credentials.iter().all(|credential| credential["fields"] == r#"{"n": 1}"#));
            assert!(credentials.is_sorted_by_key(|credential| credential["id"].as_i64()));
            (candidate["principal"].clone(), candidate["target_count"].clone(), credentials.len())
        })
        .collect();
    assert_eq!(summary, [(Value::Null, json!(3), 3), (json!("root"), json!(2), 2)]);
    let three = db.called("find_credential_reuse_candidates", json!({"min_targets": 3})).await;
    assert_eq!(three, json!([candidates[0]]));
}

pub(crate) async fn lists_that_are_none_begin_anew(database: Database) {
    let db = Calls::of(&database);
    let made = db.called("upsert_credential_reuse", sighting("d1", "ssh")).await;
    db.execute(|sql| {
        sql.update::<CredentialReuse>().set(CredentialReuse::DECKIES, "nope");
        sql.set(CredentialReuse::SERVICES, "{}").set(CredentialReuse::ATTACKER_IPS, "[7, \"a\"]");
    })
    .await;
    let shown = db.called("get_credential_reuse_by_id", json!({"reuse_id": made["id"]})).await;
    assert_eq!((&shown["deckies"], &shown["services"]), (&json!([]), &json!({})));
    let grown = db.called("upsert_credential_reuse", sighting("d2", "ftp")).await;
    assert_eq!((&grown["deckies"], &grown["services"]), (&json!(r#"["d2"]"#), &json!(r#"["ftp"]"#)));
    assert_eq!(grown["attacker_ips"], r#"[7, "a", "203.0.113.7"]"#);
}

pub(crate) async fn a_purge_takes_findings_too(database: Database) {
    let db = Calls::of(&database);
    db.called("upsert_credential", attempt(json!({}))).await;
    db.called("upsert_credential_reuse", sighting("d1", "ssh")).await;
    let purged = db.called("purge_logs_and_bounties", json!({})).await;
    assert_eq!(purged["credentials"], 1);
    assert_eq!(db.called("list_credential_reuses", json!({"min_target_count": 0})).await, json!([0, []]));
}
