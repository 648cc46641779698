//! IPv6 leaks.

use decnet_db_core::ErrorKind;
use decnet_db_core::contract::AttackerIdentity;
use decnet_db_core::sql::{self, Record as _};
use serde_json::{Value, json};

use crate::cases::calls::{Calls, at_once};
use crate::database::Database;

const ATTACKER: &str = "c0ffee00-0000-4000-8000-000000000002";
const IDENTITY: &str = "1de00000-0000-4000-8000-000000000001";

pub(crate) async fn leaks_count_and_addresses_are_noted_once(database: Database) {
    let database = database.golden().await;
    let db = Calls::of(&database);
    let list = "SELECT ipv6_link_local_iids FROM attacker_identities";
    let (before, updated): (String, String) =
        (db.stored(list).await, db.stored("SELECT updated_at FROM attacker_identities").await);
    let bump =
        |evidence: Value| json!({"attacker_uuid": ATTACKER, "identity_uuid": IDENTITY, "evidence": evidence});
    db.called("bump_attacker_ipv6_leak", bump(json!({"addr": "fe80::aabb:ccff:fedd:eeff", "iid_kind": ""})))
        .await;
    assert_eq!(db.stored::<String>(list).await, before);
    let row = db.called("get_attacker_by_uuid", json!({"uuid": ATTACKER})).await;
    assert_eq!((&row["ipv6_leak_count"], &row["last_ipv6_iid_kind"]), (&json!(3), &Value::Null));
    db.called("bump_attacker_ipv6_leak", bump(json!({"addr": "fe80::é", "iid_kind": "random"}))).await;
    let after: String = db.stored(list).await;
    let added = after.strip_prefix(before.strip_suffix(']').unwrap()).expect("the list grew");
    let begins = r#", {"iid": "fe80::\u00e9", "oui": "", "kind": "random", "first_seen": "20"#;
    assert!(added.starts_with(begins) && added.ends_with("+00:00\"}]"), "{added}");
    let unknown = bump(json!({"addr": "fe80::2", "iid_kind": "", "mac_oui": ""}));
    db.called("bump_attacker_ipv6_leak", unknown).await;
    let longer: String = db.stored(list).await;
    let added = longer.strip_prefix(after.strip_suffix(']').unwrap()).expect("the list grew");
    assert!(
        added.starts_with(r#", {"iid": "fe80::2", "oui": "", "kind": "unknown", "first_seen": "20"#),
        "{added}"
    );
    assert_eq!(db.stored::<String>("SELECT updated_at FROM attacker_identities").await, updated);
    let (kind, message) = db.refused("bump_attacker_ipv6_leak", bump(json!({"addr": "x".repeat(46)}))).await;
    assert_eq!(kind, ErrorKind::InvalidInput);
    assert!(message.starts_with("evidence.addr"), "{message}");
    // Nobody there: nothing happens.
    let missing = json!({"attacker_uuid": "x", "identity_uuid": "y", "evidence": {"addr": "fe80::1"}});
    assert_eq!(db.called("bump_attacker_ipv6_leak", missing).await, Value::Null);
}

pub(crate) async fn no_leak_and_no_address_is_lost(database: Database) {
    let db = Calls::of(&database);
    let uuid = db.attacker("203.0.113.7").await;
    let time = || sql::Value::Time("2026-01-01".parse().unwrap());
    let mut row =
        vec![("uuid", "i".into()), ("schema_version", sql::Value::Int(1)), ("observation_count", 0.into())];
    row.extend([("created_at", time()), ("updated_at", time())]);
    db.insert(AttackerIdentity::TABLE, row).await;
    let caller = (db.clone(), uuid.clone());
    at_once(64, move |number| {
        let (db, uuid) = caller.clone();
        let evidence = json!({"addr": format!("fe80::{number}")});
        let bump = json!({"attacker_uuid": uuid, "identity_uuid": "i", "evidence": evidence});
        async move { db.called("bump_attacker_ipv6_leak", bump).await }
    })
    .await;
    let list: String = db.stored("SELECT ipv6_link_local_iids FROM attacker_identities").await;
    assert_eq!(serde_json::from_str::<Vec<Value>>(&list).unwrap().len(), 64);
    assert_eq!(db.called("get_attacker_by_uuid", json!({"uuid": uuid})).await["ipv6_leak_count"], 64);
}
