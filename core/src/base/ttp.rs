//! ATT&CK techniques that were recognised: tags, and what follows from them.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::SqlRepository;
use super::support::Pages;
use super::tags::{Prepared, prepared};
use crate::contract::limits::check_rows;
use crate::contract::unit::{UnitOfWork, count};
use crate::contract::{
    Attacker, AttackerCommands, CampaignTechnique, Cursor, DeckyPhase, DistinctTechnique, NewTag, Page,
    TagScope, Technique, TechniqueRollup, Techniques, Transactional, TtpTag, TtpTagCursor,
};
use crate::error::{ErrorKind, Result};
use crate::json::Json;
use crate::sql::{Insert, Insertable, OnDuplicate, Record, RowReader, Sql, Value};
use crate::time::Timestamp;

/// How many rows one read of a whole list takes.
const PAGE: u64 = 1_000;

#[async_trait]
impl Techniques for SqlRepository {
    async fn insert_tags(&self, rows: Vec<NewTag>) -> Result<u64> {
        let tags =
            check_rows(rows.len()).and_then(|()| prepared(rows)).map_err(|error| error.within("rows"))?;
        let error = match self.unit().insert_prepared(&tags).commit().await {
            Err(error) if error.kind() == ErrorKind::Conflict => error,
            inserted => return inserted,
        };
        // Which of the anchors is not there, the engine does not say.
        if let Some(refusal) = self.unknown_anchor(&tags).await? {
            return Err(refusal);
        }
        // Some engines (MySQL 9.6 and later) look at what a row refers to before they look whether it is there.
        let (given, fresh) = (tags.len(), self.not_stored(tags).await?);
        if fresh.len() == given {
            return Err(error);
        }
        self.unit().insert_prepared(&fresh).commit().await
    }

    async fn list_techniques_by_identity(&self, uuid: &str) -> Result<Vec<Technique>> {
        self.techniques(TagScope::Identity, uuid).await
    }

    async fn list_techniques_by_attacker(&self, uuid: &str) -> Result<Vec<Technique>> {
        self.techniques(TagScope::Attacker, uuid).await
    }

    async fn list_techniques_by_session(&self, sid: &str) -> Result<Vec<Technique>> {
        self.techniques(TagScope::Session, sid).await
    }

    async fn list_techniques_by_campaign(&self, uuid: &str) -> Result<Vec<CampaignTechnique>> {
        let make = |of: Technique, row: &mut RowReader| {
            Ok(CampaignTechnique {
                technique_id: of.technique_id,
                technique_name: of.technique_name,
                sub_technique_id: of.sub_technique_id,
                sub_technique_name: of.sub_technique_name,
                tactic: of.tactic,
                count: of.count,
                last_seen: of.last_seen,
                mitre_url: of.mitre_url,
                identity_count: row.value("identity_count")?,
            })
        };
        self.rolled_up(
            |sql| {
                sql.push(ROLLUP).push(", COUNT(DISTINCT t.identity_uuid) FROM attacker_identities i ");
                sql.push("JOIN ttp_tag t ON t.identity_uuid = i.uuid WHERE i.campaign_id = ").bind(uuid)
            },
            make,
        )
        .await
    }

    async fn list_distinct_techniques(&self) -> Result<Vec<DistinctTechnique>> {
        let make = |of: Technique, _: &mut RowReader| {
            Ok(DistinctTechnique {
                technique_id: of.technique_id,
                technique_name: of.technique_name,
                sub_technique_id: of.sub_technique_id,
                sub_technique_name: of.sub_technique_name,
                tactic: of.tactic,
                count: of.count,
                last_seen: of.last_seen,
                mitre_url: of.mitre_url,
            })
        };
        self.rolled_up(|sql| sql.push(ROLLUP).push(" FROM ttp_tag t"), make).await
    }

