//! What attackers left behind.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::page::{behind, page, rows_for};
use super::{SqlRepository, UnitOfWork};
use crate::contract::{Bounties, Bounty, BountyCursor, BountyFilter, BountyQuery, NewBounty, Page};
use crate::error::Result;
use crate::sql::{Insert, Record, Sql};

#[async_trait]
impl Bounties for SqlRepository {
    async fn add_bounty(&self, bounty_data: NewBounty) -> Result<()> {
        UnitOfWork::new(self)
            .add_bounty(bounty_data)
            .commit()
            .await
            .map_err(|error| error.within("bounty_data"))
    }

    async fn get_bounties(&self, query: BountyQuery) -> Result<Vec<Bounty>> {
        let (limit, offset) = (query.limit, query.offset);
        let mut sql = self.select::<Bounty>();
        matching(&mut sql, " WHERE ", &query.filter());
        sql.push(" ORDER BY ").identifier("timestamp").push(" DESC, id DESC").page(limit, offset);
        self.read(sql).await?.records()
    }

    async fn get_bounties_page(
        &self,
        limit: u64,
        filter: BountyFilter,
        after: Option<BountyCursor>,
    ) -> Result<Page<Bounty, BountyCursor>> {
        let rows = rows_for(limit)?;
        let mut sql = self.select::<Bounty>();
        let mut lead = " WHERE ";
        if let Some(cursor) = &after {
            behind(&mut sql, lead, "timestamp", cursor)?;
            lead = " AND ";
        }
        matching(&mut sql, lead, &filter);
        sql.push(" ORDER BY ").identifier("timestamp").push(" DESC, id DESC").page(rows, 0);
        let bounties = self.read(sql).await?.records()?;
        Ok(page(bounties, limit, |last: &Bounty| BountyCursor::behind("timestamp", last.timestamp, last.id)))
    }

    async fn get_total_bounties(&self, filter: BountyFilter) -> Result<u64> {
        let mut sql = self.sql();
        sql.push("SELECT COUNT(*) FROM bounty");
        matching(&mut sql, " WHERE ", &filter);
        self.count(sql).await
    }

    async fn get_all_bounties_by_ip(&self) -> Result<BTreeMap<String, Vec<Bounty>>> {
        Ok(by_ip(oldest_first(self, self.select::<Bounty>()).await?))
    }

    async fn get_bounties_for_ips(&self, ips: &[String]) -> Result<BTreeMap<String, Vec<Bounty>>> {
        let mut found = BTreeMap::new();
        for ips in self.lots(Bounty::TABLE, "attacker_ip", ips.iter().map(String::as_str)) {
            let mut sql = self.select::<Bounty>();
            sql.push(" WHERE attacker_ip IN (").bind_list(ips).push(")");
            found.extend(by_ip(oldest_first(self, sql).await?));
        }
        Ok(found)
    }

    async fn get_fingerprint_bounties_by_ip(&self, ip: &str) -> Result<Vec<Bounty>> {
        let mut sql = self.select::<Bounty>();
        sql.push(" WHERE attacker_ip = ").bind(ip);
        of_type(&mut sql, "fingerprint");
        oldest_first(self, sql).await
    }

    async fn get_all_fingerprint_bounties_for_export(&self) -> Result<BTreeMap<String, Vec<Bounty>>> {
        let mut sql = self.select::<Bounty>();
        sql.push(" WHERE bounty_type = ").bind("fingerprint");
        Ok(by_ip(oldest_first(self, sql).await?))
    }

    async fn count_probe_relays(&self, attacker_ip: &str, decky: &str) -> Result<u64> {
        let mut sql = self.sql();
        sql.push("SELECT COUNT(*) FROM bounty WHERE attacker_ip = ").bind(attacker_ip);
        sql.push(" AND decky = ").bind(decky);
        of_type(&mut sql, "probe_relay");
        self.count(sql).await
    }
}

async fn oldest_first(repository: &SqlRepository, mut sql: Sql<'_>) -> Result<Vec<Bounty>> {
    sql.push(" ORDER BY ").identifier("timestamp").push(", id");
    repository.read(sql).await?.records()
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
impl UnitOfWork<'_> {
    /// See [`Bounties::add_bounty`].
    pub fn add_bounty(self, bounty: NewBounty) -> Self {
        self.add(|unit, dialect| {
            let (kind, ip) = (bounty.bounty_type.clone(), bounty.attacker_ip.clone());
            let payload = bounty.payload.text().to_owned();
            // No unique key keeps duplicates out (DECNET's table has none), so concurrent look-ups must not overlap.
            unit.guard("bounty", &ip);
            let mut sql = Sql::new(dialect);
            sql.insert_select(&Insert::row(bounty)?);
            sql.push(" WHERE NOT EXISTS (SELECT 1 FROM bounty WHERE ").exactly("attacker_ip", &ip);
            of_type(&mut sql, &kind);
            sql.push(" AND ").exactly("payload", &payload).push(")");
            unit.execute(sql.finish());
            Ok(())
        })
    }
}

/// Appends that a source's bounty is of this type, in words that no index answers: there are few types, and SQLite would as soon
/// look through the index of all bounties of one of them as through the few of the source.
fn of_type(sql: &mut Sql<'_>, bounty_type: &str) {
    sql.push(" AND CASE WHEN ").exactly("bounty_type", bounty_type).push(" THEN 1 ELSE 0 END = 1");
}

/// Appends the conditions of the filter, the first one after `lead`.
fn matching(sql: &mut Sql<'_>, mut lead: &'static str, filter: &BountyFilter) {
    if let Some(bounty_type) = filter.bounty_type.as_deref().filter(|text| !text.is_empty()) {
        sql.push(lead).push("bounty_type = ").bind(bounty_type);
        lead = " AND ";
    }
    if let Some(search) = filter.search.as_deref().filter(|text| !text.is_empty()) {
        sql.push(lead).contains_any(&["decky", "service", "attacker_ip", "payload"], search);
    }
}
