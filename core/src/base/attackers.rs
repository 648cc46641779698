//! Attackers: one row per source address.

use async_trait::async_trait;
use uuid::Uuid;

use super::SqlRepository;
use super::support::{Pages, RETRIES, busy, expect_order};
use crate::contract::limits::check_search;
use crate::contract::unit::{Engine as _, UnitOfWork};
use crate::contract::{
    Attacker, AttackerCursor, AttackerFilter, AttackerIntel, AttackerOrder, AttackerQuery, Attackers,
    ExportedAttacker, Ipv6Evidence, Page,
};
use crate::error::Result;
use crate::json::Json;
use crate::sql::{Changeset, Column, Expect, Insert, Record, Sql, Unit, Value};
use crate::text::excerpt;
use crate::time::Timestamp;

/// How many attackers one read of a whole export takes.
const EXPORT_PAGE: u64 = 1_000;
#[async_trait]
impl Attackers for SqlRepository {
    async fn upsert_attacker(&self, data: Changeset<Attacker>) -> Result<String> {
        let plan = Upsert::plan(data).map_err(|error| error.within("data"))?;
        for _ in 0..RETRIES {
            let present = self.get_attacker_uuid_by_ip(&plan.ip).await?;
            let mut unit = Unit::new();
            let mut sql = self.sql();
            let uuid = match present {
                Some(present) => {
                    sql.update::<Attacker>().set_all(plan.update.clone());
                    sql.only(Attacker::UUID, present.as_str()).only(Attacker::IP, plan.ip.as_str());
                    plan.rewritten.clone().unwrap_or(present)
                }
                None => {
                    let row = plan.insert.as_ref().map_err(|missing| missing.clone().within("data"))?;
                    plan.insert_unless_there(&mut sql, row, &plan.given);
                    plan.fresh.clone()
                }
            };
            let written = unit.execute(sql.finish().map_err(|error| error.within("data"))?);
            let receipt = self.commit(unit).await.map_err(|error| error.within("data"))?;
            if receipt.affected(written) > 0 {
                return Ok(uuid);
            }
            // Another writer has made the row since it was looked for, or it has another key now.
        }
        Err(busy("this attacker"))
    }

    async fn get_attacker_uuid_by_ip(&self, ip: &str) -> Result<Option<String>> {
        let mut sql = self.sql();
        first_of(&mut sql, ip);
        self.read(sql).await?.scalar()
    }

    async fn get_attacker_by_uuid(&self, uuid: &str) -> Result<Option<Attacker>> {
        self.by(Attacker::UUID, uuid).await
    }

    async fn get_attackers(&self, query: AttackerQuery, sort_by: AttackerOrder) -> Result<Vec<Attacker>> {
        self.list(|sql| {
            let sql = matching(sql, &query.filter).desc(sort_by.column()).desc(Attacker::UUID);
            sql.part(query.limit, query.offset)
        })
        .await
    }

    async fn get_total_attackers(&self, filter: AttackerFilter) -> Result<u64> {
        self.count::<Attacker>(|sql| matching(sql, &filter)).await
    }

    async fn get_attackers_page(
        &self,
        limit: u64,
        sort_by: AttackerOrder,
        filter: AttackerFilter,
        after: Option<AttackerCursor>,
    ) -> Result<Page<Attacker, AttackerCursor>> {
        let pages = Pages::by(sort_by.column(), limit)?;
        let mut sql = self.select::<Attacker>();
        pages.after(&mut sql, after.as_ref())?;
        matching(&mut sql, &filter).desc(sort_by.column()).desc(Attacker::UUID);
        pages.limit(&mut sql);
        let attackers = self.read(sql).await?.records()?;
        Ok(pages.page(attackers, |last: &Attacker| {
            let sort = match sort_by {
                AttackerOrder::Recent => last.last_seen.into(),
                AttackerOrder::Active => last.event_count.into(),
                AttackerOrder::Traversals => Value::Bool(last.is_traversal),
            };
            (sort, last.uuid.as_str().into())
        }))
    }

