//! Events of known times and sources, and what hangs on sources.

use std::time::Duration;

use decnet_db::Repository;
use decnet_db::call::call;
use decnet_db::contract::{Log, NewLog, Stats};
use decnet_db::time::Timestamp;
use serde_json::json;

/// The instant so many minutes after the beginning of 2026.
pub(crate) fn minute(number: u64) -> Timestamp {
    let begin: Timestamp = "2026-01-01".parse().unwrap();
    begin.checked_add(Duration::from_secs(60 * number)).unwrap()
}

/// An event of this minute.
pub(crate) fn event(number: u64, source: &str) -> NewLog {
    NewLog::new("decky-01", "ssh", "login_attempt", source)
        .timestamp(minute(number))
        .raw_line(format!("event {number} \u{e9}\u{1f980} \"quoted\" \u{1b}[31m"))
        .fields(json!({"number": number}))
}

/// Events of the minutes from 0 on, one each, by ten sources in turn.
pub(crate) async fn fill(db: &dyn Repository, count: u64) {
    for from in (0..count).step_by(1_000) {
        let events = (from..count.min(from + 1_000)).map(|number| event(number, &source(number))).collect();
        db.add_logs(events).await.unwrap();
    }
}

/// The source of an event of [`fill`].
pub(crate) fn source(number: u64) -> String {
    format!("203.0.113.{}", number % 10)
}

/// Everything that hangs on a source: a bounty, a credential, an attacker with all that refers to it.
pub(crate) async fn known(db: &dyn Repository, ip: &str) -> String {
    let called = async |method: &str, arguments: serde_json::Value| {
        let answer = call(db, method, arguments).await;
        answer.unwrap_or_else(|error| panic!("{method}: {error}")).to_value().unwrap()
    };
    let seen = "2026-01-01T00:00:00Z";
    let uuid =
        called("upsert_attacker", json!({"data": {"ip": ip, "first_seen": seen, "last_seen": seen}})).await;
    let uuid = uuid.as_str().unwrap().to_owned();
    called(
        "add_bounty",
        json!({"bounty_data": {"decky": "d", "service": "ssh", "attacker_ip": ip, "bounty_type": "fingerprint",
            "payload": {"ip": ip}}}),
    )
    .await;
    called(
        "upsert_credential",
        json!({"data": {"attacker_ip": ip, "attacker_uuid": uuid, "decky_name": "d", "service": "ssh",
            "principal": "root", "secret_sha256": format!("{:064}", ip.len()), "secret_b64": "eA==",
            "secret_printable": "x"}}),
    )
    .await;
    called("upsert_attacker_behavior", json!({"attacker_uuid": uuid, "data": {"os_guess": "linux"}})).await;
    called(
        "record_fingerprint",
        json!({"attacker_ip": ip, "port": 22, "probe_type": "hassh", "new_hash": "h", "ts": seen}),
    )
    .await;
    called("increment_smtp_target", json!({"attacker_uuid": uuid, "domain": "example.com"})).await;
    uuid
}

/// The rows of the tables that hang on sources.
pub(crate) async fn hanging(db: &dyn Repository) -> Vec<(&'static str, u64)> {
    const TABLES: [&str; 6] = [
        "attackers",
        "bounty",
        "credentials",
        "attacker_behavior",
        "attacker_fingerprint_state",
        "smtp_targets",
    ];
    let counts = db.row_counts().await.unwrap();
    counts
        .into_iter()
        .filter(|(table, _)| TABLES.contains(table))
        .map(|(table, rows)| (table, rows.unwrap()))
        .collect()
}

/// All events, by id.
pub(crate) async fn events(db: &dyn Repository) -> Vec<Log> {
    let (mut all, mut last) = (Vec::new(), i64::MIN);
    loop {
        let page = db.get_logs_after_id(last, 1_000, Default::default()).await.unwrap();
        let Some(event) = page.last() else { return all };
        last = event.id;
        all.extend(page);
    }
}

/// The figures of a repository that are kept from one call to the next.
pub(crate) async fn figures(db: &dyn Repository) -> (Stats, u64, Vec<decnet_db::contract::Bucket>) {
    (
        db.get_stats_summary().await.unwrap(),
        db.get_total_logs(Default::default()).await.unwrap(),
        db.get_log_histogram(Default::default(), 60).await.unwrap(),
    )
}
