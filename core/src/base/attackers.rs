//! Attackers: one row per source address.

use async_trait::async_trait;

use super::page::{behind, expect_order, page, rows_for};
use super::repository::checked;
use super::{Committer, SqlRepository, UnitOfWork};
use crate::contract::{
    Attacker, AttackerCursor, AttackerFilter, AttackerIntel, AttackerOrder, AttackerQuery, Attackers,
    ExportedAttacker, Ipv6Evidence, Page,
};
use crate::error::{Error, Result};
use crate::excerpt::excerpt;
use crate::json::Json;
use crate::sql::{Dialect, Expect, Fields, Record, Sql, Unit, Value};
use crate::time::Timestamp;

/// How many attackers one read of a whole export takes.
const EXPORT_PAGE: u64 = 1_000;
/// The columns that a read shows decoded, so that null may stand for the stored text `null`.
const LISTS: [&str; 4] = ["services", "deckies", "fingerprints", "commands"];

#[async_trait]
impl Attackers for SqlRepository {
    async fn upsert_attacker(&self, data: Fields<Attacker>) -> Result<String> {
        let mut unit = Unit::new();
        let upsert = Upsert::plan(data).map_err(|error| error.within("data"))?;
        let steps = upsert.steps(&mut unit, self.backend.dialect());
        let mut receipt = self.commit(unit).await.map_err(|error| error.within("data"))?;
        if steps.insert.is_some_and(|step| receipt.affected(step) > 0) {
            return Ok(upsert.fresh);
        }
        let present = receipt.rows(steps.find).scalar::<String>()?;
        match (present, upsert.insert) {
            (Some(present), _) => Ok(upsert.rewritten.unwrap_or(present)),
            (None, Err(missing)) => Err(missing.within("data")),
            // A writer without our guard (DECNET) stored it between the two statements.
            (None, Ok(_)) => Ok(self.get_attacker_uuid_by_ip(&upsert.ip).await?.unwrap_or(upsert.fresh)),
        }
    }

    async fn get_attacker_uuid_by_ip(&self, ip: &str) -> Result<Option<String>> {
        let mut sql = self.sql();
        first_of(&mut sql, ip);
        self.read(sql).await?.scalar()
    }

    async fn get_attacker_by_uuid(&self, uuid: &str) -> Result<Option<Attacker>> {
        let mut sql = self.select::<Attacker>();
        sql.push(" WHERE uuid = ").bind(uuid);
        self.read(sql).await?.first()
    }

    async fn get_attackers(&self, query: AttackerQuery) -> Result<Vec<Attacker>> {
        let (limit, offset, order) = (query.limit, query.offset, query.sort_by);
        let mut sql = self.select::<Attacker>();
        matching(&mut sql, " WHERE ", &query.filter())?;
        ordered(&mut sql, order).page(limit, offset);
        self.read(sql).await?.records()
    }

    async fn get_total_attackers(&self, filter: AttackerFilter) -> Result<u64> {
        let mut sql = self.sql();
        sql.push("SELECT COUNT(*) FROM attackers");
        matching(&mut sql, " WHERE ", &filter)?;
        self.count(sql).await
    }

