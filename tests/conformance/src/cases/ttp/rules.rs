//! The store of rules.

use decnet_db_core::ErrorKind;
use serde_json::{Value, json};

use super::samples::rule;
use crate::cases::calls::Calls;
use crate::database::Database;

async fn store(calls: &Calls, rule: &Value) {
    let arguments = json!({"rule": rule, "source_path": "./r.yaml", "updated_by": "git"});
    calls.called("upsert_rule", arguments).await;
}

fn unset() -> Value {
    json!({
        "state": "enabled", "confidence_max": null, "expires_at": null, "reason": null, "set_by": null, "set_at": null,
    })
}

fn compiled(mut rule: Value) -> Value {
    rule["applies_to"].as_array_mut().expect("a list").sort_by_key(Value::to_string);
    rule["state"] = unset();
    rule
}

pub(crate) async fn a_rule_comes_back_as_it_was_stored(db: Database) {
    let calls = Calls::of(&db);
    let mut hostile = rule("it's 'é' \u{1F4A9}");
    hostile["name"] = json!("yes");
    hostile["description"] = json!("a: b # \"c\"\n\t\u{85}\u{2028}\\");
    hostile["match_spec"] =
        json!({"1e3": "1e3", "off": ["off", 1.5e300, -1e-9, u64::MAX, {}, [], [[null]]], "": ""});
    hostile["emits"] = json!([]);
    hostile["evidence_fields"] = json!([]);
    store(&calls, &rule("R0001")).await;
    store(&calls, &hostile).await;
    let loaded = calls.called("load_compiled", json!({})).await;
    assert_eq!(loaded, json!([compiled(rule("R0001")), compiled(hostile.clone())]));
    // What was loaded is accepted, and replaces all.
    let mut changed = loaded[0].clone();
    changed["rule_version"] = json!(2);
    changed["description"] = json!(null);
    store(&calls, &changed).await;
    calls.called("delete_rule", json!({"rule_id": hostile["rule_id"]})).await;
    calls.called("delete_rule", json!({"rule_id": "nobody"})).await;
    changed["description"] = json!("");
    assert_eq!(calls.called("load_compiled", json!({})).await, json!([changed]));
}

pub(crate) async fn what_cannot_be_a_rule_is_refused(db: Database) {
    let calls = Calls::of(&db);
    for (name, value) in [
        ("match_spec", json!([])),
        ("rule_version", json!(1_i64 << 40)),
        ("rule_id", json!("R".repeat(256))),
        ("emits", json!([["T1110", null, "TA0006"]])),
        ("nonsense", json!(1)),
    ] {
        let mut rule = rule("R0001");
        rule[name] = value;
        let arguments = json!({"rule": rule, "source_path": "", "updated_by": "git"});
        let (kind, message) = calls.refused("upsert_rule", arguments).await;
        assert_eq!(kind, ErrorKind::InvalidInput, "{message}");
        assert!(message.starts_with("rule"), "{message}");
    }
    for state in [json!({"state": "bogus"}), json!({}), json!({"state": "enabled", "nonsense": 1})] {
        let arguments = json!({"rule_id": "R0001", "state": state, "set_by": "x"});
        let (kind, message) = calls.refused("set_rule_state", arguments).await;
        assert_eq!(kind, ErrorKind::InvalidInput);
        assert!(message.starts_with("state"), "{message}");
    }
    assert_eq!(calls.called("load_compiled", json!({})).await, json!([]));
}

