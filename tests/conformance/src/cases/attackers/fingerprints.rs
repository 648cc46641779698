//! Fingerprint rotation.

use std::collections::BTreeSet;

use decnet_db_core::ErrorKind;
use serde_json::{Value, json};

use crate::cases::calls::{Calls, at_once};
use crate::database::Database;

fn probe(hash: &str) -> Value {
    json!({"attacker_ip": "203.0.113.7", "port": 22, "probe_type": "hassh", "new_hash": hash, "ts": "2026-01-05"})
}

pub(crate) async fn outcomes_follow_what_was_seen_before(database: Database) {
    let db = Calls::of(&database);
    let none = db.called("record_fingerprint", probe("a")).await;
    assert_eq!(none, json!({"outcome": "no_attacker_row", "attacker_uuid": null}));
    let uuid = db.attacker("203.0.113.7").await;
    for (hash, outcome) in [("a", "first_sighting"), ("a", "unchanged")] {
        let expected = json!({"outcome": outcome, "attacker_uuid": uuid});
        assert_eq!(db.called("record_fingerprint", probe(hash)).await, expected);
    }
    assert_eq!(
        db.called("record_fingerprint", probe("A")).await,
        json!({"outcome": "rotated", "attacker_uuid": uuid, "attacker_ip": "203.0.113.7", "port": 22,
                "probe_type": "hassh", "old_hash": "a", "new_hash": "A", "rotation_count": 1,
                "ts": "2026-01-05T00:00:00Z"})
    );
    let row = db.called("get_attacker_by_uuid", json!({"uuid": uuid})).await;
    assert_eq!(
        (&row["rotation_count"], &row["last_rotation_at"]),
        (&json!(1), &json!("2026-01-05T00:00:00Z"))
    );
    for (argument, value) in [
        ("port", json!(2_147_483_648_i64)),
        ("probe_type", json!("x".repeat(17))),
        ("new_hash", json!("x".repeat(129))),
        ("ts", json!("yesterday")),
    ] {
        let mut arguments = probe("a");
        arguments[argument] = value;
        let (kind, message) = db.refused("record_fingerprint", arguments).await;
        assert_eq!(kind, ErrorKind::InvalidInput);
        assert!(message.starts_with(argument), "{message}");
    }
}

pub(crate) async fn the_state_that_the_original_left_goes_on(database: Database) {
    let database = database.golden().await;
    let db = Calls::of(&database);
    let rotated = db.called("record_fingerprint", probe("h3")).await;
    assert_eq!((&rotated["old_hash"], &rotated["rotation_count"]), (&json!("h2"), &json!(2)));
}

pub(crate) async fn every_rotation_counts_once_and_replaces_another_hash(database: Database) {
    let db = Calls::of(&database);
    let uuid = db.attacker("203.0.113.7").await;
    let caller = db.clone();
    let outcomes = at_once(64, move |number| {
        let db = caller.clone();
        async move { db.called("record_fingerprint", probe(&format!("hash {number}"))).await }
    })
    .await;
    let first = outcomes.iter().filter(|outcome| outcome["outcome"] == "first_sighting").count();
    let rotated: Vec<_> = outcomes.iter().filter(|outcome| outcome["outcome"] == "rotated").collect();
    assert_eq!((first, rotated.len()), (1, 63));
    let replaced: BTreeSet<_> = rotated.iter().map(|outcome| outcome["old_hash"].as_str()).collect();
    assert_eq!(replaced.len(), 63);
    assert_eq!(db.stored::<i64>("SELECT rotation_count FROM attacker_fingerprint_state").await, 63);
    assert_eq!(db.called("get_attacker_by_uuid", json!({"uuid": uuid})).await["rotation_count"], 63);
}