    async fn get_attackers_page(
        &self,
        limit: u64,
        sort_by: AttackerOrder,
        filter: AttackerFilter,
        after: Option<AttackerCursor>,
    ) -> Result<Page<Attacker, AttackerCursor>> {
        let rows = rows_for(limit)?;
        let mut sql = self.select::<Attacker>();
        let mut lead = " WHERE ";
        if let Some(cursor) = &after {
            behind(&mut sql, lead, sort_by.column(), cursor)?;
            lead = " AND ";
        }
        matching(&mut sql, lead, &filter)?;
        ordered(&mut sql, sort_by).page(rows, 0);
        let attackers = self.read(sql).await?.records()?;
        Ok(page(attackers, limit, |last: &Attacker| {
            let sort = match sort_by {
                AttackerOrder::Recent => last.last_seen.into(),
                AttackerOrder::Active => last.event_count.into(),
                AttackerOrder::Traversals => Value::Bool(last.is_traversal),
            };
            AttackerCursor::behind(sort_by.column(), sort, last.uuid.as_str())
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
        let rows = rows_for(limit)?;
        let mut sql = self.sql();
        sql.push("SELECT ").columns_of("a", Attacker::TABLE);
        sql.push(", CASE WHEN i.uuid IS NULL THEN 0 ELSE 1 END, ").columns_of("i", AttackerIntel::TABLE);
        sql.push(" FROM attackers a LEFT JOIN attacker_intel i ON i.attacker_uuid = a.uuid");
        if let Some(cursor) = &after {
            expect_order("uuid", cursor)?;
            sql.push(" WHERE a.uuid > ").bind(cursor.key().clone());
        }
        sql.push(" ORDER BY a.uuid").page(rows, 0);
        let exported = self.read(sql).await?.decode(|row| {
            let attacker = Attacker::decode(row)?;
            let has_intel: bool = row.read("attacker_intel", "uuid")?;
            let threat_intel = if has_intel { Some(AttackerIntel::decode(row)?) } else { None };
            Ok(ExportedAttacker { attacker, threat_intel })
        })?;
        Ok(page(exported, limit, |last: &ExportedAttacker| {
            AttackerCursor::behind("uuid", Value::Null, last.attacker.uuid.as_str())
        }))
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
impl UnitOfWork<'_> {
    /// See [`Attackers::upsert_attacker`].
    ///
    /// A new address without `first_seen` or `last_seen` makes the unit fail with a conflict, as only the commit can tell
    /// that it is new.
    pub fn upsert_attacker(self, data: Fields<Attacker>) -> Self {
        self.add(|unit, dialect| {
            let upsert = Upsert::plan(data)?;
            let must_be_there = match &upsert.insert {
                Ok(_) => None,
                Err(missing) => Some(format!(
                    "there is no attacker {} yet, and for a new one {missing}",
                    excerpt(&upsert.ip)
                )),
            };
            upsert.steps_expecting(unit, dialect, must_be_there);
            Ok(())
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
    update: Fields<Attacker>,
    /// What a new row lacks.
    insert: Result<crate::sql::Insert>,
}

/// Where the steps stand in the receipt.
struct Steps {
    find: usize,
    insert: Option<usize>,
}

impl Upsert {
    fn plan(mut data: Fields<Attacker>) -> Result<Self> {
        for list in LISTS {
            if data.get(list).is_some_and(Value::is_null) {
                data.remove(list);
            }
        }
        let mut data = data.check()?;
        let ip = data.require_text("ip")?;
        checked(Attacker::TABLE, "ip", ip.as_str())?;
        data.set_default("updated_at", Timestamp::now());
        let rewritten = match data.get("uuid") {
            Some(Value::Text(uuid)) => Some(uuid.clone()),
            _ => None,
        };
        let fresh = uuid::Uuid::new_v4().to_string();
        let insert = data.clone().set("ip", ip.as_str()).set("uuid", fresh.as_str()).insert();
        Ok(Self { ip, fresh, rewritten, update: data, insert })
    }

    fn steps(&self, unit: &mut Unit, dialect: &dyn Dialect) -> Steps {
        self.steps_expecting(unit, dialect, None)
    }

    fn steps_expecting(
        &self,
        unit: &mut Unit,
        dialect: &dyn Dialect,
        must_be_there: Option<String>,
    ) -> Steps {
        // No unique key keeps two rows of one address out (DECNET's table has none).
        unit.guard("attackers", &self.ip);
        let mut find = Sql::new(dialect);
        first_of(&mut find, &self.ip);
        let find = unit.query(find.finish());
        let mut update = Sql::new(dialect);
        update.push("UPDATE attackers SET ");
        for (position, (column, value)) in self.update.iter().enumerate() {
            update.push(if position > 0 { ", " } else { "" }).identifier(column.name).push(" = ");
            update.bind_into(Attacker::TABLE, column.name, value.clone());
        }
        // The address once more, since MySQL looks for it in an index only there; and it reads the table that it updates only
        // through a derived table.
        update.push(" WHERE ").exactly("ip", &self.ip).push(" AND uuid = (SELECT uuid FROM (");
        first_of(&mut update, &self.ip);
        update.push(") AS first_row)");
        match must_be_there {
            Some(otherwise) => unit.expect(update.finish(), Expect::one_row(otherwise)),
            None => unit.execute(update.finish()),
        };
        let insert = self.insert.as_ref().ok().map(|row| {
            let mut insert = Sql::new(dialect);
            insert.insert_select(row).push(" WHERE NOT EXISTS (SELECT 1 FROM attackers WHERE ");
            insert.exactly("ip", &self.ip).push(")");
            unit.execute(insert.finish())
        });
        Steps { find, insert }
    }
}

/// Appends the query for the uuid of the row that counts for the address (ruling R7).
pub(super) fn first_of(sql: &mut Sql<'_>, ip: &str) {
    sql.push("SELECT uuid FROM attackers WHERE ")
        .exactly("ip", ip)
        .push(" ORDER BY first_seen, uuid LIMIT 1");
}

fn ordered<'s, 'd>(sql: &'s mut Sql<'d>, order: AttackerOrder) -> &'s mut Sql<'d> {
    sql.push(" ORDER BY ").identifier(order.column()).push(" DESC, uuid DESC")
}

/// Appends the conditions of the filter, the first one after `lead`.
fn matching(sql: &mut Sql<'_>, mut lead: &'static str, filter: &AttackerFilter) -> Result<()> {
    if let Some(search) = filter.search.as_deref().filter(|text| !text.is_empty()) {
        sql.push(lead).contains("ip", search);
        lead = " AND ";
    }
    if let Some(service) = filter.service.as_deref().filter(|text| !text.is_empty()) {
        // As JSON text has it, quotes included: escaped as DECNET writes it, or plain as others may.
        let json = Json::of(service)?;
        let refused = |error: Error| error.within("service");
        let (escaped, plain) = (json.spaced().map_err(refused)?, json.compact().map_err(refused)?);
        sql.push(lead).push("(").contains("services", &escaped);
        if plain != escaped {
            sql.push(" OR ").contains("services", &plain);
        }
        sql.push(")");
    }
    Ok(())
}
