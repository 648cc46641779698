//! What reads answer, compared with the model.

use decnet_db_core::Result;
use decnet_db_core::contract::{
    AttackerOrder, AttackerQuery, BountyFilter, BountyQuery, LogFilter, LogQuery, Repository,
};

use super::operation::{KINDS, PAYLOADS, Read, SEARCHES, SOURCES, USERS};
use super::reference::{Bounty, Event, Model};
use super::stored::{attacker, bounty, credential, event};

/// What differs, if anything does.
pub(crate) async fn differs(db: &dyn Repository, model: &Model, read: &Read) -> Result<Option<String>> {
    match *read {
        Read::Search { search } => searched(db, model, SEARCHES[search]).await,
        Read::Page { offset, limit } => {
            let query = LogQuery::new().offset(offset as u64).limit(limit as u64);
            let found: Vec<Event> = db.get_logs(query).await?.iter().map(event).collect();
            let expected: Vec<&Event> = model.newest_events().into_iter().skip(offset).take(limit).collect();
            Ok(unequal("the page", &found.iter().collect::<Vec<_>>(), &expected))
        }
        Read::PageByPage { limit } => {
            let mut found = Vec::new();
            let mut after = None;
            loop {
                let page = db.get_logs_page(limit as u64, LogFilter::all(), after).await?;
                found.extend(page.data.iter().map(event));
                after = page.next;
                if after.is_none() {
                    return Ok(unequal(
                        "the pages",
                        &found.iter().collect::<Vec<_>>(),
                        &model.newest_events(),
                    ));
                }
            }
        }
        Read::Bounties { kind, payload } => {
            let kind = kind.map(|kind| KINDS[kind]);
            let payload = payload.map(|payload| PAYLOADS[payload]);
            let is_wanted = |bounty: &Bounty| {
                let folded = bounty.payload.to_ascii_lowercase();
                kind.is_none_or(|kind| bounty.kind == kind)
                    && payload.is_none_or(|payload| folded.contains(&payload.to_ascii_lowercase()))
            };
            let expected: Vec<&Bounty> =
                model.newest_bounties().into_iter().filter(|bounty| is_wanted(bounty)).collect();
            let mut query = BountyQuery::new().limit(1_000);
            let mut filter = BountyFilter::all();
            if let Some(kind) = kind {
                query = query.bounty_type(kind);
                filter = filter.bounty_type(kind);
            }
            if let Some(payload) = payload {
                query = query.search(payload);
                filter = filter.search(payload);
            }
            let found: Vec<Bounty> = db.get_bounties(query).await?.iter().map(bounty).collect();
            let total = db.get_total_bounties(filter).await?;
            Ok(unequal("the bounties", &found.iter().collect::<Vec<_>>(), &expected)
                .or_else(|| unequal("the total", &total, &(expected.len() as u64))))
        }
        Read::BountiesOf { source } => {
            let source = SOURCES[source];
            let mut found = db.get_bounties_for_ips(&[source.to_owned()]).await?;
            let found: Vec<Bounty> = found.remove(source).unwrap_or_default().iter().map(bounty).collect();
            let mut expected = model.newest_bounties();
            expected.reverse();
            expected.retain(|bounty| bounty.source == source);
            Ok(unequal("the source's bounties", &found.iter().collect::<Vec<_>>(), &expected))
        }
        Read::CredentialsOf { source } => {
            let source = SOURCES[source];
            let mut found: Vec<_> =
                db.get_credentials_for_attacker(source).await?.iter().map(credential).collect();
            found.sort_unstable();
            let of_source = model.credentials.iter().filter(|(key, _)| key.0 == source);
            let expected: Vec<_> = of_source.map(|(key, parts)| (*key, *parts)).collect();
            Ok(unequal("the source's credentials", &found, &expected))
        }
        Read::Attackers { active } => {
            let order = if active { AttackerOrder::Active } else { AttackerOrder::Recent };
            let rows = db.get_attackers(AttackerQuery::new().limit(1_000), order).await?;
            let rank = |parts: &(i64, i64, i64)| if active { parts.2 } else { parts.1 };
            // What ties is in the order of uuids, which are none of the model's.
            let found: Vec<i64> = rows.iter().map(|row| rank(&attacker(row).1)).collect();
            let mut expected: Vec<i64> = model.attackers.values().map(rank).collect();
            expected.sort_unstable_by(|a, b| b.cmp(a));
            Ok(unequal("the order", &found, &expected))
        }
        Read::User { name } => {
            let found = db.get_user_by_username(USERS[name]).await?;
            let found = found.map(|user| user.uuid);
            let expected = model.users.iter().find(|(_, (known, _))| *known == USERS[name]);
            Ok(unequal("the user", &found, &expected.map(|(uuid, _)| uuid.clone())))
        }
    }
}

async fn searched(db: &dyn Repository, model: &Model, search: &str) -> Result<Option<String>> {
    let mut expected = model.newest_events();
    expected.retain(|event| event.matches(search));
    let filter = || LogFilter::all().search(search);
    let total = db.get_total_logs(filter()).await?;
    let found = db.get_logs(LogQuery::new().search(search).limit(1_000)).await?;
    let found: Vec<Event> = found.iter().map(event).collect();
    let buckets = db.get_log_histogram(filter(), 1).await?;
    let counted: u64 = buckets.iter().map(|bucket| bucket.count).sum();
    Ok(unequal("what is found", &found.iter().collect::<Vec<_>>(), &expected)
        .or_else(|| unequal("the total", &total, &(expected.len() as u64)))
        .or_else(|| unequal("the histogram", &counted, &(expected.len() as u64))))
}

/// How an answer and the model differ, in words.
pub(crate) fn unequal<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Option<String> {
    (found != expected).then(|| format!("{what}: {found:?}, and the model has {expected:?}"))
}
