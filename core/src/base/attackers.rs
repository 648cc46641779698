//! Attackers: one row per source address.

use async_trait::async_trait;

use super::SqlRepository;
use super::support::{Pages, expect_order};
use crate::contract::unit::{Steps, UnitOfWork};
use crate::contract::{
    Attacker, AttackerCursor, AttackerFilter, AttackerIntel, AttackerOrder, AttackerQuery, Attackers,
    ExportedAttacker, Ipv6Evidence, Page, Transactional,
};
use crate::error::Result;
use crate::json::Json;
use crate::sql::{Changeset, Expect, Insert, Receipt, Record, Sql, Step, StepId, Value};
use crate::text::excerpt;
use crate::time::Timestamp;

/// How many attackers one read of a whole export takes.
const EXPORT_PAGE: u64 = 1_000;
#[async_trait]
impl Attackers for SqlRepository {
    async fn upsert_attacker(&self, data: Changeset<Attacker>) -> Result<String> {
        let (fresh, ip) = (uuid::Uuid::new_v4().to_string(), data.text(Attacker::IP).map(str::to_owned));
        let upserted = self.unit().upsert_attacker_as(data, fresh.clone()).commit().await;
        match upserted.map_err(|error| error.within("data"))? {
            Some(uuid) => Ok(uuid),
            // A writer without our guard (DECNET) stored it between the two statements.
            None => Ok(self.get_attacker_uuid_by_ip(&ip.unwrap_or_default()).await?.unwrap_or(fresh)),
        }
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
            sql.page(query.limit, query.offset)
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
            Upsert::plan(data, uuid::Uuid::new_v4().to_string())?.add_to(steps, true).map(drop)
        })
    }

    /// The upsert of an address whose row is `fresh` if it is new: the uuid of its row, unless another writer came between
    /// the steps.
    fn upsert_attacker_as(self, data: Changeset<Attacker>, fresh: String) -> UnitOfWork<'r, Option<String>> {
        self.returning(|steps| {
            let upsert = Upsert::plan(data, fresh)?;
            let (find, insert) = upsert.add_to(steps, false)?;
            Ok(move |receipt: &mut Receipt| {
                if insert.is_some_and(|step| receipt.affected(step) > 0) {
                    return Ok(Some(upsert.fresh));
                }
                match (receipt.rows(find).scalar()?, upsert.insert) {
                    (Some(present), _) => Ok(Some(upsert.rewritten.unwrap_or(present))),
                    (None, Err(missing)) => Err(missing),
                    (None, Ok(_)) => Ok(None),
                }
            })
        })
    }
}

/// What one upsert does, before it is written as steps.
struct Upsert {
    ip: String,
    /// The uuid of the row if it is new.
    fresh: String,
    /// The uuid that the row gets if it is there.
    rewritten: Option<String>,
    update: Changeset<Attacker>,
    /// What a new row lacks.
    insert: Result<Insert>,
}

impl Upsert {
    fn plan(data: Changeset<Attacker>, fresh: String) -> Result<Self> {
        let mut data = data.without_absent().check()?;
        let ip = data.require_text(Attacker::IP)?;
        let data = data.or_set(Attacker::UPDATED_AT, Timestamp::now());
        let rewritten = data.text(Attacker::UUID).map(str::to_owned);
        let insert = data.clone().set(Attacker::IP, ip.as_str()).set(Attacker::UUID, fresh.as_str()).insert();
        Ok(Self { ip, fresh, rewritten, update: data, insert })
    }

    /// Adds the steps, and returns which of them find the row and insert it. `all_or_nothing`: an address that is new and
    /// lacks what a new row needs makes the unit fail.
    fn add_to(&self, steps: &mut Steps<'_>, all_or_nothing: bool) -> Result<(StepId, Option<StepId>)> {
        let ip = &self.ip;
        // No unique key keeps two rows of one address out (DECNET's table has none).
        steps.guard("attackers", ip);
        let find = steps.query(|sql| first_of(sql, ip))?;
        // The address once more, since MySQL looks for it in an index only there; and it reads the table that it updates only
        // through a derived table.
        let mut update = Sql::new(steps.dialect());
        update.update::<Attacker>().set_all(self.update.clone()).only(Attacker::IP, ip.as_str());
        update
            .and()
            .push("uuid = (SELECT uuid FROM ")
            .subquery(|sql| first_of(sql, ip))
            .push(" AS first_row)");
        let must_be_there = self.insert.as_ref().err().filter(|_| all_or_nothing).map(|missing| {
            let ip = excerpt(ip);
            Expect::one_row(format!("there is no attacker {ip} yet, and for a new one {missing}"))
        });
        steps.push(Step::Execute(update.finish()?, must_be_there));
        let insert = self.insert.as_ref().ok().map(|row| {
            steps.execute(|sql| {
                sql.insert_select(row)
                    .and()
                    .push("NOT EXISTS ")
                    .subquery(|sql| sql.push("SELECT 1").from::<Attacker>().only(Attacker::IP, ip.as_str()))
            })
        });
        Ok((find, insert.transpose()?))
    }
}

/// The query for the uuid of the row that counts for the address (ruling R7).
pub(super) fn first_of<'s, 'd>(sql: &'s mut Sql<'d>, ip: &str) -> &'s mut Sql<'d> {
    sql.push("SELECT uuid").from::<Attacker>().only(Attacker::IP, ip);
    sql.asc(Attacker::FIRST_SEEN).asc(Attacker::UUID).push(" LIMIT 1")
}

/// Adds the conditions of the filter.
fn matching<'s, 'd>(sql: &'s mut Sql<'d>, filter: &AttackerFilter) -> &'s mut Sql<'d> {
    if let Some(search) = filter.search.as_deref().filter(|text| !text.is_empty()) {
        sql.and().contains(Attacker::IP, search);
    }
    if let Some(service) = filter.service.as_deref().filter(|text| !text.is_empty()) {
        // As JSON text has it, quotes included: escaped as DECNET writes it, or plain as others may.
        let spellings = Json::of(service).and_then(|json| Ok((json.spaced()?, json.compact()?)));
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
