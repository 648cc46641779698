//! What is observed, and how it is read.

use decnet_db_core::ErrorKind;
use serde_json::{Value, json};

use crate::cases::at_once;
use crate::cases::calls::Calls;
use crate::database::Database;

fn observation(attacker: &str, primitive: &str, ts: f64) -> Value {
    json!({
        "attacker_uuid": attacker, "primitive": primitive, "value": ts, "confidence": 0.5, "window_start_ts": ts - 1.0,
        "window_end_ts": ts, "source": "x", "identity_ref": null, "evidence_ref": format!("e{ts}"), "envelope_v": 1, "ts": ts,
    })
}

fn with(mut observation: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().expect("an object") {
        observation[name] = value.clone();
    }
    observation
}

pub(crate) async fn any_json_value_comes_back(db: Database) {
    let calls = Calls::of(&db);
    let attacker = calls.attacker("203.0.113.7").await;
    let values = [
        json!(null),
        json!("typed"),
        json!(""),
        json!("null"),
        json!("42"),
        json!("it's \"é\" \u{1F4A9} \\ % _"),
        json!(false),
        json!(-7),
        json!(i64::MAX),
        json!(0.1),
        json!([]),
        json!({"a": [1, null, {"é": 1.5}]}),
    ];
    for (position, value) in values.iter().enumerate() {
        let data = with(observation(&attacker, &format!("p{position}"), 1.5), json!({"value": value}));
        let id = calls.called("upsert_observation", json!({"data": data})).await;
        let stored = calls.called("get_observation_by_id", json!({"row_id": id})).await;
        assert_eq!(stored["value"], *value);
    }
    assert_eq!(calls.called("get_observation_by_id", json!({"row_id": "nobody"})).await, json!(null));
}

pub(crate) async fn measuring_again_replaces_what_is_given(db: Database) {
    let calls = Calls::of(&db);
    let (attacker, other) = (calls.attacker("203.0.113.7").await, calls.attacker("203.0.113.8").await);
    let first = with(observation(&attacker, "p", 1.5), json!({"id": "first", "identity_ref": "i"}));
    assert_eq!(calls.called("upsert_observation", json!({"data": first})).await, "first");
    let again = json!({
        "evidence_ref": "e1.5", "primitive": "p", "id": "second", "value": null, "attacker_uuid": other, "source": null,
    });
    assert_eq!(calls.called("upsert_observation", json!({"data": again})).await, "first");
    let stored = calls.called("get_observation_by_id", json!({"row_id": "first"})).await;
    let expected = with(first.clone(), json!({"value": null, "attacker_uuid": other}));
    assert_eq!(stored, expected);
    // The key alone changes nothing; all of it replaces all.
    let key = json!({"evidence_ref": "e1.5", "primitive": "p"});
    assert_eq!(calls.called("upsert_observation", json!({"data": key})).await, "first");
    assert_eq!(calls.called("get_observation_by_id", json!({"row_id": "first"})).await, expected);
    let whole = with(first.clone(), json!({"id": ""}));
    assert_eq!(calls.called("upsert_observation", json!({"data": whole})).await, "first");
    assert_eq!(calls.called("get_observation_by_id", json!({"row_id": "first"})).await, first);
    assert_eq!(calls.called("has_observations_for_evidence", json!({"evidence_ref": "e1.5"})).await, true);
    assert_eq!(calls.called("has_observations_for_evidence", json!({"evidence_ref": "e1"})).await, false);
}

pub(crate) async fn what_cannot_be_an_observation_is_refused(db: Database) {
    let calls = Calls::of(&db);
    let attacker = calls.attacker("203.0.113.7").await;
    let whole = observation(&attacker, "p", 1.5);
    for (change, name) in [
        (json!({"evidence_ref": null}), "data.evidence_ref"),
        (json!({"primitive": null}), "data.primitive"),
        (json!({"source": null}), "source"),
        (json!({"confidence": "x"}), "data.confidence"),
        (json!({"envelope_v": 1_i64 << 40}), "data.envelope_v"),
        (json!({"primitive": "p".repeat(256)}), "data.primitive"),
        (json!({"value": u64::MAX}), "data.value"),
        (json!({"nonsense": 1}), "data.nonsense"),
    ] {
        let data = with(whole.clone(), change);
        let (kind, message) = calls.refused("upsert_observation", json!({"data": data})).await;
        assert_eq!(kind, ErrorKind::InvalidInput, "{message}");
        assert!(message.contains(name), "{message}");
    }
    let mut without_value = whole.clone();
    without_value.as_object_mut().expect("an object").remove("value");
    let (kind, message) = calls.refused("upsert_observation", json!({"data": without_value})).await;
    assert_eq!(kind, ErrorKind::InvalidInput);
    assert!(message.contains("value"), "{message}");
    assert_eq!(calls.stored::<i64>("SELECT COUNT(*) FROM observations").await, 0);
}

pub(crate) async fn an_unknown_attacker_and_a_taken_id_are_conflicts(db: Database) {
    let calls = Calls::of(&db);
    let attacker = calls.attacker("203.0.113.7").await;
    let first = with(observation(&attacker, "p", 1.5), json!({"id": "taken"}));
    calls.called("upsert_observation", json!({"data": first})).await;
    for data in [
        observation("nobody", "q", 1.5),
        with(observation(&attacker, "q", 1.5), json!({"id": "taken"})),
        json!({"evidence_ref": "e1.5", "primitive": "p", "attacker_uuid": "nobody"}),
    ] {
        let (kind, message) = calls.refused("upsert_observation", json!({"data": data})).await;
        assert_eq!(kind, ErrorKind::Conflict, "{message}");
    }
    assert_eq!(calls.called("get_observation_by_id", json!({"row_id": "taken"})).await, first);
    assert_eq!(calls.stored::<i64>("SELECT COUNT(*) FROM observations").await, 1);
}

