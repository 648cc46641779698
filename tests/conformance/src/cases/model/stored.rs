//! What a database has, in the model's words.

use std::collections::BTreeMap;

use decnet_db_core::contract::limits::MOST_ROWS;
use decnet_db_core::contract::{
    Attacker as AttackerRow, AttackerOrder, AttackerQuery, Bounty as BountyRow, BountyQuery,
    Credential as CredentialRow, CredentialQuery, Log, LogFilter, Repository,
};
use decnet_db_core::time::Timestamp;

use super::operation::{KEYS, KINDS, LINES, OUTCOMES, PAYLOADS, PRINCIPALS, ROLES, SECRETS, SOURCES, USERS};
use super::reference::{Bounty, Event, Model};

/// When the histories' time begins.
const EPOCH: i64 = 1_700_000_000;

pub(crate) fn time(second: i64) -> Timestamp {
    Timestamp::from_microseconds((EPOCH + second) * 1_000_000).expect("a time")
}

fn second(time: Timestamp) -> i64 {
    time.as_seconds_floor() - EPOCH
}

/// The one of the words that this is; what no history has written is a word of its own.
pub(crate) fn word(words: &[&'static str], text: &str) -> &'static str {
    words.iter().copied().find(|word| *word == text).unwrap_or("(something that was never written)")
}

pub(crate) fn event(log: &Log) -> Event {
    let source = word(&SOURCES, &log.attacker_ip);
    Event { second: second(log.timestamp), source, line: word(&LINES, &log.raw_line) }
}

pub(crate) fn bounty(row: &BountyRow) -> Bounty {
    Bounty {
        second: second(row.timestamp),
        source: word(&SOURCES, &row.attacker_ip),
        kind: word(&KINDS, &row.bounty_type),
        payload: word(&PAYLOADS, row.payload.text()),
    }
}

pub(crate) fn attacker(row: &AttackerRow) -> (&'static str, (i64, i64, i64)) {
    (word(&SOURCES, &row.ip), (second(row.first_seen), second(row.last_seen), row.event_count))
}

pub(crate) type CredentialParts =
    ((&'static str, &'static str, &'static str), (Option<&'static str>, Option<&'static str>, i64));

pub(crate) fn credential(row: &CredentialRow) -> CredentialParts {
    let principal = |text: &str| word(&PRINCIPALS, text);
    let secret = SECRETS.iter().copied().find(|secret| sha256(secret) == row.secret_sha256);
    (
        (word(&SOURCES, &row.attacker_ip), secret.unwrap_or("?"), principal(&row.principal_key)),
        (
            row.principal.as_deref().map(principal),
            row.outcome.as_deref().map(|outcome| word(&OUTCOMES, outcome)),
            row.attempt_count,
        ),
    )
}

/// What stands for the digest of a secret.
pub(crate) fn sha256(secret: &str) -> String {
    secret.repeat(32)
}

/// All that is stored. Rows that are one by their key and yet there twice are shown as so many attempts, or in `tags` or
/// `users` under another key, and so differ from any model.
pub(crate) async fn stored(
    db: &dyn Repository,
    uuids: &BTreeMap<String, &'static str>,
) -> decnet_db_core::Result<Model> {
    let mut model = Model::default();
    let logs = db.get_logs_after_id(-1, MOST_ROWS, LogFilter::all()).await?;
    model.events = logs.iter().map(event).collect();
    let mut bounties = db.get_bounties(BountyQuery::new().limit(MOST_ROWS)).await?;
    bounties.sort_by_key(|bounty| bounty.id);
    model.bounties = bounties.iter().map(bounty).collect();
    for key in KEYS {
        if let Some(value) = db.get_state(key).await? {
            model.state.insert(key, value.as_str().parse().unwrap_or(i64::MIN));
        }
    }
    for row in db.get_attackers(AttackerQuery::new().limit(MOST_ROWS), AttackerOrder::Recent).await? {
        let (source, mut parts) = attacker(&row);
        parts.2 += model.attackers.get(source).map_or(0, |_| 1_000);
        model.attackers.insert(source, parts);
    }
    for row in db.get_credentials(CredentialQuery::new().limit(MOST_ROWS)).await? {
        let (key, mut parts) = credential(&row);
        parts.2 += model.credentials.get(&key).map_or(0, |_| 1_000);
        model.credentials.insert(key, parts);
    }
    for tag in db.export_ttp_tags(1_000, None).await?.data {
        let of = tag.attacker_uuid.as_ref().and_then(|uuid| uuids.get(uuid));
        model.tags.insert(tag.uuid, of.copied().unwrap_or("(nobody)"));
    }
    for user in db.list_users().await? {
        model.users.insert(user.uuid, (word(&USERS, &user.username), word(&ROLES, &user.role)));
    }
    Ok(model)
}
