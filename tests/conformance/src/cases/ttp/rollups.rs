//! What follows from tags.

use decnet_db_core::ErrorKind;
use serde_json::{Value, json};

use super::samples::tag;
use crate::cases::calls::Calls;
use crate::database::Database;

/// Two attackers of an identity, the second with tags of its own, and a tag of the identity alone.
async fn tagged(calls: &Calls) -> [String; 2] {
    let attackers = [calls.attacker("203.0.113.7").await, calls.attacker("203.0.113.8").await];
    calls.identity_of("i1", &attackers).await;
    let mut rows = Vec::new();
    for (uuid, attacker, identity, technique, sub_technique, tactic, confidence, day) in [
        ("u1", Some(0), None, "T1110", None, "TA0001", 0.5, 3),
        ("u2", Some(0), Some("i1"), "T1110", None, "TA0009", 0.9, 1),
        ("u3", Some(0), None, "T1110", Some("T1110.001"), "TA0006", 0.4, 2),
        ("u4", Some(1), None, "T1059", Some("T1059.004"), "TA0002", 1.0, 2),
        ("u5", None, Some("i1"), "T1110", Some(""), "TA0006", 0.6, 2),
    ] {
        let mut row = tag("", uuid);
        row["uuid"] = json!(uuid);
        row["attacker_uuid"] = json!(attacker.map(|attacker: usize| attackers[attacker].clone()));
        row["identity_uuid"] = json!(identity);
        row["technique_id"] = json!(technique);
        row["sub_technique_id"] = json!(sub_technique);
        row["tactic"] = json!(tactic);
        row["confidence"] = json!(confidence);
        row["created_at"] = json!(format!("2026-01-0{day}T00:00:00.000001Z"));
        row["session_id"] = json!("s1");
        row["decky_id"] = if uuid == "u3" { Value::Null } else { json!(format!("d-{uuid}")) };
        rows.push(row);
    }
    assert_eq!(calls.called("insert_tags", json!({"rows": rows})).await, 5);
    attackers
}

fn groups(rollup: &Value) -> Vec<[Value; 3]> {
    let rows = rollup.as_array().expect("a list").iter();
    rows.map(|row| [row["technique_id"].clone(), row["sub_technique_id"].clone(), row["count"].clone()])
        .collect()
}

pub(crate) async fn rollups_are_in_order_with_their_figures(db: Database) {
    let calls = Calls::of(&db);
    let attackers = tagged(&calls).await;
    let all = vec![
        [json!("T1059"), json!("T1059.004"), json!(1)],
        [json!("T1110"), json!(null), json!(2)],
        [json!("T1110"), json!(""), json!(1)],
        [json!("T1110"), json!("T1110.001"), json!(1)],
    ];
    for (method, arguments) in [
        ("list_techniques_by_identity", json!({"uuid": "i1"})),
        ("list_techniques_by_session", json!({"sid": "s1"})),
        ("list_distinct_techniques", json!({})),
    ] {
        assert_eq!(groups(&calls.called(method, arguments).await), all, "{method}");
    }
    let first = calls.called("list_techniques_by_attacker", json!({"uuid": attackers[0]})).await;
    let figures = &first[0];
    assert_eq!(
        [&figures["tactic"], &figures["first_seen"], &figures["last_seen"], &figures["confidence_max"]],
        [
            &json!("TA0009"),
            &json!("2026-01-01T00:00:00.000001Z"),
            &json!("2026-01-03T00:00:00.000001Z"),
            &json!(0.9)
        ]
    );
    assert_eq!(calls.called("list_techniques_by_attacker", json!({"uuid": "nobody"})).await, json!([]));
    let export = calls.called("get_all_ttp_rollups_for_export", json!({})).await;
    assert_eq!(groups(&export[&attackers[0]]), [all[1].clone(), all[3].clone()]);
    assert_eq!(groups(&export[&attackers[1]]), [all[0].clone()]);
    assert_eq!(export.as_object().expect("an object").len(), 2);
    let phases = calls.called("list_ttp_decky_phases", json!({"identity_uuid": "i1"})).await;
    let deckies: Vec<_> = phases.as_array().expect("a list").iter().map(|phase| &phase["decky_id"]).collect();
    assert_eq!(deckies, ["d-u2", "d-u4", "d-u5", "d-u1"]);
    assert_eq!(phases[0]["created_at_ts"], json!(1_767_225_600.000_001));
}

