//! Identities as rows.

use std::collections::BTreeSet;

use decnet_db_core::ErrorKind;
use serde_json::{Value, json};

use crate::cases::calls::{Calls, at_once};
use crate::database::Database;

pub(crate) async fn a_new_identity_takes_defaults_and_lists(database: Database) {
    let db = Calls::of(&database);
    let row = json!({"uuid": "i1", "ja3_hashes": ["a", "\u{e9}"], "c2_endpoints": "[ ]", "created_at": null});
    assert_eq!(db.called("create_attacker_identity", json!({"row": row})).await, "i1");
    let read = db.called("get_identity_by_uuid", json!({"uuid": "i1"})).await;
    assert_eq!((&read["schema_version"], &read["observation_count"]), (&json!(1), &json!(0)));
    assert_eq!((&read["ja3_hashes"], &read["c2_endpoints"]), (&json!(r#"["a", "\u00e9"]"#), &json!("[ ]")));
    assert!(read["created_at"].is_string() && read["confidence"].is_null());
    let mut again = read.clone();
    again["uuid"] = json!("i2");
    again["kd_digraph_simhash"] = json!("DEADBEEFcafef00d");
    db.called("create_attacker_identity", json!({"row": again})).await;
    again["kd_digraph_simhash"] = json!("deadbeefcafef00d");
    assert_eq!(db.called("get_identity_by_uuid", json!({"uuid": "i2"})).await, again);
    let clustering = db.called("list_identities_for_clustering", json!({})).await;
    assert_eq!(clustering[1]["kd_digraph_simhash"], "deadbeefcafef00d");
    assert_eq!(db.called("list_identities_for_clustering", json!({"limit": 0})).await, json!([]));
    assert_eq!(db.called("count_identities", json!({})).await, 2);
}

pub(crate) async fn what_cannot_be_stored_is_refused(database: Database) {
    let db = Calls::of(&database);
    db.called("create_attacker_identity", json!({"row": {"uuid": "i"}})).await;
    for (kind, begins, row) in [
        (ErrorKind::InvalidInput, "row.uuid", json!({})),
        (ErrorKind::InvalidInput, "row.nickname", json!({"uuid": "x", "nickname": "y"})),
        (ErrorKind::InvalidInput, "row.ja3_hashes", json!({"uuid": "x", "ja3_hashes": {"a": 1}})),
        (
            ErrorKind::InvalidInput,
            "row.kd_digraph_simhash",
            json!({"uuid": "x", "kd_digraph_simhash": "ABCD"}),
        ),
        (ErrorKind::InvalidInput, "row.uuid", json!({"uuid": "x".repeat(256)})),
        (ErrorKind::Conflict, "", json!({"uuid": "i"})),
        (ErrorKind::Conflict, "", json!({"uuid": "x", "campaign_id": "nobody"})),
        (ErrorKind::Conflict, "", json!({"uuid": "x", "merged_into_uuid": "nobody"})),
        (ErrorKind::Conflict, "", json!({"uuid": "x", "merged_into_uuid": "x"})),
    ] {
        let (is, message) = db.refused("create_attacker_identity", json!({"row": row})).await;
        assert_eq!(is, kind, "{row}: {message}");
        assert!(message.starts_with(begins), "{row}: {message}");
    }
    for uuid in ["p2", "p3", "p1"] {
        db.called("create_attacker_identity", json!({"row": {"uuid": uuid}})).await;
    }
    let all = db.called("list_all_identities", json!({})).await;
    assert_eq!(all.as_array().expect("a list").len(), 4);
    db.same_in_pages("get_identities_page", json!({}), "uuid", &all).await;
}

pub(crate) async fn fingerprints_are_written_as_one(database: Database) {
    let db = Calls::of(&database);
    db.called("create_attacker_identity", json!({"row": {"uuid": "i", "hassh_hashes": ["h"]}})).await;
    let before = db.called("get_identity_by_uuid", json!({"uuid": "i"})).await;
    let write = json!({"identity_uuid": "i", "ja3_hashes": ["a"], "kd_digraph_simhash": "ffffffffffffffff"});
    db.called("update_identity_fingerprints", write).await;
    let after = db.called("get_identity_by_uuid", json!({"uuid": "i"})).await;
    assert_eq!((&after["ja3_hashes"], &after["hassh_hashes"]), (&json!(r#"["a"]"#), &Value::Null));
    assert_eq!(after["kd_digraph_simhash"], "ffffffffffffffff");
    assert!(after["updated_at"].as_str() >= before["updated_at"].as_str());
    for (argument, value) in [("ja3_hashes", json!(7)), ("kd_digraph_simhash", json!("ABCDEFGH"))] {
        let (kind, message) =
            db.refused("update_identity_fingerprints", json!({"identity_uuid": "i", argument: value})).await;
        assert_eq!(kind, ErrorKind::InvalidInput, "{message}");
        assert!(message.starts_with(argument), "{message}");
    }
    assert_eq!(
        db.called("update_identity_fingerprints", json!({"identity_uuid": "nobody"})).await,
        Value::Null
    );
}

pub(crate) async fn one_stub_is_made_for_an_attacker(database: Database) {
    let (db, beside) = (Calls::of(&database), Calls::of(&database.beside().await));
    let uuid = db.attacker("203.0.113.7").await;
    let missing = json!({"attacker_uuid": "nobody"});
    assert_eq!(db.called("ensure_stub_identity_for_attacker", missing).await, Value::Null);
    let callers = (db.clone(), uuid.clone());
    let made = at_once(32, move |number| {
        let (db, uuid) = if number % 2 == 0 { callers.clone() } else { (beside.clone(), callers.1.clone()) };
        let arguments = json!({"attacker_uuid": uuid});
        async move { db.called("ensure_stub_identity_for_attacker", arguments).await.to_string() }
    })
    .await;
    assert_eq!(made.iter().collect::<BTreeSet<_>>().len(), 1, "{made:?}");
    let identities = db.called("list_all_identities", json!({})).await;
    assert_eq!(identities.as_array().expect("a list").len(), 1, "none is left over");
    let identity = &identities[0];
    assert_eq!(identity["uuid"].as_str().map(str::len), Some(32));
    assert_eq!(identity["observation_count"], 1);
    assert_eq!(identity["created_at"], identity["updated_at"]);
    let attacker = db.called("get_attacker_by_uuid", json!({"uuid": uuid})).await;
    assert_eq!(attacker["identity_id"], identity["uuid"]);
    assert_eq!(
        (&attacker["first_seen"], &attacker["last_seen"]),
        (&identity["first_seen_at"], &identity["last_seen_at"])
    );
}

pub(crate) async fn attackers_of_an_identity_are_listed(database: Database) {
    let db = Calls::of(&database);
    db.called("create_attacker_identity", json!({"row": {"uuid": "i"}})).await;
    let mut uuids = Vec::new();
    for ip in ["203.0.113.1", "203.0.113.2", "203.0.113.3"] {
        let uuid = db.attacker(ip).await;
        db.called("set_attacker_identity_id", json!({"attacker_uuid": uuid, "identity_uuid": "i"})).await;
        uuids.push(uuid);
    }
    let (kind, message) = db
        .refused("set_attacker_identity_id", json!({"attacker_uuid": uuids[0], "identity_uuid": "nobody"}))
        .await;
    assert_eq!((kind, message.as_str()), (ErrorKind::Conflict, "identity_uuid: no identity has this uuid"));
    let nobody = json!({"attacker_uuid": "nobody", "identity_uuid": "nobody"});
    assert_eq!(db.called("set_attacker_identity_id", nobody).await, Value::Null);
    uuids.sort();
    let listed = |rows: Value| -> Vec<String> {
        let rows = rows.as_array().expect("a list").clone();
        rows.iter().map(|row| row["uuid"].as_str().expect("text").to_owned()).collect()
    };
    let all = db.called("list_attackers_for_clustering", json!({})).await;
    assert_eq!((&all[0]["fingerprints"], &all[0]["identity_id"]), (&json!("[]"), &json!("i")));
    assert_eq!(listed(all), uuids);
    assert_eq!(listed(db.called("list_attackers_for_clustering", json!({"limit": 2})).await), uuids[..2]);
    uuids.reverse();
    let of = |limit: u64, offset: u64| json!({"identity_uuid": "i", "limit": limit, "offset": offset});
    assert_eq!(listed(db.called("list_observations_for_identity", of(50, 0)).await), uuids);
    assert_eq!(listed(db.called("list_observations_for_identity", of(1, 1)).await), uuids[1..2]);
    assert_eq!(db.called("count_observations_for_identity", json!({"identity_uuid": "i"})).await, 3);
}
