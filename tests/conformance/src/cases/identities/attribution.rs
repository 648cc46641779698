//! What is attributed to identities.

use decnet_db_core::ErrorKind;
use serde_json::{Value, json};

use crate::cases::calls::Calls;
use crate::database::Database;

fn state(members: Value) -> Value {
    let mut state = json!({
        "identity_uuid": "i", "primitive": "p", "current_value": "typed", "state": "stable", "confidence": 0.5,
        "last_change_ts": 1.5, "last_observation_ts": 2.5,
    });
    let Value::Object(members) = members else { panic!("no object: {members}") };
    state.as_object_mut().expect("an object").extend(members);
    json!({"data": state})
}

pub(crate) async fn any_value_is_a_state(database: Database) {
    let db = Calls::of(&database);
    db.called("create_attacker_identity", json!({"row": {"uuid": "i"}})).await;
    let key = json!({"identity_uuid": "i", "primitive": "p"});
    assert_eq!(db.called("get_attribution_state", key.clone()).await, Value::Null);
    for value in [
        json!("typed"),
        json!("42"),
        json!(""),
        Value::Null,
        json!(-7),
        json!(2.5),
        json!(true),
        json!([1, "\u{e9}"]),
    ] {
        let write = state(json!({"current_value": value, "schema_version": 9, "updated_at": "2001-01-01"}));
        db.called("upsert_attribution_state", write).await;
        let read = db.called("get_attribution_state", key.clone()).await;
        assert_eq!((&read["current_value"], &read["schema_version"]), (&value, &json!(1)));
        assert!(read["updated_at"].as_str() > Some("2026"), "{read}");
        db.called("upsert_attribution_state", json!({"data": read})).await;
        assert_eq!(db.called("get_attribution_state", key.clone()).await["current_value"], value);
    }
    // What is given replaces, null means absent, and the rest stays.
    let some =
        json!({"data": {"identity_uuid": "i", "primitive": "p", "state": "drifting", "confidence": null}});
    db.called("upsert_attribution_state", some).await;
    let read = db.called("get_attribution_state", key).await;
    assert_eq!((&read["state"], &read["confidence"]), (&json!("drifting"), &json!(0.5)));
    for (kind, data) in [
        (ErrorKind::Conflict, state(json!({"identity_uuid": "nobody"}))),
        (ErrorKind::InvalidInput, json!({"data": {"primitive": "p", "state": "stable"}})),
        (ErrorKind::InvalidInput, state(json!({"current_value": 9_223_372_036_854_775_808_u64}))),
        (ErrorKind::InvalidInput, state(json!({"current_value": 1e19}))),
        (
            ErrorKind::InvalidInput,
            json!({"data": {"identity_uuid": "i", "primitive": "new", "state": "stable"}}),
        ),
        (ErrorKind::InvalidInput, state(json!({"mood": "x"}))),
    ] {
        let (is, message) = db.refused("upsert_attribution_state", data.clone()).await;
        assert_eq!(is, kind, "{data}: {message}");
    }
    let all = db.called("get_attribution_state_for_identity", json!({"identity_uuid": "i"})).await;
    assert_eq!(all.as_array().expect("a list").len(), 1);
}

pub(crate) async fn several_actors_need_two_traits(database: Database) {
    let db = Calls::of(&database);
    for (uuid, primitives) in [("i", vec!["b", "a", "c"]), ("h", vec!["b", "a"]), ("j", vec!["a"])] {
        db.called("create_attacker_identity", json!({"row": {"uuid": uuid}})).await;
        for primitive in primitives {
            let name = if primitive == "c" { "stable" } else { "multi_actor" };
            let write = state(json!({"identity_uuid": uuid, "primitive": primitive, "state": name}));
            db.called("upsert_attribution_state", write).await;
        }
    }
    let expected = json!([
        {"identity_uuid": "h", "primitives": ["a", "b"]}, {"identity_uuid": "i", "primitives": ["a", "b"]},
    ]);
    assert_eq!(db.called("list_multi_actor_identities", json!({})).await, expected);
    let states = db.called("get_attribution_state_for_identity", json!({"identity_uuid": "i"})).await;
    let names: Vec<_> = states.as_array().expect("a list").iter().map(|row| &row["primitive"]).collect();
    assert_eq!(names, ["a", "b", "c"]);
}
