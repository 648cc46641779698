//! The shapes of the answers.

use decnet_db::contract::{FleetDecky, NewBounty, NewLog};
use decnet_db::sql::Changeset;
use decnet_db::time::Timestamp;
use serde_json::{Value, json};

use crate::client::Client;
use crate::support::{Database, each_backend};

each_backend!(
    events_come_by_offset_and_by_key,
    figures_are_the_contracts,
    bounties_and_deckies,
    top_values_and_sessions,
    no_answer_has_a_hash,
);

pub(crate) fn time(second: i64) -> Timestamp {
    Timestamp::from_microseconds((1_767_225_600 + second) * 1_000_000).unwrap()
}

/// Five events, a minute apart; the last is hostile.
async fn add_events(database: &Database) {
    let event = |number: i64, service: &str, fields: Value| {
        NewLog::new("decky-01", service, "login_attempt", "203.0.113.7")
            .timestamp(time(number * 60))
            .raw_line(format!("line {number}"))
            .fields(fields)
    };
    let logs = vec![
        event(0, "ssh", json!({"username": "root", "session": "s1"})),
        event(1, "ssh", json!({"username": "root", "session": "s1"})),
        event(2, "telnet", json!({"username": "admin"})),
        event(3, "ssh", json!({"username": "root"})),
        event(4, "http", json!({"path": "<img src=x onerror=alert(1)>\u{1b}[2J\u{0}\u{202e}"})),
    ];
    database.add_logs(logs).await.unwrap();
}

fn lines(page: &Value) -> Vec<&str> {
    page["data"].as_array().unwrap().iter().map(|log| log["raw_line"].as_str().unwrap()).collect()
}

async fn events_come_by_offset_and_by_key(database: Database) {
    let client = Client::signed_in(&database.repository).await;
    add_events(&database).await;
    let first = client.json("/logs?limit=2").await;
    assert_eq!((&first["total"], &first["limit"], &first["offset"]), (&json!(5), &json!(2), &json!(0)));
    assert_eq!(lines(&first), ["line 4", "line 3"]);
    let second = client.json("/logs?limit=2&offset=2").await;
    assert_eq!((&second["total"], &second["offset"], &second["next"]), (&json!(5), &json!(2), &Value::Null));
    assert_eq!(lines(&second), ["line 2", "line 1"]);

    let mut next = first["next"].clone();
    let mut pages = Vec::new();
    while let Some(after) = next.as_str() {
        let page = client.json(&format!("/logs?limit=2&after={after}")).await;
        assert_eq!(page["total"], Value::Null);
        pages.extend(lines(&page).into_iter().map(str::to_owned));
        next = page["next"].clone();
    }
    assert_eq!(pages, ["line 2", "line 1", "line 0"]);

    let found = client.json("/logs?search=service:ssh%20username:root&start_time=2026-01-01T00:01:00Z").await;
    assert_eq!(lines(&found), ["line 3", "line 1"]);

    // The record is the contract's, `fields` a text, whatever is in it.
    let event = &client.json("/logs?limit=1").await["data"][0];
    assert_eq!(event["timestamp"], "2026-01-01T00:04:00Z");
    let fields: Value = serde_json::from_str(event["fields"].as_str().unwrap()).unwrap();
    assert_eq!(fields["path"], "<img src=x onerror=alert(1)>\u{1b}[2J\u{0}\u{202e}");
    let members: Vec<_> = event.as_object().unwrap().keys().map(String::as_str).collect();
    for member in
        ["id", "decky", "service", "event_type", "attacker_ip", "raw_line", "msg", "trace_id", "span_id"]
    {
        assert!(members.contains(&member), "{members:?}");
    }
}

async fn figures_are_the_contracts(database: Database) {
    let client = Client::signed_in(&database.repository).await;
    add_events(&database).await;
    let stats = client.json("/stats").await;
    let expected =
        json!({"total_logs": 5, "unique_attackers": 1, "active_deckies": 0, "deployed_deckies": 0});
    assert_eq!(stats, expected);
    assert_eq!(
        client.json("/logs/histogram?interval_minutes=2&search=service:ssh").await,
        json!([{"time": "2026-01-01 00:00:00", "count": 2}, {"time": "2026-01-01 00:02:00", "count": 1}])
    );
    let whole = client.json("/logs/histogram").await;
    assert_eq!(whole, json!([{"time": "2026-01-01 00:00:00", "count": 5}]));
}

async fn bounties_and_deckies(database: Database) {
    let client = Client::signed_in(&database.repository).await;
    for (number, kind) in ["credential", "fingerprint", "credential"].into_iter().enumerate() {
        let bounty = NewBounty::new("decky-01", "ssh", "203.0.113.7", kind);
        let bounty = bounty.payload(json!({"number": number})).timestamp(time(0));
        database.add_bounty(bounty).await.unwrap();
    }
    let page = client.json("/bounty?bounty_type=credential&limit=1").await;
    assert_eq!((&page["total"], &page["data"][0]["payload"]), (&json!(2), &json!({"number": 2})));
    let after = page["next"].as_str().unwrap();
    let page = client.json(&format!("/bounty?bounty_type=credential&limit=1&after={after}")).await;
    assert_eq!(page["data"][0]["payload"], json!({"number": 0}));
    assert_eq!(client.json("/bounty?search=%22number%22:1").await["total"], 1);

    let decky = Changeset::new()
        .set(FleetDecky::NAME, "decky-01")
        .set(FleetDecky::STATE, "running")
        .set(FleetDecky::DECKY_CONFIG, r#"{"name":"decky-01"}"#);
    database.upsert_fleet_decky(decky).await.unwrap();
    assert_eq!(client.json("/deckies").await, json!([{"name": "decky-01"}]));
    let fleet = client.json("/fleet").await;
    assert_eq!((&fleet[0]["name"], &fleet[0]["state"]), (&json!("decky-01"), &json!("running")));
    assert_eq!(client.json("/stats").await["active_deckies"], 1);
}

async fn top_values_and_sessions(database: Database) {
    let client = Client::signed_in(&database.repository).await;
    add_events(&database).await;
    let top = client.json("/top?column=usernames&limit=1").await;
    assert_eq!(top, json!({"values": [{"value": "root", "count": 3}], "distinct": 2, "events": 4}));
    for column in ["attackers", "services", "deckies", "events", "countries", "passwords", "commands"] {
        let top = client.json(&format!("/top?column={column}&search=service:ssh")).await;
        assert!(top["values"].is_array(), "{column}");
    }
    let session = client.json("/sessions/s1").await;
    assert_eq!(
        (&session["id"], &session["member"], &session["total"]),
        (&json!("s1"), &json!("session"), &json!(2))
    );
    assert_eq!(session["events"].as_array().unwrap().len(), 2);
}

async fn no_answer_has_a_hash(database: Database) {
    let client = Client::signed_in(&database.repository).await;
    add_events(&database).await;
    for path in ["/auth/me", "/logs", "/stats", "/attackers", "/bounty", "/deckies", "/fleet", "/health"] {
        let answer = client.get(path).await;
        assert!(
            !answer.text.contains("$2b$") && !answer.text.contains("password_hash"),
            "{path}: {answer:?}"
        );
    }
}