pub(crate) async fn the_latest_is_the_greatest_time_then_id(db: Database) {
    let calls = Calls::of(&db);
    let (attacker, other) = (calls.attacker("203.0.113.7").await, calls.attacker("203.0.113.8").await);
    for (id, attacker, primitive, ts, value) in [
        ("c", &attacker, "p", 2.0, "greatest id"),
        ("b", &attacker, "p", 2.0, "same time"),
        ("z", &attacker, "p", 1.0, "earlier"),
        ("a", &attacker, "a", 1.0, "other primitive"),
        ("d", &other, "p", 9.0, "other attacker"),
    ] {
        let data =
            with(observation(attacker, primitive, ts), json!({"id": id, "value": value, "evidence_ref": id}));
        calls.called("upsert_observation", json!({"data": data})).await;
    }
    let latest = calls.called("latest_observation_per_primitive", json!({"attacker_uuid": attacker})).await;
    let shown = |value: &str, ts: f64| json!({"value": value, "confidence": 0.5, "ts": ts, "source": "x"});
    assert_eq!(latest, json!({"a": shown("other primitive", 1.0), "p": shown("greatest id", 2.0)}));
    let none = calls.called("latest_observation_per_primitive", json!({"attacker_uuid": "nobody"})).await;
    assert_eq!(none, json!({}));
}

pub(crate) async fn series_are_in_the_order_of_time(db: Database) {
    let calls = Calls::of(&db);
    let mut attackers = Vec::new();
    for ip in ["203.0.113.7", "203.0.113.8"] {
        attackers.push(calls.attacker(ip).await);
    }
    for (id, attacker, ts) in [("b", 0, 2.0), ("a", 0, 2.0), ("c", 0, 1.0), ("d", 1, 1.5)] {
        let data = observation(&attackers[attacker], "p", ts);
        let data = with(data, json!({"id": id, "value": id, "evidence_ref": id, "identity_ref": "i"}));
        calls.called("upsert_observation", json!({"data": data})).await;
    }
    let arguments = json!({"attacker_uuid": attackers[0], "primitive": "p"});
    let series = calls.called("observations_time_series", arguments).await;
    let point = |value: &str, ts: f64| json!({"ts": ts, "value": value, "confidence": 0.5});
    assert_eq!(series, json!([point("c", 1.0), point("a", 2.0), point("b", 2.0)]));
    let envelopes =
        calls.called("list_observations_by_attacker", json!({"attacker_uuid": attackers[1]})).await;
    let envelope = json!({
        "primitive": "p", "value": "d", "confidence": 0.5, "window": {"start_ts": 0.5, "end_ts": 1.5}, "source": "x",
        "evidence_ref": "d", "identity_ref": "i",
    });
    assert_eq!(envelopes, json!([envelope]));
    let export = calls.called("get_all_observations_for_export", json!({})).await;
    assert_eq!(export[&attackers[1]], json!([envelope]));
    let values: Vec<_> =
        export[&attackers[0]].as_array().expect("a list").iter().map(|e| &e["value"]).collect();
    assert_eq!(values, ["c", "a", "b"]);

    calls.identity_of("i1", &attackers).await;
    let arguments = json!({"identity_uuid": "i1", "primitive": "p"});
    let series = calls.called("observations_for_identity_primitive", arguments).await;
    assert_eq!(series, json!([point("c", 1.0), point("d", 1.5), point("a", 2.0), point("b", 2.0)]));
}

pub(crate) async fn pages_have_each_observation_once(db: Database) {
    let calls = Calls::of(&db);
    let attacker = calls.attacker("203.0.113.7").await;
    for number in 0..5_u8 {
        let ts = f64::from(number);
        let data = with(observation(&attacker, "p", ts), json!({"id": format!("o{number}")}));
        calls.called("upsert_observation", json!({"data": data})).await;
    }
    let (mut ids, mut after) = (Vec::new(), json!(null));
    loop {
        let arguments = json!({"limit": 2, "attacker_uuid": attacker, "primitive": "p", "after": after});
        let page = calls.called("export_observations", arguments).await;
        ids.extend(page["data"].as_array().expect("rows").iter().map(|row| row["id"].clone()));
        after = page["next"].clone();
        if after.is_null() {
            break;
        }
    }
    assert_eq!(ids, ["o0", "o1", "o2", "o3", "o4"]);
    let (kind, _) = calls.refused("export_observations", json!({"limit": 0})).await;
    assert_eq!(kind, ErrorKind::InvalidInput);
}

pub(crate) async fn measuring_at_once_makes_one_row(db: Database) {
    let calls = Calls::of(&db);
    let attacker = calls.attacker("203.0.113.7").await;
    let ids = at_once(&db, 24, move |repository, number| {
        let data = observation(&attacker, "p", 1.5);
        let data = with(data, json!({"id": format!("o{number}"), "value": number}));
        async move {
            let id =
                decnet_db_core::call::call(&*repository, "upsert_observation", json!({"data": data})).await?;
            Ok(id.as_str().to_owned())
        }
    })
    .await;
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(calls.stored::<i64>("SELECT COUNT(*) FROM observations").await, 1);
}