    async fn get_all_attackers_for_export(&self) -> Result<Vec<ExportedAttacker>> {
        let mut all = Vec::new();
        let mut after = None;
        loop {
            // In key order, which no write changes: in the order of last_seen, who comes back between two pages is lost.
            let page = self.export_attackers(EXPORT_PAGE, after).await?;
            all.extend(page.data);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        all.sort_unstable_by(|a, b| {
            let key = |exported: &ExportedAttacker| exported.attacker.last_seen;
            key(b).cmp(&key(a)).then_with(|| b.attacker.uuid.cmp(&a.attacker.uuid))
        });
        Ok(all)
    }

    async fn export_attackers(
        &self,
        limit: u64,
        after: Option<AttackerCursor>,
    ) -> Result<Page<ExportedAttacker, AttackerCursor>> {
        let pages = Pages::by(Attacker::UUID, limit)?;
        let mut sql = self.sql();
        sql.push("SELECT ").columns_of("a", Attacker::TABLE);
        sql.push(", CASE WHEN i.uuid IS NULL THEN 0 ELSE 1 END, ").columns_of("i", AttackerIntel::TABLE);
        sql.push(" FROM attackers a LEFT JOIN attacker_intel i ON i.attacker_uuid = a.uuid");
        if let Some(cursor) = &after {
            expect_order(Attacker::UUID.column(), cursor)?;
            sql.push(" WHERE a.uuid > ").bind(cursor.key().clone());
        }
        pages.limit(sql.push(" ORDER BY a.uuid"));
        let exported = self.read(sql).await?.decode(|row| {
            let attacker = Attacker::decode(row)?;
            let has_intel: bool = row.value("has_intel")?;
            let threat_intel = if has_intel { Some(AttackerIntel::decode(row)?) } else { None };
            Ok(ExportedAttacker { attacker, threat_intel })
        })?;
        Ok(pages.page(exported, |last: &ExportedAttacker| (Value::Null, last.attacker.uuid.as_str().into())))
    }

    async fn bump_attacker_ipv6_leak(
        &self,
        attacker_uuid: &str,
        identity_uuid: Option<&str>,
        evidence: Ipv6Evidence,
    ) -> Result<()> {
        super::ipv6_leaks::bump(self, attacker_uuid, identity_uuid, evidence).await
    }
}

/// Attackers: see [`Attackers`].
impl<'r, T> UnitOfWork<'r, T> {
    /// See [`Attackers::upsert_attacker`].
    ///
    /// A new address without `first_seen` or `last_seen` makes the unit fail with a conflict, as only the commit can tell
    /// that it is new.
    pub fn upsert_attacker(self, data: Changeset<Attacker>) -> UnitOfWork<'r> {
        self.steps(|steps| {
            let plan = Upsert::plan(data)?;
            let row = match &plan.insert {
                Ok(row) => row,
                Err(missing) => {
                    let ip = excerpt(&plan.ip);
                    let there = Expect::one_row(format!(
                        "there is no attacker {ip} yet, and for a new one {missing}"
                    ));
                    steps.expect(there, |sql| plan.update_first(sql, plan.update.clone()))?;
                    return Ok(());
                }
            };
            let mut update = plan.update.clone();
            if plan.rewritten.is_some() {
                // Before a row is made, as a new one keeps its own key.
                steps.execute(|sql| plan.update_first(sql, plan.update.clone()))?;
                update.remove(Attacker::UUID);
            }
            // Makes the row, or waits for who is making it, so that there is one to update.
            steps.execute(|sql| plan.insert_unless_there(sql, row, &[Attacker::UUID.column()]))?;
            steps.execute(|sql| plan.update_first(sql, update))?;
            Ok(())
        })
    }
}

/// The namespace of the keys that are made of addresses: part of the protocol between processes of different versions.
const ADDRESSES: Uuid = Uuid::from_u128(0x2f1c_7a5e_93d4_4b0c_a86d_51e0_7c39_b4f2);

