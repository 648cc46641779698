//! What providers answered.

use decnet_db_core::ErrorKind;
use serde_json::{Value, json};

use crate::cases::at_once;
use crate::cases::calls::Calls;
use crate::database::Database;

fn answers(attacker: &str) -> Value {
    json!({"attacker_uuid": attacker, "attacker_ip": "203.0.113.7", "expires_at": "2099-01-01T00:00:00Z"})
}

pub(crate) async fn answers_are_replaced_column_by_column(db: Database) {
    let calls = Calls::of(&db);
    let attacker = calls.attacker("203.0.113.7").await;
    let mut first = answers(&attacker);
    first["uuid"] = json!("mine");
    first["schema_version"] = json!(7);
    first["greynoise_tags"] = json!(["é", 1, null]);
    first["feodo_raw"] = Value::Null;
    first["feodo_listed"] = json!(0);
    let uuid = calls.called("upsert_attacker_intel", json!({"data": first})).await;
    assert_eq!(uuid.as_str().map(str::len), Some(32));
    let stored = calls.called("get_attacker_intel_by_uuid", json!({"uuid": attacker})).await;
    assert_eq!(
        [&stored["uuid"], &stored["schema_version"], &stored["greynoise_tags"], &stored["feodo_raw"]],
        [&uuid, &json!(1), &json!(["é", 1, null]), &json!({})]
    );
    assert_eq!([&stored["feodo_listed"], &stored["threatfox_listed"]], [&json!(false), &json!(null)]);
    let update = json!({
        "attacker_uuid": attacker, "uuid": "other", "schema_version": null, "abuseipdb_score": 100,
        "greynoise_tags": null, "abuseipdb_raw": {"b": 1, "a": 2},
    });
    assert_eq!(calls.called("upsert_attacker_intel", json!({"data": update})).await, uuid);
    let mut expected = stored;
    expected["abuseipdb_score"] = json!(100);
    expected["abuseipdb_raw"] = json!({"a": 2, "b": 1});
    let stored = calls.called("get_attacker_intel_by_uuid", json!({"uuid": attacker})).await;
    assert_eq!(stored, expected);
    // What a read returned is accepted.
    assert_eq!(calls.called("upsert_attacker_intel", json!({"data": stored})).await, uuid);
    assert_eq!(calls.called("get_attacker_intel_by_uuid", json!({"uuid": attacker})).await, expected);
    assert_eq!(calls.called("get_attacker_intel_by_uuid", json!({"uuid": uuid})).await, json!(null));
}

pub(crate) async fn answers_of_the_wrong_form_are_refused(db: Database) {
    let calls = Calls::of(&db);
    let attacker = calls.attacker("203.0.113.7").await;
    for (name, value) in [
        ("attacker_uuid", json!(null)),
        ("attacker_ip", json!(null)),
        ("expires_at", json!(null)),
        ("greynoise_tags", json!("[]")),
        ("greynoise_tags", json!({})),
        ("feodo_raw", json!([])),
        ("feodo_raw", json!("{}")),
        ("abuseipdb_score", json!(1_i64 << 31)),
        ("greynoise_classification", json!("x".repeat(33))),
        ("nonsense", json!(1)),
    ] {
        let mut data = answers(&attacker);
        data[name] = value;
        let (kind, message) = calls.refused("upsert_attacker_intel", json!({"data": data})).await;
        assert_eq!(kind, ErrorKind::InvalidInput, "{message}");
        assert!(message.contains(name), "{message}");
    }
    let (kind, _) = calls.refused("upsert_attacker_intel", json!({"data": answers("nobody")})).await;
    assert_eq!(kind, ErrorKind::Conflict);
    assert_eq!(calls.stored::<i64>("SELECT COUNT(*) FROM attacker_intel").await, 0);
}

pub(crate) async fn the_event_has_the_members_that_decnet_publishes(db: Database) {
    let calls = Calls::of(&db);
    let attacker = calls.attacker("203.0.113.7").await;
    calls.called("upsert_attacker_intel", json!({"data": answers(&attacker)})).await;
    let mut expected = json!({
        "attacker_uuid": attacker, "attacker_ip": "203.0.113.7", "aggregate_verdict": null, "abuseipdb_score": null,
        "abuseipdb_categories": [], "greynoise_classification": null, "greynoise_name": null, "greynoise_tags": [],
        "feodo_listed": null, "feodo_malware_family": null, "threatfox_listed": null, "threatfox_threat_types": [],
        "threatfox_ioc_types": [], "threatfox_malware_families": [],
    });
    let event = calls.called("get_attacker_intel_row_by_uuid", json!({"uuid": attacker})).await;
    assert_eq!(event, expected);
    expected["providers"] = json!(["greynoise"]);
    let arguments = json!({"uuid": attacker, "providers": ["greynoise"]});
    assert_eq!(calls.called("get_attacker_intel_row_by_uuid", arguments).await, expected);
    let nobody = json!({"uuid": "nobody", "providers": []});
    assert_eq!(calls.called("get_attacker_intel_row_by_uuid", nobody).await, json!(null));
}

pub(crate) async fn attackers_without_fresh_answers_are_listed(db: Database) {
    let calls = Calls::of(&db);
    let mut seen = Vec::new();
    for (ip, last_seen) in
        [("a", "2026-01-02"), ("b", "2026-01-04"), ("c", "2026-01-03"), ("d", "2026-01-05")]
    {
        let data = json!({"ip": ip, "first_seen": "2026-01-01", "last_seen": last_seen});
        seen.push(calls.called("upsert_attacker", json!({"data": data})).await);
    }
    for (position, expires) in [(1, "2001-01-01"), (3, "2099-01-01")] {
        let data = json!({"attacker_uuid": seen[position], "attacker_ip": "x", "expires_at": expires});
        calls.called("upsert_attacker_intel", json!({"data": data})).await;
    }
    let listed = |position: usize, ip: &str| json!({"uuid": seen[position], "ip": ip});
    let all = calls.called("get_unenriched_attackers", json!({})).await;
    assert_eq!(all, json!([listed(1, "b"), listed(2, "c"), listed(0, "a")]));
    let one = calls.called("get_unenriched_attackers", json!({"limit": 1})).await;
    assert_eq!(one, json!([listed(1, "b")]));
    let (kind, _) = calls.refused("get_unenriched_attackers", json!({"limit": -1})).await;
    assert_eq!(kind, ErrorKind::InvalidInput);
}

pub(crate) async fn storing_at_once_makes_one_row(db: Database) {
    let calls = Calls::of(&db);
    let attacker = calls.attacker("203.0.113.7").await;
    let uuids = at_once(&db, 24, move |repository, number| {
        let mut data = answers(&attacker);
        data["abuseipdb_score"] = json!(number);
        async move {
            let call =
                decnet_db_core::call::call(&*repository, "upsert_attacker_intel", json!({"data": data}));
            Ok(call.await?.as_str().to_owned())
        }
    })
    .await;
    assert!(uuids.iter().all(|uuid| *uuid == uuids[0]), "{uuids:?}");
    assert_eq!(calls.stored::<i64>("SELECT COUNT(*) FROM attacker_intel").await, 1);
}
