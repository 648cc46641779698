//! Bounties: what is the same, what order they are in.

use decnet_db_core::contract::{BountyFilter, BountyQuery, NewBounty};
use serde_json::json;

use crate::database::Database;
use crate::json::called;

fn bounty(payload: &str) -> NewBounty {
    NewBounty::new("d", "ssh", "203.0.113.7", "credential").payload(payload)
}

pub(crate) async fn what_differs_in_nothing_that_counts_is_stored_once(db: Database) {
    for payload in ["secret", "secret", "Secret", "secret ", "sécret", "secret"] {
        db.add_bounty(bounty(payload)).await.unwrap();
    }
    assert_eq!(db.get_total_bounties(BountyFilter::all()).await.unwrap(), 4);
    // Another attacker's or another kind is another one; another decky's is not.
    db.add_bounty(NewBounty::new("d", "ssh", "203.0.113.8", "credential").payload("secret")).await.unwrap();
    db.add_bounty(NewBounty::new("d", "ssh", "203.0.113.7", "artifact").payload("secret")).await.unwrap();
    db.add_bounty(NewBounty::new("e", "http", "203.0.113.7", "credential").payload("secret")).await.unwrap();
    assert_eq!(db.get_total_bounties(BountyFilter::all()).await.unwrap(), 6);
}

pub(crate) async fn bounties_are_newest_first_with_ties_by_id(db: Database) {
    for (payload, time) in
        [("a", "2026-01-02"), ("b", "2026-01-01"), ("c", "2026-01-02"), ("d", "2026-01-03")]
    {
        let mut new = bounty(payload);
        new.timestamp = Some(time.parse().unwrap());
        db.add_bounty(new).await.unwrap();
    }
    let payloads = async |query: BountyQuery| {
        let found = db.get_bounties(query).await.unwrap();
        found.iter().map(|bounty| bounty.payload.text().to_owned()).collect::<Vec<_>>()
    };
    let all = || BountyQuery::new();
    assert_eq!(payloads(all()).await, ["d", "c", "a", "b"]);
    assert_eq!(payloads(all().limit(2).offset(1)).await, ["c", "a"]);
    assert_eq!(payloads(all().limit(0)).await, [""; 0]);
}

pub(crate) async fn bounties_are_grouped_by_their_attackers(db: Database) {
    for (ip, payload) in [("203.0.113.8", "x"), ("203.0.113.7", "x"), ("203.0.113.8", "y"), ("::1", "x")] {
        db.add_bounty(NewBounty::new("d", "s", ip, "artifact").payload(payload)).await.unwrap();
    }
    let all = db.get_all_bounties_by_ip().await.unwrap();
    let counts: Vec<_> = all.iter().map(|(ip, bounties)| (ip.as_str(), bounties.len())).collect();
    assert_eq!(counts, [("203.0.113.7", 1), ("203.0.113.8", 2), ("::1", 1)]);
    let wanted = ["203.0.113.8".to_owned(), "nobody".to_owned(), "203.0.113.8".to_owned()];
    let some = db.get_bounties_for_ips(&wanted).await.unwrap();
    assert_eq!(some.len(), 1);
    assert_eq!(some["203.0.113.8"], all["203.0.113.8"]);
    assert!(db.get_bounties_for_ips(&[]).await.unwrap().is_empty());
}

pub(crate) async fn a_payload_of_json_keeps_its_spelling(db: Database) {
    for payload in [r#"{"b": 1,  "a":2.50}"#, "[1,\"é\"]", "not json", "123456789012345678901234567890"] {
        db.add_bounty(bounty(payload)).await.unwrap();
    }
    let found = db.get_bounties(BountyQuery::new()).await.unwrap();
    let mut texts: Vec<_> = found.iter().map(|bounty| bounty.payload.text().to_owned()).collect();
    texts.sort();
    assert_eq!(texts, ["123456789012345678901234567890", "[1,\"é\"]", "not json", r#"{"b": 1,  "a":2.50}"#]);
    assert_eq!(called(&*db, "get_total_bounties", json!({"bounty_type": "credential"})).await, 4);
    assert_eq!(called(&*db, "get_total_bounties", json!({"bounty_type": "CREDENTIAL"})).await, 0);
}