/// What one upsert does, before it is written as steps.
struct Upsert {
    ip: String,
    /// The uuid of the row if it is new: made of the address, so that two writers who both find none meet in the primary key.
    /// DECNET's table has no other key that would keep them apart, and no lock that is not written holds between the nodes
    /// of a cluster.
    fresh: String,
    /// The uuid that the row gets if it is there.
    rewritten: Option<String>,
    update: Changeset<Attacker>,
    /// The columns of `update` that the row takes also when another writer has just made it: not its keys.
    given: Vec<&'static Column>,
    /// What a new row lacks.
    insert: Result<Insert>,
}

impl Upsert {
    fn plan(data: Changeset<Attacker>) -> Result<Self> {
        let mut data = data.without_absent().check()?;
        let ip = data.require_text(Attacker::IP)?;
        let fresh = Uuid::new_v5(&ADDRESSES, ip.as_bytes()).to_string();
        let update = data.or_set(Attacker::UPDATED_AT, Timestamp::now());
        let rewritten = update.text(Attacker::UUID).map(str::to_owned);
        let insert =
            update.clone().set(Attacker::IP, ip.as_str()).set(Attacker::UUID, fresh.as_str()).insert();
        let given = update.iter().map(|(column, _)| column);
        let given = given.filter(|column| column.name != Attacker::UUID.name()).collect();
        Ok(Self { ip, fresh, rewritten, update, given, insert })
    }

    /// Writes the insert of the row, unless one of the address is there. Where another writer makes it at the same time, it
    /// is waited for, and takes `update`.
    fn insert_unless_there<'s, 'd>(
        &self,
        sql: &'s mut Sql<'d>,
        row: &Insert,
        update: &[&'static Column],
    ) -> &'s mut Sql<'d> {
        sql.insert_select(row)
            .and()
            .push("NOT EXISTS ")
            .subquery(|sql| sql.push("SELECT 1").from::<Attacker>().only(Attacker::IP, self.ip.as_str()));
        sql.on_duplicate_update(&[Attacker::UUID.column()], update)
    }

    /// Writes the update of the row that counts. The address stands there twice, since MySQL looks for it in an index only
    /// so; and it reads the table that it updates only through a derived table.
    fn update_first<'s, 'd>(&self, sql: &'s mut Sql<'d>, update: Changeset<Attacker>) -> &'s mut Sql<'d> {
        sql.update::<Attacker>().set_all(update).only(Attacker::IP, self.ip.as_str());
        sql.and()
            .push("uuid = (SELECT uuid FROM ")
            .subquery(|sql| first_of(sql, &self.ip))
            .push(" AS first_row)")
    }
}

/// The query for the uuid of the row that counts for the address (ruling R7).
pub(super) fn first_of<'s, 'd>(sql: &'s mut Sql<'d>, ip: &str) -> &'s mut Sql<'d> {
    sql.push("SELECT uuid").from::<Attacker>().only(Attacker::IP, ip);
    sql.asc(Attacker::FIRST_SEEN).asc(Attacker::UUID).push(" LIMIT 1")
}

/// Adds the conditions of the filter.
fn matching<'s, 'd>(sql: &'s mut Sql<'d>, filter: &AttackerFilter) -> &'s mut Sql<'d> {
    sql.searched(&[Attacker::IP.column()], filter.search.as_deref());
    if let Some(service) = filter.service.as_deref().filter(|text| !text.is_empty()) {
        // As JSON text has it, quotes included: escaped as DECNET writes it, or plain as others may.
        let spellings = check_search("", service)
            .and_then(Json::of)
            .and_then(|json| Ok((json.spaced()?, json.compact()?)));
        match spellings.map_err(|error| error.within("service")) {
            Ok((escaped, plain)) => {
                sql.and().push("(").contains(Attacker::SERVICES, &escaped);
                if plain != escaped {
                    sql.push(" OR ").contains(Attacker::SERVICES, &plain);
                }
                sql.push(")");
            }
            Err(error) => drop(sql.refuse(error)),
        }
    }
    sql
}