    async fn get_all_ttp_rollups_for_export(&self) -> Result<BTreeMap<String, Vec<TechniqueRollup>>> {
        let mut sql = self.sql();
        sql.about(TtpTag::TABLE)
            .push("SELECT t.attacker_uuid, t.technique_id, t.sub_technique_id, MAX(t.tactic), COUNT(*), ");
        sql.push("MAX(t.confidence) FROM ttp_tag t WHERE t.attacker_uuid IS NOT NULL ");
        sql.push("GROUP BY t.attacker_uuid, t.technique_id, t.sub_technique_id ORDER BY t.attacker_uuid, ");
        sql.push(IN_ORDER);
        let rows = self.read(sql).await?.decode(|row| {
            let attacker: String = row.value("attacker_uuid")?;
            let (technique_id, sub_technique_id) =
                (row.value("technique_id")?, row.value("sub_technique_id")?);
            let (tactic, count) = (row.value("tactic")?, row.value("count")?);
            let confidence_max = row.value("confidence_max")?;
            Ok((attacker, TechniqueRollup { technique_id, sub_technique_id, tactic, count, confidence_max }))
        })?;
        let mut by_attacker: BTreeMap<String, Vec<_>> = BTreeMap::new();
        rows.into_iter().for_each(|(attacker, rollup)| by_attacker.entry(attacker).or_default().push(rollup));
        Ok(by_attacker)
    }

    async fn list_tags_by_scope_and_technique(
        &self,
        scope: TagScope,
        uuid: &str,
        technique_id: &str,
        sub_technique_id: Option<&str>,
        limit: u64,
    ) -> Result<Vec<TtpTag>> {
        let mut sql = self.sql();
        sql.push("SELECT ").columns_of("t", TtpTag::TABLE);
        in_scope(&mut sql, scope, uuid).push(" AND t.technique_id = ").bind(technique_id);
        if let Some(sub_technique_id) = sub_technique_id {
            sql.push(" AND t.sub_technique_id = ").bind(sub_technique_id);
        }
        sql.push(" ORDER BY t.created_at DESC, t.uuid DESC").part(limit, 0);
        self.read(sql).await?.records()
    }

    async fn list_ttp_tags_by_attacker(&self, uuid: &str, limit: u64) -> Result<Vec<TtpTag>> {
        self.list(|sql| {
            let sql = sql.only(TtpTag::ATTACKER_UUID, uuid);
            sql.desc(TtpTag::CREATED_AT).desc(TtpTag::UUID).part(limit, 0)
        })
        .await
    }

    async fn export_ttp_tags(
        &self,
        limit: u64,
        after: Option<TtpTagCursor>,
    ) -> Result<Page<TtpTag, TtpTagCursor>> {
        self.page_by_key(TtpTag::UUID, |tag: &TtpTag| tag.uuid.clone(), limit, after, |sql| sql).await
    }

    async fn list_ttp_decky_phases(&self, identity_uuid: &str) -> Result<Vec<DeckyPhase>> {
        let mut sql = self.sql();
        sql.about(TtpTag::TABLE).push("SELECT t.decky_id, t.tactic, t.created_at");
        in_scope(&mut sql, TagScope::Identity, identity_uuid).push(" AND t.decky_id IS NOT NULL");
        sql.push(" ORDER BY t.created_at, t.uuid");
        self.read(sql).await?.decode(|row| {
            let (decky_id, tactic) = (row.value("decky_id")?, row.read(TtpTag::TACTIC)?);
            let created_at: Timestamp = row.read(TtpTag::CREATED_AT)?;
            #[expect(
                clippy::cast_precision_loss,
                reason = "a double holds the microseconds of the next centuries"
            )]
            let created_at_ts = created_at.as_microseconds() as f64 / 1e6;
            Ok(DeckyPhase { decky_id, tactic, created_at_ts })
        })
    }

    async fn iter_attacker_commands_since(&self, since: Timestamp) -> Result<Vec<AttackerCommands>> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = self.attacker_commands_page(since, PAGE, after).await?;
            all.extend(page.data);
            after = page.next;
            if after.is_none() {
                return Ok(all);
            }
        }
    }

    async fn attacker_commands_page(
        &self,
        since: Timestamp,
        limit: u64,
        after: Option<Cursor<Attacker>>,
    ) -> Result<Page<AttackerCommands, Cursor<Attacker>>> {
        let pages = Pages::by(Attacker::UUID, limit)?;
        let mut sql = self.sql();
        sql.push("SELECT uuid, commands").from::<Attacker>();
        sql.and().column(Attacker::LAST_SEEN).push(" >= ").bind(since);
        pages.after_key(&mut sql, after.as_ref())?;
        pages.limit(sql.asc(Attacker::UUID));
        let rows = self.read(sql).await?.decode(|row| {
            let attacker_uuid = row.read(Attacker::UUID)?;
            let listed = row.read(Attacker::COMMANDS)?.json();
            let listed = listed.and_then(|json| json.decode::<Vec<Json>>().ok());
            Ok((attacker_uuid, listed))
        })?;
        let page = pages.page(rows, |(last, _): &(String, _)| (Value::Null, last.as_str().into()));
        let data = page.data.into_iter().filter_map(|(attacker_uuid, listed)| {
            let commands = listed?.into_iter().filter(Json::is_object).collect();
            Some(AttackerCommands { attacker_uuid, commands })
        });
        Ok(Page { data: data.collect(), next: page.next })
    }
}

