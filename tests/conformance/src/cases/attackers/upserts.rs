//! `upsert_attacker`, look-ups and lists.

use decnet_db_core::ErrorKind;
use decnet_db_core::contract::Attacker;
use decnet_db_core::sql::{Changeset, Record as _, Value};
use serde_json::json;

use crate::cases::calls::{Calls, at_once};
use crate::database::Database;

fn seen(ip: &str) -> serde_json::Value {
    json!({"ip": ip, "first_seen": "2026-01-01", "last_seen": "2026-01-02T03:04:05.678901Z"})
}

pub(crate) async fn many_upserts_of_a_new_address_make_one_row(database: Database) {
    let db = Calls::of(&database);
    let caller = db.clone();
    let uuids = at_once(64, move |number| {
        let db = caller.clone();
        async move {
            let mut data = seen("203.0.113.7");
            data["event_count"] = json!(number);
            db.called("upsert_attacker", json!({"data": data})).await
        }
    })
    .await;
    assert_eq!(db.stored::<i64>("SELECT COUNT(*) FROM attackers").await, 1);
    let uuid = json!(db.stored::<String>("SELECT uuid FROM attackers").await);
    assert!(uuids.iter().all(|returned| *returned == uuid), "{uuids:?}");
}

pub(crate) async fn a_new_row_takes_defaults_and_a_fresh_uuid(database: Database) {
    let db = Calls::of(&database);
    let mut data = seen("203.0.113.7");
    data["uuid"] = json!("given");
    let uuid = db.called("upsert_attacker", json!({"data": data})).await;
    assert_eq!(uuid.as_str().map(str::len), Some(36));
    let row = db.called("get_attacker_by_uuid", json!({"uuid": uuid})).await;
    for (member, value) in [
        ("ip", json!("203.0.113.7")),
        ("first_seen", json!("2026-01-01T00:00:00Z")),
        ("services", json!([])),
        ("commands", json!([])),
        ("event_count", json!(0)),
        ("is_traversal", json!(false)),
        ("country_code", serde_json::Value::Null),
    ] {
        assert_eq!(row[member], value, "{member}");
    }
    assert_eq!(db.stored::<String>("SELECT first_seen FROM attackers").await, "2026-01-01 00:00:00.000000");
}