pub(crate) async fn tags_of_a_scope_are_newest_first(db: Database) {
    let calls = Calls::of(&db);
    let attackers = tagged(&calls).await;
    let listed = |arguments: Value| {
        let calls = calls.clone();
        async move {
            let tags = calls.called("list_tags_by_scope_and_technique", arguments).await;
            tags.as_array().expect("a list").iter().map(|tag| tag["uuid"].clone()).collect::<Vec<_>>()
        }
    };
    let of_identity = json!({"scope": "identity", "uuid": "i1", "technique_id": "T1110"});
    assert_eq!(listed(of_identity.clone()).await, ["u1", "u5", "u3", "u2"]);
    let mut two = of_identity.clone();
    two["limit"] = json!(2);
    assert_eq!(listed(two).await, ["u1", "u5"]);
    let mut empty = of_identity.clone();
    empty["sub_technique_id"] = json!("");
    assert_eq!(listed(empty).await, ["u5"]);
    let of_attacker = json!({"scope": "attacker", "uuid": attackers[0], "technique_id": "T1110"});
    assert_eq!(listed(of_attacker).await, ["u1", "u3", "u2"]);
    let of_session =
        json!({"scope": "session", "uuid": "s1", "technique_id": "T1059", "sub_technique_id": null});
    assert_eq!(listed(of_session).await, ["u4"]);
    for (name, value) in [("scope", json!("campaign")), ("limit", json!(-1))] {
        let mut arguments = of_identity.clone();
        arguments[name] = value;
        let (kind, message) = calls.refused("list_tags_by_scope_and_technique", arguments).await;
        assert_eq!(kind, ErrorKind::InvalidInput);
        assert!(message.starts_with(name), "{message}");
    }
}

pub(crate) async fn commands_are_the_objects_of_lists(db: Database) {
    let calls = Calls::of(&db);
    let mut uuids = Vec::new();
    for (position, commands) in
        [json!([{"command": "id"}, 7, "x", {"a": null}]), json!("{}"), json!("nope"), json!([])]
            .iter()
            .enumerate()
    {
        let data = json!({
            "ip": format!("203.0.113.{position}"), "first_seen": "2026-01-01", "last_seen": "2026-01-02",
            "commands": commands,
        });
        uuids.push(calls.called("upsert_attacker", json!({"data": data})).await);
    }
    let since = |since: &str| json!({"since": since});
    let mut expected = vec![
        json!({"attacker_uuid": uuids[0], "commands": [{"command": "id"}, {"a": null}]}),
        json!({"attacker_uuid": uuids[3], "commands": []}),
    ];
    expected.sort_by_key(|entry| entry["attacker_uuid"].to_string());
    let found = calls.called("iter_attacker_commands_since", since("2026-01-02")).await;
    assert_eq!(found, json!(expected));
    let none = calls.called("iter_attacker_commands_since", since("2026-01-02T00:00:00.000001Z")).await;
    assert_eq!(none, json!([]));
    let (mut paged, mut after) = (Vec::new(), json!(null));
    loop {
        let arguments = json!({"since": "2026-01-02", "limit": 1, "after": after});
        let page = calls.called("attacker_commands_page", arguments).await;
        paged.extend(page["data"].as_array().expect("rows").clone());
        after = page["next"].clone();
        if after.is_null() {
            break;
        }
    }
    assert_eq!(paged, expected);
    let (kind, _) = calls.refused("iter_attacker_commands_since", since("")).await;
    assert_eq!(kind, ErrorKind::InvalidInput);
    assert_eq!(calls.called("iter_canary_triggers_since", since("2026-01-02")).await, json!([]));
}