/// Tags: see [`Techniques`].
impl<'r, T> UnitOfWork<'r, T> {
    /// See [`Techniques::insert_tags`]. Which anchor is unknown is not said here.
    pub fn insert_tags(self, rows: Vec<NewTag>) -> UnitOfWork<'r, u64> {
        match check_rows(rows.len()).and_then(|()| prepared(rows)) {
            Ok(tags) => self.insert_prepared(&tags),
            Err(error) => self.returning(|_| Err::<fn(&mut _) -> _, _>(error)),
        }
    }

    fn insert_prepared(self, tags: &[Prepared]) -> UnitOfWork<'r, u64> {
        self.returning(|steps| {
            let values = tags.iter().flat_map(|tag| tag.values.iter().cloned()).collect();
            let rows = Insert::raw(TtpTag::TABLE, NewTag::COLUMNS.to_vec(), values)?;
            Ok(count(steps.insert(rows.on_duplicate(OnDuplicate::Ignore))))
        })
    }
}

const ROLLUP: &str = "SELECT t.technique_id, t.sub_technique_id, MAX(t.tactic), COUNT(*), MIN(t.created_at), \
                      MAX(t.created_at), MAX(t.confidence)";

/// The order of techniques, whatever an engine does with NULL.
const IN_ORDER: &str =
    "t.technique_id, CASE WHEN t.sub_technique_id IS NULL THEN 0 ELSE 1 END, t.sub_technique_id";

const GROUPED: &str = " GROUP BY t.technique_id, t.sub_technique_id ORDER BY t.technique_id, \
                       CASE WHEN t.sub_technique_id IS NULL THEN 0 ELSE 1 END, t.sub_technique_id";

impl SqlRepository {
    async fn techniques(&self, scope: TagScope, uuid: &str) -> Result<Vec<Technique>> {
        self.rolled_up(|sql| in_scope(sql.push(ROLLUP), scope, uuid), |technique, _| Ok(technique)).await
    }

    /// The techniques of a roll-up, each made of what all roll-ups have and of what else its row has.
    async fn rolled_up<'r, T>(
        &'r self,
        write: impl for<'s> FnOnce(&'s mut Sql<'r>) -> &'s mut Sql<'r>,
        make: impl Fn(Technique, &mut RowReader) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut sql = self.sql();
        sql.about(TtpTag::TABLE);
        write(&mut sql).push(GROUPED);
        let catalogue = self.catalogue.load().await?;
        self.read(sql).await?.decode(|row| {
            let (technique_id, sub_technique_id): (String, Option<String>) =
                (row.value("technique_id")?, row.value("sub_technique_id")?);
            let names = catalogue.names(&technique_id, sub_technique_id.as_deref());
            let technique = Technique {
                technique_id,
                technique_name: names.technique,
                sub_technique_id,
                sub_technique_name: names.sub_technique,
                tactic: row.value("tactic")?,
                count: row.value("count")?,
                first_seen: row.value("first_seen")?,
                last_seen: row.value("last_seen")?,
                confidence_max: row.value("confidence_max")?,
                mitre_url: names.url,
            };
            make(technique, row)
        })
    }
}

/// ` FROM` the tags of a scope, as `t`; ` AND ` may follow. Both parts of an identity's are look-ups by index, which an OR is
/// not on every engine.
fn in_scope<'s, 'd>(sql: &'s mut Sql<'d>, scope: TagScope, uuid: &str) -> &'s mut Sql<'d> {
    match scope {
        TagScope::Attacker => sql.push(" FROM ttp_tag t WHERE t.attacker_uuid = ").bind(uuid),
        TagScope::Session => sql.push(" FROM ttp_tag t WHERE t.session_id = ").bind(uuid),
        TagScope::Identity => {
            sql.push(" FROM (SELECT uuid FROM ttp_tag WHERE identity_uuid = ").bind(uuid);
            sql.push(" UNION SELECT o.uuid FROM attackers a JOIN ttp_tag o ON o.attacker_uuid = a.uuid ");
            sql.push("WHERE a.identity_id = ").bind(uuid).push(") s JOIN ttp_tag t ON t.uuid = s.uuid")
        }
    }
}