pub(crate) async fn a_row_that_is_there_keeps_what_is_not_given_and_its_update_time_moves(
    database: Database,
) {
    let db = Calls::of(&database);
    let mut data = seen("203.0.113.7");
    data["services"] = json!(["ssh", "é"]);
    data["updated_at"] = json!("2020-01-01");
    let uuid = db.called("upsert_attacker", json!({"data": data})).await;
    assert_eq!(db.stored::<String>("SELECT services FROM attackers").await, r#"["ssh", "\u00e9"]"#);
    assert_eq!(db.stored::<String>("SELECT updated_at FROM attackers").await, "2020-01-01 00:00:00.000000");

    let again = db.called("upsert_attacker", json!({"data": {"ip": "203.0.113.7", "event_count": 5}})).await;
    assert_eq!(again, uuid);
    let row = db.called("get_attacker_by_uuid", json!({"uuid": uuid})).await;
    assert_eq!((&row["event_count"], &row["services"]), (&json!(5), &json!(["ssh", "é"])));
    assert!(row["updated_at"].as_str() > Some("2026"), "{}", row["updated_at"]);
}

pub(crate) async fn what_cannot_be_stored_is_refused_and_nothing_is_written(database: Database) {
    let db = Calls::of(&database);
    for (data, argument) in [
        (json!({"first_seen": "2026-01-01", "last_seen": "2026-01-01"}), "data.ip"),
        (json!({"ip": 7}), "data.ip"),
        (json!({"ip": "x".repeat(256), "first_seen": "2026-01-01", "last_seen": "2026-01-01"}), "data.ip"),
        (json!({"ip": "203.0.113.7"}), "data.first_seen"),
        (json!({"ip": "203.0.113.7", "first_seen": "2026-01-01"}), "data.last_seen"),
        (json!({"ip": "203.0.113.7", "first_seen": null, "last_seen": "2026-01-01"}), "data.first_seen"),
        // Null means absent for what can't be null (ruling R17): the row lacks the rest.
        (json!({"ip": "203.0.113.7", "event_count": null}), "data.first_seen"),
        (json!({"ip": "203.0.113.7", "country_code": "CHL"}), "data.country_code"),
        (json!({"ip": "203.0.113.7", "is_traversal": 2}), "data.is_traversal"),
        (json!({"ip": "203.0.113.7", "services": 7}), "data.services"),
        (json!({"ip": "203.0.113.7", "no_such_column": 7}), "data.no_such_column"),
    ] {
        let (kind, message) = db.refused("upsert_attacker", json!({"data": data})).await;
        assert_eq!(kind, ErrorKind::InvalidInput, "{message}");
        let (map, column) = argument.split_once('.').unwrap();
        assert!(message.starts_with(map) && message.contains(column), "{argument}: {message}");
    }
    assert_eq!(db.stored::<i64>("SELECT COUNT(*) FROM attackers").await, 0);
    db.attacker("203.0.113.7").await;
    let unknown = json!({"data": {"ip": "203.0.113.7", "nope": 1}});
    assert_eq!(db.refused("upsert_attacker", unknown).await.0, ErrorKind::InvalidInput);
    let seen: String = db.stored("SELECT first_seen FROM attackers").await;
    db.called("upsert_attacker", json!({"data": {"ip": "203.0.113.7", "first_seen": null}})).await;
    assert_eq!(db.stored::<String>("SELECT first_seen FROM attackers").await, seen);
}

pub(crate) async fn a_given_uuid_rewrites_the_key_unless_rows_refer_to_it(database: Database) {
    let db = Calls::of(&database);
    db.attacker("203.0.113.7").await;
    let rewrite = json!({"data": {"ip": "203.0.113.7", "uuid": "mine"}});
    assert_eq!(db.called("upsert_attacker", rewrite).await, "mine");
    assert_eq!(db.called("get_attacker_uuid_by_ip", json!({"ip": "203.0.113.7"})).await, "mine");
    db.called("increment_smtp_target", json!({"attacker_uuid": "mine", "domain": "a.example"})).await;
    let again = json!({"data": {"ip": "203.0.113.7", "uuid": "yours"}});
    assert_eq!(db.refused("upsert_attacker", again).await.0, ErrorKind::Conflict);
    assert_eq!(db.called("get_attacker_uuid_by_ip", json!({"ip": "203.0.113.7"})).await, "mine");
    let unknown = json!({"data": {"ip": "203.0.113.7", "identity_id": "nobody"}});
    assert_eq!(db.refused("upsert_attacker", unknown).await.0, ErrorKind::Conflict);
}

pub(crate) async fn of_duplicates_that_were_left_the_first_counts(database: Database) {
    let db = Calls::of(&database);
    db.attacker("203.0.113.7").await;
    for (uuid, first_seen) in [("b", "2025-01-01"), ("a", "2025-01-01"), ("0", "2026-06-01")] {
        let time = |text: &str| Value::Time(text.parse().unwrap());
        let mut row = vec![("uuid", uuid.into()), ("ip", "203.0.113.7".into())];
        row.extend([("first_seen", time(first_seen)), ("last_seen", time("2026-07-01"))]);
        row.push(("updated_at", time("2026-07-01")));
        row.push(("is_traversal", Value::Bool(false)));
        for text in ["services", "deckies", "fingerprints", "commands"] {
            row.push((text, "[]".into()));
        }
        for count in [
            "event_count",
            "service_count",
            "decky_count",
            "bounty_count",
            "credential_count",
            "rotation_count",
            "ipv6_leak_count",
        ] {
            row.push((count, Value::Int(0)));
        }
        db.insert(Attacker::TABLE, row).await;
    }
    assert_eq!(db.called("get_attacker_uuid_by_ip", json!({"ip": "203.0.113.7"})).await, "a");
    // Also when the write changes which row is the first.
    let data = json!({"ip": "203.0.113.7", "event_count": 9, "first_seen": "2026-12-01"});
    assert_eq!(db.called("upsert_attacker", json!({"data": data})).await, "a");
    let written = "SELECT MIN(uuid) FROM attackers WHERE event_count = 9";
    assert_eq!(db.stored::<String>(written).await, "a");
    assert_eq!(db.stored::<i64>("SELECT COUNT(*) FROM attackers WHERE event_count = 9").await, 1);
    assert_eq!(db.called("get_attacker_uuid_by_ip", json!({"ip": "203.0.113.7"})).await, "b");
}

pub(crate) async fn what_a_read_returned_is_accepted_back(database: Database) {
    let database = database.golden().await;
    let db = Calls::of(&database);
    let before = db.called("get_all_attackers_for_export", json!({})).await;
    for attacker in before.as_array().unwrap() {
        db.called("upsert_attacker", json!({"data": attacker})).await;
    }
    assert_eq!(db.called("get_all_attackers_for_export", json!({})).await, before);
}

pub(crate) async fn a_unit_stores_attackers_and_what_hangs_on_them_or_nothing(database: Database) {
    let db = Calls::of(&database);
    let known = |ip: &str| Changeset::<Attacker>::new().set(Attacker::IP, ip).set(Attacker::EVENT_COUNT, 3);
    let unit = db.repository.unit().upsert_attacker(known("203.0.113.7"));
    let error = unit.commit().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().contains("first_seen"), "{error}");

    let uuid = db.attacker("203.0.113.7").await;
    let unit = db.repository.unit().upsert_attacker(known("203.0.113.7"));
    unit.increment_smtp_target(&uuid, "a.example").commit().await.unwrap();
    assert_eq!(db.stored::<i64>("SELECT event_count FROM attackers").await, 3);
    let unit = db.repository.unit().increment_smtp_target(&uuid, "a.example").upsert_attacker(known("::1"));
    assert!(unit.commit().await.is_err());
    assert_eq!(db.stored::<i64>("SELECT count FROM smtp_targets").await, 1);
}

