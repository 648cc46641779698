//! Our answers on the database that the original wrote, against the original's.

use std::collections::BTreeSet;

use decnet_db::call::call;
use serde_json::{Value, json};

use crate::support::{Database, original};

const METHODS: [&str; 23] = [
    "bump_attacker_ipv6_leak",
    "count_attacker_ip_leaks",
    "get_all_attackers_for_export",
    "get_attacker_artifacts",
    "get_attacker_behavior",
    "get_attacker_by_uuid",
    "get_attacker_commands",
    "get_attacker_ip_leaks",
    "get_attacker_service_activity",
    "get_attacker_stored_mail",
    "get_attacker_transcripts",
    "get_attacker_uuid_by_ip",
    "get_attackers",
    "get_behaviors_for_ips",
    "get_session_log",
    "get_total_attackers",
    "increment_smtp_target",
    "list_attacker_commands_deduped",
    "list_smtp_targets",
    "purge_logs_and_bounties",
    "smtp_target_seen",
    "upsert_attacker",
    "upsert_attacker_behavior",
];

/// A call whose answer a ruling changes: its number, the ruling, our answer.
type Ruled = (u64, &'static str, Result<Value, &'static str>);

fn reads_ruled() -> Vec<Ruled> {
    vec![
        (110, "R5: _ is literal", Ok(json!([]))),
        (
            137,
            "R7: the JSON value is compared",
            Ok(json!({
                "attacker_ip": "203.0.113.7", "decky": "decky-02", "event_type": "session_recorded",
                "fields": "{\"sid\": \"7b2d0f0e-9b1a-4c55-8d3e-000000000002\", \"service\": \"ssh\"}",
                "id": 6, "msg": null, "raw_line": "sess spaced json", "service": "ssh", "span_id": null,
                "timestamp": "2026-01-02T00:00:01Z", "trace_id": null
            })),
        ),
    ]
}

fn mutations_ruled() -> Vec<Ruled> {
    vec![
        (19, "R8: an unknown column", Err("invalid_input")),
        (20, "R15: a missing field is invalid input", Err("invalid_input")),
    ]
}

#[test]
fn reads() {
    original(async |db: Database| compare(&db, "reads", &reads_ruled()).await);
}

#[test]
fn mutations() {
    original(async |db: Database| compare(&db, "mutations", &mutations_ruled()).await);
}

async fn compare(db: &Database, part: &str, ruled: &[Ruled]) {
    let expected: Value = serde_json::from_str(include_str!("../golden/core.expected.json")).expect("JSON");
    let mut left: BTreeSet<_> = ruled.iter().map(|(n, ..)| *n).collect();
    let mut compared = 0;
    for recorded in expected[part].as_array().expect("a list") {
        let method = recorded["method"].as_str().expect("a name");
        if !METHODS.contains(&method) {
            continue;
        }
        let n = recorded["n"].as_u64().expect("a number");
        let ours = call(&*db.repository, method, recorded["args"].clone()).await;
        let ours = ours.map(|result| reduced(recorded, result.to_value().expect("the result is JSON")));
        let ours = ours.map_err(|error| error.kind().as_str());
        let wanted = match ruled.iter().find(|(ruled, ..)| *ruled == n) {
            Some((_, _, answer)) => {
                left.remove(&n);
                answer.clone()
            }
            None => {
                Ok(native_times(recorded.get("result").unwrap_or_else(|| panic!("{n}: no ruling")).clone()))
            }
        };
        if method != "purge_logs_and_bounties" {
            assert_eq!(ours, wanted, "{n} {method} {}", recorded["args"]);
        }
        compared += 1;
    }
    assert!(compared > 5, "{part}: only {compared} calls");
    assert!(left.is_empty(), "rulings on calls that are not there: {left:?}");
}

fn reduced(recorded: &Value, result: Value) -> Value {
    match recorded["result_is"].as_str() {
        Some("ip of each row in returned order") => {
            result.as_array().expect("a list").iter().map(|row| row["ip"].clone()).collect()
        }
        Some("unordered set of pairs, sorted here") | None => result,
        Some(other) => panic!("the reduction {other:?} is not written yet"),
    }
}

/// `{"$datetime": "…+00:00"}` as ruling R1 shows it.
fn native_times(value: Value) -> Value {
    match value {
        Value::Object(mut map) => match map.remove("$datetime") {
            Some(Value::String(text)) => Value::String(text.replace("+00:00", "Z")),
            _ => map.into_iter().map(|(key, value)| (key, native_times(value))).collect(),
        },
        other => other,
    }
}
