//! What the service says of attackers.

use std::collections::BTreeSet;

use axum::http::{StatusCode, header};
use decnet_db::contract::{Attacker, AttackerBehavior, AttackerIntel, NewBounty, NewLog};
use decnet_db::sql::Changeset;
use serde_json::{Value, json};

use crate::client::Client;
use crate::shapes::time;
use crate::support::{Database, each_backend};

each_backend!(attackers_and_what_they_did, what_is_known_of_an_attacker, an_export_has_every_attacker);

async fn attackers_and_what_they_did(database: Database) {
    let client = Client::signed_in(&database.repository).await;
    let attacker = |ip: &str, events: i64, seen: i64| {
        Changeset::new()
            .set(Attacker::IP, ip)
            .set(Attacker::FIRST_SEEN, time(0))
            .set(Attacker::LAST_SEEN, time(seen))
            .set(Attacker::EVENT_COUNT, events)
            .set(Attacker::SERVICES, r#"["ssh"]"#)
            .set(
                Attacker::COMMANDS,
                r#"[{"command_text": "id", "service": "ssh"}, {"command_text": "w", "service": "telnet"}]"#,
            )
    };
    let uuid = database.upsert_attacker(attacker("203.0.113.7", 9, 1)).await.unwrap();
    database.upsert_attacker(attacker("203.0.113.8", 1, 2)).await.unwrap();
    database.upsert_attacker(attacker("198.51.100.9", 5, 3)).await.unwrap();
    database.increment_smtp_target(&uuid, "example.org").await.unwrap();

    let ips = |page: &Value| -> Vec<String> {
        let data = page["data"].as_array().unwrap();
        data.iter().map(|attacker| attacker["ip"].as_str().unwrap().to_owned()).collect()
    };
    let recent = client.json("/attackers?limit=2").await;
    assert_eq!((&recent["total"], &recent["limit"]), (&json!(3), &json!(2)));
    assert_eq!(ips(&recent), ["198.51.100.9", "203.0.113.8"]);
    let after = recent["next"].as_str().unwrap();
    assert_eq!(ips(&client.json(&format!("/attackers?limit=2&after={after}")).await), ["203.0.113.7"]);
    let active = client.json("/attackers?sort_by=active&search=203.0.113&service=SSH").await;
    assert_eq!(ips(&active), ["203.0.113.7", "203.0.113.8"]);
    assert_eq!(ips(&client.json("/attackers?sort_by=traversals&offset=2").await).len(), 1);

    let one = client.json(&format!("/attackers/{uuid}")).await;
    assert_eq!((&one["ip"], &one["services"]), (&json!("203.0.113.7"), &json!(["ssh"])));
    let commands = client.json(&format!("/attackers/{uuid}/commands?service=ssh")).await;
    assert_eq!(
        commands,
        json!({"total": 1, "limit": 50, "offset": 0, "data": [{"command_text": "id", "service": "ssh"}]})
    );
    let targets = client.json(&format!("/attackers/{uuid}/smtp-targets")).await;
    assert_eq!(targets["total"], 1);
    assert_eq!(
        (&targets["data"][0]["domain"], &targets["data"][0]["count"]),
        (&json!("example.org"), &json!(1))
    );
}

async fn what_is_known_of_an_attacker(database: Database) {
    let client = Client::signed_in(&database.repository).await;
    let ip = "203.0.113.7";
    let attacker = Changeset::new()
        .set(Attacker::IP, ip)
        .set(Attacker::FIRST_SEEN, time(0))
        .set(Attacker::LAST_SEEN, time(1));
    let uuid = database.upsert_attacker(attacker).await.unwrap();
    let path = |rest: &str| format!("/attackers/{uuid}{rest}");
    let none = client.json(&path("")).await;
    assert_eq!((&none["behavior"], &none["observations"]), (&json!(null), &json!([])));
    assert_eq!(none["service_activity"], json!({"interacted": [], "scanned": []}));
    assert_eq!(client.get(&path("/intel")).await.status, StatusCode::NOT_FOUND);
    for name in ["artifacts", "mail", "transcripts"] {
        assert_eq!(client.json(&path(&format!("/{name}"))).await, json!({"total": 0, "data": []}));
    }

    for (service, kind) in
        [("ssh", "command"), ("ftp", "connect"), ("ssh", "file_captured"), ("smtp", "message_stored")]
    {
        database.add_log(NewLog::new("decky-01", service, kind, ip).raw_line(kind)).await.unwrap();
    }
    database
        .add_bounty(NewBounty::new("decky-01", "http", ip, "ip_leak").payload(json!({"x": 1})))
        .await
        .unwrap();
    let behavior = Changeset::new().set(AttackerBehavior::OS_GUESS, "Linux");
    database.upsert_attacker_behavior(&uuid, behavior).await.unwrap();
    let verdict = Changeset::new()
        .set(AttackerIntel::ATTACKER_UUID, uuid.as_str())
        .set(AttackerIntel::ATTACKER_IP, ip)
        .set(AttackerIntel::AGGREGATE_VERDICT, "malicious")
        .set(AttackerIntel::EXPIRES_AT, time(2));
    database.upsert_attacker_intel(verdict).await.unwrap();

    let one = client.json(&path("")).await;
    assert_eq!(one["service_activity"], json!({"interacted": ["ssh"], "scanned": ["ftp", "smtp"]}));
    assert_eq!((&one["behavior"]["os_guess"], &one["ip_leaks_total"]), (&json!("Linux"), &json!(1)));
    assert_eq!(one["ip_leaks"][0]["payload"], json!({"x": 1}));
    assert_eq!(client.json("/attackers").await["data"][0]["behavior"], one["behavior"]);
    assert_eq!(client.json(&path("/intel")).await["aggregate_verdict"], "malicious");
    for (name, line) in [("artifacts", "file_captured"), ("mail", "message_stored")] {
        let found = client.json(&path(&format!("/{name}"))).await;
        assert_eq!((&found["total"], &found["data"][0]["raw_line"]), (&json!(1), &json!(line)));
    }
}

async fn an_export_has_every_attacker(database: Database) {
    let client = Client::signed_in(&database.repository).await;
    let answer = client.get("/attackers/export").await;
    assert_eq!(answer.json()["observations"], json!([]));
    // More than are read at once.
    let ips: Vec<String> =
        (0..1_100).map(|number| format!("203.0.{}.{}", number / 250, number % 250)).collect();
    let mut unit = database.unit();
    for ip in &ips {
        let attacker = Changeset::new()
            .set(Attacker::IP, ip.as_str())
            .set(Attacker::FIRST_SEEN, time(0))
            .set(Attacker::LAST_SEEN, time(1));
        unit = unit.upsert_attacker(attacker);
    }
    unit.commit().await.unwrap();
    let answer = client.get("/attackers/export").await;
    let name = answer.headers[header::CONTENT_DISPOSITION].to_str().unwrap();
    assert!(
        name.starts_with("attachment; filename=\"decnet-export-20") && name.ends_with("Z.json\""),
        "{name}"
    );
    let document = answer.json();
    assert_eq!(document["export_metadata"]["total_records"], 1_100);
    let observations = document["observations"].as_array().unwrap();
    let found: BTreeSet<&str> =
        observations.iter().map(|attacker| attacker["ip"].as_str().unwrap()).collect();
    assert_eq!((observations.len(), found), (1_100, ips.iter().map(String::as_str).collect()));
}