pub(crate) async fn filters_are_literal_and_services_whole(database: Database) {
    let db = Calls::of(&database);
    for (ip, services) in
        [("203.0.113.7", json!(["ssh", "a\"b", "100%"])), ("203x0.113.7", json!(["ssh-alt", "1000", "é"]))]
    {
        let mut data = seen(ip);
        data["services"] = services;
        db.called("upsert_attacker", json!({"data": data})).await;
    }
    for (filter, count) in [
        (json!({"search": "203.0"}), 1),
        (json!({"search": "%"}), 0),
        (json!({"search": "203X"}), 1),
        (json!({"search": "", "service": ""}), 2),
        (json!({"service": "ssh"}), 1),
        (json!({"service": "SSH"}), 1),
        (json!({"service": "a\"b"}), 1),
        (json!({"service": "100%"}), 1),
        (json!({"service": "100_"}), 0),
        (json!({"service": "é"}), 1),
        (json!({"service": "É"}), 0),
        (json!({"search": "203", "service": "ssh-alt"}), 1),
    ] {
        assert_eq!(db.called("get_total_attackers", filter.clone()).await, count, "{filter}");
        assert_eq!(
            db.called("get_attackers", filter.clone()).await.as_array().unwrap().len(),
            count,
            "{filter}"
        );
    }
    assert_eq!(db.called("get_attackers", json!({"sort_by": "anything"})).await.as_array().unwrap().len(), 2);
    for page in [json!({"limit": -1}), json!({"offset": -1}), json!({"sort_by": 3})] {
        assert_eq!(db.refused("get_attackers", page).await.0, ErrorKind::InvalidInput);
    }
}