pub(crate) async fn a_state_is_replaced_whole_and_expires(db: Database) {
    let calls = Calls::of(&db);
    let of = json!({"rule_id": "R0001"});
    assert_eq!(calls.called("get_rule_state", of.clone()).await, unset());
    let set = |state: Value| json!({"rule_id": "R0001", "state": state, "set_by": "admin"});
    let clipped =
        json!({"state": "clipped", "confidence_max": 0.4, "expires_at": "2099-01-01", "reason": "é"});
    calls.called("set_rule_state", set(clipped)).await;
    let state = calls.called("get_rule_state", of.clone()).await;
    assert_eq!(
        [&state["state"], &state["confidence_max"], &state["expires_at"], &state["reason"], &state["set_by"]],
        [&json!("clipped"), &json!(0.4), &json!("2099-01-01T00:00:00Z"), &json!("é"), &json!("admin")]
    );
    store(&calls, &rule("R0001")).await;
    assert_eq!(calls.called("load_compiled", json!({})).await[0]["state"], state);
    calls.called("set_rule_state", set(json!({"state": "disabled"}))).await;
    let state = calls.called("get_rule_state", of.clone()).await;
    assert_eq!(
        [&state["state"], &state["confidence_max"], &state["reason"]],
        [&json!("disabled"), &json!(null), &json!(null)]
    );
    calls.called("set_rule_state", set(json!({"state": "disabled", "expires_at": "2001-01-01"}))).await;
    assert_eq!(calls.called("load_compiled", json!({})).await[0]["state"], unset());
    assert_eq!(calls.stored::<i64>("SELECT COUNT(*) FROM ttp_rule_state").await, 1);
    assert_eq!(calls.called("get_rule_state", of).await, unset());
    assert_eq!(calls.stored::<i64>("SELECT COUNT(*) FROM ttp_rule_state").await, 0);
}

pub(crate) async fn a_rule_that_cannot_be_read_is_left_out(db: Database) {
    let calls = Calls::of(&db);
    for id in ["R1", "R2", "R3"] {
        store(&calls, &rule(id)).await;
    }
    calls
        .called("set_rule_state", json!({"rule_id": "R1", "state": {"state": "enabled"}, "set_by": null}))
        .await;
    calls
        .execute(|sql| {
            sql.push("UPDATE ttp_rule_state SET state = 'bogus'");
        })
        .await;
    calls
        .execute(|sql| {
            sql.push("UPDATE ttp_rule SET yaml_content = '- a' WHERE rule_id = 'R2'");
        })
        .await;
    assert_eq!(calls.called("load_compiled", json!({})).await, json!([compiled(rule("R3"))]));
    let (kind, message) = calls.refused("get_rule_state", json!({"rule_id": "R1"})).await;
    assert_eq!(kind, ErrorKind::InvalidInput);
    assert!(message.contains("bogus") && message.contains("R1"), "{message}");
    // What DECNET writes, and other YAML of the same meaning.
    let yaml = "{match: {pattern: 1e3, on: [0.5]}, rule_id: R2, rule_version: 7, name: \"n\", applies_to: [b, a, b], emits: []}";
    calls
        .execute(|sql| {
            sql.push("UPDATE ttp_rule SET yaml_content = ").bind(yaml).push(" WHERE rule_id = 'R2'");
        })
        .await;
    let loaded = calls.called("load_compiled", json!({})).await;
    assert_eq!(
        loaded[0],
        json!({
            "rule_id": "R2", "rule_version": 7, "name": "n", "description": "", "applies_to": ["a", "b"], "emits": [],
            "match_spec": {"pattern": "1e3", "true": [0.5]}, "evidence_fields": [], "state": unset(),
        })
    );
}

pub(crate) async fn rules_come_in_the_order_of_writing(db: Database) {
    let calls = Calls::of(&db);
    for (id, time) in [("R1", "2026-01-02"), ("R3", "2026-01-03"), ("R2", "2026-01-03"), ("R4", "2026-01-01")]
    {
        store(&calls, &rule(id)).await;
        let time: decnet_db_core::time::Timestamp = time.parse().expect("a time");
        calls
            .execute(|sql| {
                sql.push("UPDATE ttp_rule SET updated_at = ").bind(time).push(" WHERE rule_id = ").bind(id);
            })
            .await;
    }
    let since = calls.called("get_rules_updated_since", json!({"watermark": "2026-01-02"})).await;
    let shown: Vec<_> = since
        .as_array()
        .expect("a list")
        .iter()
        .map(|rule| [&rule["rule_id"], &rule["updated_at"]])
        .collect();
    assert_eq!(
        json!(shown),
        json!([
            ["R1", "2026-01-02T00:00:00Z"],
            ["R2", "2026-01-03T00:00:00Z"],
            ["R3", "2026-01-03T00:00:00Z"]
        ])
    );
    assert_eq!(since[0]["state"], unset());
}
