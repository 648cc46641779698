//! What attackers left behind.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::SqlRepository;
use super::support::Pages;
use crate::contract::limits::check_keys;
use crate::contract::unit::UnitOfWork;
use crate::contract::{Bounties, Bounty, BountyCursor, BountyFilter, BountyQuery, NewBounty, Page};
use crate::error::Result;
use crate::sql::{Column, Insert, Sql};

/// The columns that a search looks into.
const SEARCHED: [&Column; 4] = [
    Bounty::DECKY.column(),
    Bounty::SERVICE.column(),
    Bounty::ATTACKER_IP.column(),
    Bounty::PAYLOAD.column(),
];

#[async_trait]
impl Bounties for SqlRepository {
    async fn get_bounties(&self, query: BountyQuery) -> Result<Vec<Bounty>> {
        self.list(|sql| newest_first(matching(sql, &query.filter)).part(query.limit, query.offset)).await
    }

    async fn get_bounties_page(
        &self,
        limit: u64,
        filter: BountyFilter,
        after: Option<BountyCursor>,
    ) -> Result<Page<Bounty, BountyCursor>> {
        let pages = Pages::by(Bounty::TIMESTAMP, limit)?;
        let mut sql = self.select::<Bounty>();
        pages.after(&mut sql, after.as_ref())?;
        newest_first(matching(&mut sql, &filter));
        pages.limit(&mut sql);
        let bounties = self.read(sql).await?.records()?;
        Ok(pages.page(bounties, |last: &Bounty| (last.timestamp.into(), last.id.into())))
    }

    async fn get_total_bounties(&self, filter: BountyFilter) -> Result<u64> {
        self.count::<Bounty>(|sql| matching(sql, &filter)).await
    }

    async fn get_all_bounties_by_ip(&self) -> Result<BTreeMap<String, Vec<Bounty>>> {
        Ok(by_ip(self.list(oldest_first).await?))
    }

    async fn get_bounties_for_ips(&self, ips: &[String]) -> Result<BTreeMap<String, Vec<Bounty>>> {
        check_keys("ips", ips.len())?;
        let mut found = BTreeMap::new();
        for ips in self.chunks(Bounty::ATTACKER_IP, ips.iter().map(String::as_str)) {
            let bounties = self.list(|sql| oldest_first(sql.only_in(Bounty::ATTACKER_IP, ips))).await?;
            found.extend(by_ip(bounties));
        }
        Ok(found)
    }

    async fn get_fingerprint_bounties_by_ip(&self, ip: &str) -> Result<Vec<Bounty>> {
        self.list(|sql| oldest_first(of_type(sql.only(Bounty::ATTACKER_IP, ip), "fingerprint"))).await
    }

    async fn get_all_fingerprint_bounties_for_export(&self) -> Result<BTreeMap<String, Vec<Bounty>>> {
        Ok(by_ip(self.list(|sql| oldest_first(sql.only(Bounty::BOUNTY_TYPE, "fingerprint"))).await?))
    }

    async fn count_probe_relays(&self, attacker_ip: &str, decky: &str) -> Result<u64> {
        self.count::<Bounty>(|sql| {
            let sql = sql.only(Bounty::ATTACKER_IP, attacker_ip).only(Bounty::DECKY, decky);
            of_type(sql, "probe_relay")
        })
        .await
    }
}

fn newest_first<'s, 'd>(sql: &'s mut Sql<'d>) -> &'s mut Sql<'d> {
    sql.desc(Bounty::TIMESTAMP).desc(Bounty::ID)
}

fn oldest_first<'s, 'd>(sql: &'s mut Sql<'d>) -> &'s mut Sql<'d> {
    sql.asc(Bounty::TIMESTAMP).asc(Bounty::ID)
}

fn by_ip(bounties: Vec<Bounty>) -> BTreeMap<String, Vec<Bounty>> {
    let mut by_ip: BTreeMap<String, Vec<Bounty>> = BTreeMap::new();
    for bounty in bounties {
        match by_ip.get_mut(&bounty.attacker_ip) {
            Some(list) => list.push(bounty),
            None => {
                by_ip.insert(bounty.attacker_ip.clone(), vec![bounty]);
            }
        }
    }
    by_ip
}

/// Bounties: see [`Bounties`].
impl<'r, T> UnitOfWork<'r, T> {
    /// See [`Bounties::add_bounty`].
    pub fn add_bounty(self, bounty_data: NewBounty) -> UnitOfWork<'r> {
        self.steps(|steps| {
            let (kind, ip) = (bounty_data.bounty_type.clone(), bounty_data.attacker_ip.clone());
            let payload = bounty_data.payload.text().to_owned();
            let row = Insert::row(bounty_data)?;
            // No unique key keeps duplicates out (DECNET's table has none), so concurrent look-ups must not overlap.
            steps.guard("bounty", &ip);
            steps.execute(|sql| {
                sql.insert_select(&row).and().push("NOT EXISTS ").subquery(|sql| {
                    let sql = sql.push("SELECT 1").from::<Bounty>().only(Bounty::ATTACKER_IP, ip);
                    of_type(sql, &kind).only(Bounty::PAYLOAD, payload)
                })
            })?;
            Ok(())
        })
    }
}

/// Adds that a source's bounty is of this type, in words that no index answers: there are few types, and SQLite would as soon
/// look through the index of all bounties of one of them as through the few of the source.
fn of_type<'s, 'd>(sql: &'s mut Sql<'d>, bounty_type: &str) -> &'s mut Sql<'d> {
    sql.and().push("CASE WHEN ").eq(Bounty::BOUNTY_TYPE, bounty_type).push(" THEN 1 ELSE 0 END = 1")
}

/// Adds the conditions of the filter.
fn matching<'s, 'd>(sql: &'s mut Sql<'d>, filter: &BountyFilter) -> &'s mut Sql<'d> {
    sql.only_if(Bounty::BOUNTY_TYPE, filter.bounty_type.as_deref())
        .searched(&SEARCHED, filter.search.as_deref())
}
