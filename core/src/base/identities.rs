//! Identities, and what is attributed to them.

use async_trait::async_trait;
use uuid::Uuid;

use super::SqlRepository;
use super::support::not_into_itself;
use crate::contract::unit::UnitOfWork;
use crate::contract::{
    Attacker, AttackerIdentity, AttributionState, ClusteringAttacker, ClusteringIdentity, Identities,
    IdentityCursor, MultiActorIdentity, Page, Simhash, Transactional,
};
use crate::error::Result;
use crate::json::Json;
use crate::sql::{Changeset, Receipt, Sql, Value};
use crate::time::Timestamp;

#[async_trait]
impl Identities for SqlRepository {
    async fn get_identity_by_uuid(&self, uuid: &str) -> Result<Option<AttackerIdentity>> {
        self.merged(AttackerIdentity::UUID, uuid).await
    }

    async fn list_identities(&self, limit: u64, offset: u64) -> Result<Vec<AttackerIdentity>> {
        self.list(|sql| {
            let sql = sql.only(AttackerIdentity::MERGED_INTO_UUID, Value::Null);
            sql.desc(AttackerIdentity::UPDATED_AT).desc(AttackerIdentity::UUID).part(limit, offset)
        })
        .await
    }

    async fn count_identities(&self) -> Result<u64> {
        self.count::<AttackerIdentity>(|sql| sql.only(AttackerIdentity::MERGED_INTO_UUID, Value::Null)).await
    }

    async fn list_all_identities(&self) -> Result<Vec<AttackerIdentity>> {
        self.list(in_order_of_making).await
    }

    async fn get_identities_page(
        &self,
        limit: u64,
        after: Option<IdentityCursor>,
    ) -> Result<Page<AttackerIdentity, IdentityCursor>> {
        let uuid = |identity: &AttackerIdentity| identity.uuid.clone();
        self.page_by_key(AttackerIdentity::UUID, uuid, limit, after, |sql| sql).await
    }

    async fn list_observations_for_identity(
        &self,
        identity_uuid: &str,
        limit: u64,
        offset: u64,
    ) -> Result<Vec<Attacker>> {
        self.list(|sql| {
            let sql = sql.only(Attacker::IDENTITY_ID, identity_uuid);
            sql.desc(Attacker::LAST_SEEN).desc(Attacker::UUID).part(limit, offset)
        })
        .await
    }

    async fn count_observations_for_identity(&self, identity_uuid: &str) -> Result<u64> {
        self.count::<Attacker>(|sql| sql.only(Attacker::IDENTITY_ID, identity_uuid)).await
    }

    async fn list_attackers_for_clustering(&self, limit: Option<u64>) -> Result<Vec<ClusteringAttacker>> {
        let mut sql = self.sql();
        sql.push("SELECT uuid, asn, identity_id, fingerprints").from::<Attacker>();
        limited(sql.asc(Attacker::FIRST_SEEN).asc(Attacker::UUID), limit);
        self.read(sql).await?.decode(|row| {
            Ok(ClusteringAttacker {
                uuid: row.read(Attacker::UUID)?,
                asn: row.read(Attacker::ASN)?,
                identity_id: row.read(Attacker::IDENTITY_ID)?,
                fingerprints: row.value("fingerprints")?,
            })
        })
    }

    async fn list_identities_for_clustering(&self, limit: Option<u64>) -> Result<Vec<ClusteringIdentity>> {
        let mut sql = self.sql();
        sql.push("SELECT uuid, campaign_id, merged_into_uuid, first_seen_at, last_seen_at, ja3_hashes, ");
        sql.push("hassh_hashes, payload_simhashes, c2_endpoints, kd_digraph_simhash")
            .from::<AttackerIdentity>();
        limited(in_order_of_making(&mut sql), limit);
        self.read(sql).await?.decode(|row| {
            Ok(ClusteringIdentity {
                uuid: row.read(AttackerIdentity::UUID)?,
                campaign_id: row.read(AttackerIdentity::CAMPAIGN_ID)?,
                merged_into_uuid: row.read(AttackerIdentity::MERGED_INTO_UUID)?,
                first_seen_at: row.read(AttackerIdentity::FIRST_SEEN_AT)?,
                last_seen_at: row.read(AttackerIdentity::LAST_SEEN_AT)?,
                ja3_hashes: row.read(AttackerIdentity::JA3_HASHES)?,
                hassh_hashes: row.read(AttackerIdentity::HASSH_HASHES)?,
                payload_simhashes: row.read(AttackerIdentity::PAYLOAD_SIMHASHES)?,
                c2_endpoints: row.read(AttackerIdentity::C2_ENDPOINTS)?,
                kd_digraph_simhash: row.read(AttackerIdentity::KD_DIGRAPH_SIMHASH)?,
            })
        })
    }

    async fn ensure_stub_identity_for_attacker(&self, attacker_uuid: &str) -> Result<Option<String>> {
        // As a rule it has one, and nothing need be written.
        match self.value_of(Attacker::IDENTITY_ID, |sql| sql.only(Attacker::UUID, attacker_uuid)).await? {
            None => Ok(None),
            Some(Some(identity)) if !identity.is_empty() => Ok(Some(identity)),
            Some(_) => self.unit().ensure_stub_identity_for_attacker(attacker_uuid).commit().await,
        }
    }

    async fn get_attribution_state(
        &self,
        identity_uuid: &str,
        primitive: &str,
    ) -> Result<Option<AttributionState>> {
        self.first(|sql| {
            sql.only(AttributionState::IDENTITY_UUID, identity_uuid)
                .only(AttributionState::PRIMITIVE, primitive)
        })
        .await
    }

    async fn get_attribution_state_for_identity(&self, identity_uuid: &str) -> Result<Vec<AttributionState>> {
        self.list(|sql| {
            sql.only(AttributionState::IDENTITY_UUID, identity_uuid).asc(AttributionState::PRIMITIVE)
        })
        .await
    }

    async fn list_multi_actor_identities(&self) -> Result<Vec<MultiActorIdentity>> {
        const MULTI_ACTOR: &str = "multi_actor";
        let mut sql = self.sql();
        sql.push("SELECT identity_uuid, primitive").from::<AttributionState>();
        sql.only(AttributionState::STATE, MULTI_ACTOR).and().push("identity_uuid IN ").subquery(|sql| {
            sql.push("SELECT identity_uuid")
                .from::<AttributionState>()
                .only(AttributionState::STATE, MULTI_ACTOR);
            sql.push(" GROUP BY identity_uuid HAVING COUNT(*) >= 2")
        });
        sql.asc(AttributionState::IDENTITY_UUID).asc(AttributionState::PRIMITIVE);
        let mut identities: Vec<MultiActorIdentity> = Vec::new();
        for (identity_uuid, primitive) in self.read(sql).await?.decode(|row| {
            Ok((row.read(AttributionState::IDENTITY_UUID)?, row.read(AttributionState::PRIMITIVE)?))
        })? {
            match identities.last_mut().filter(|last| last.identity_uuid == identity_uuid) {
                Some(last) => last.primitives.push(primitive),
                None => identities.push(MultiActorIdentity { identity_uuid, primitives: vec![primitive] }),
            }
        }
        Ok(identities)
    }
}

fn in_order_of_making<'s, 'd>(sql: &'s mut Sql<'d>) -> &'s mut Sql<'d> {
    sql.asc(AttackerIdentity::CREATED_AT).asc(AttackerIdentity::UUID)
}

fn limited<'s, 'd>(sql: &'s mut Sql<'d>, limit: Option<u64>) -> &'s mut Sql<'d> {
    match limit {
        Some(limit) => sql.part(limit, 0),
        None => sql,
    }
}

/// Identities: see [`Identities`].
impl<'r, T> UnitOfWork<'r, T> {
    /// See [`Identities::create_attacker_identity`].
    pub fn create_attacker_identity(self, row: Changeset<AttackerIdentity>) -> UnitOfWork<'r, String> {
        self.returning(|steps| {
            let uuid = row.text(AttackerIdentity::UUID);
            not_into_itself(uuid, row.text(AttackerIdentity::MERGED_INTO_UUID))?;
            let uuid = uuid.unwrap_or_default().to_owned();
            steps.insert(row.insert()?);
            Ok(|_: &mut _| Ok(uuid))
        })
    }

    /// See [`Identities::set_attacker_identity_id`].
    pub fn set_attacker_identity_id(self, attacker_uuid: &str, identity_uuid: &str) -> UnitOfWork<'r> {
        self.execute(|sql| {
            sql.update::<Attacker>()
                .set(Attacker::IDENTITY_ID, identity_uuid)
                .set(Attacker::UPDATED_AT, Timestamp::now())
                .only(Attacker::UUID, attacker_uuid)
        })
    }

    /// See [`Identities::ensure_stub_identity_for_attacker`].
    pub fn ensure_stub_identity_for_attacker(self, attacker_uuid: &str) -> UnitOfWork<'r, Option<String>> {
        self.returning(|steps| {
            let (now, fresh) = (Timestamp::now(), Uuid::new_v4().simple().to_string());
            let row = Changeset::<AttackerIdentity>::new()
                .set(AttackerIdentity::UUID, fresh.as_str())
                .set(AttackerIdentity::CREATED_AT, now)
                .set(AttackerIdentity::UPDATED_AT, now)
                .set(AttackerIdentity::OBSERVATION_COUNT, 1)
                .insert()?;
            // Locks the attacker: of two that come at once the second sees the identity that the first has made.
            steps.execute(|sql| {
                let sql = sql.update::<Attacker>().assign(Attacker::UPDATED_AT).column(Attacker::UPDATED_AT);
                sql.only(Attacker::UUID, attacker_uuid)
            })?;
            steps.execute(|sql| {
                sql.insert_select(&row)
                    .and()
                    .push("EXISTS ")
                    .subquery(|sql| without_identity(sql.push("SELECT 1").from::<Attacker>(), attacker_uuid))
            })?;
            steps.execute(|sql| {
                let sql = sql.update::<AttackerIdentity>().assign(AttackerIdentity::FIRST_SEEN_AT);
                let sql = sql.subquery(|sql| {
                    sql.push("SELECT first_seen").from::<Attacker>().only(Attacker::UUID, attacker_uuid)
                });
                let sql = sql.assign(AttackerIdentity::LAST_SEEN_AT).subquery(|sql| {
                    sql.push("SELECT last_seen").from::<Attacker>().only(Attacker::UUID, attacker_uuid)
                });
                sql.only(AttackerIdentity::UUID, fresh.as_str())
            })?;
            steps.execute(|sql| {
                let sql = sql.update::<Attacker>().set(Attacker::IDENTITY_ID, fresh.as_str());
                without_identity(sql.set(Attacker::UPDATED_AT, now), attacker_uuid)
            })?;
            let find = steps.query(|sql| {
                sql.push("SELECT identity_id").from::<Attacker>().only(Attacker::UUID, attacker_uuid)
            })?;
            Ok(move |receipt: &mut Receipt| {
                receipt.rows(find).scalar::<Option<String>>().map(Option::flatten)
            })
        })
    }

    /// See [`Identities::update_identity_merged_into`].
    pub fn update_identity_merged_into(
        self,
        identity_uuid: &str,
        winner_uuid: Option<&str>,
    ) -> UnitOfWork<'r> {
        type Row = AttackerIdentity;
        let columns = (Row::UUID, Row::MERGED_INTO_UUID, Row::UPDATED_AT);
        self.steps(|steps| steps.merge(columns, identity_uuid, winner_uuid))
    }

    /// See [`Identities::update_identity_fingerprints`].
    pub fn update_identity_fingerprints(
        self,
        identity_uuid: &str,
        ja3_hashes: Option<Json>,
        hassh_hashes: Option<Json>,
        tls_cert_sha256: Option<Json>,
        kd_digraph_simhash: Option<Simhash>,
    ) -> UnitOfWork<'r> {
        let changes = Changeset::new()
            .set_json(AttackerIdentity::JA3_HASHES, &ja3_hashes.unwrap_or_default())
            .set_json(AttackerIdentity::HASSH_HASHES, &hassh_hashes.unwrap_or_default())
            .set_json(AttackerIdentity::TLS_CERT_SHA256, &tls_cert_sha256.unwrap_or_default())
            .set(AttackerIdentity::KD_DIGRAPH_SIMHASH, kd_digraph_simhash)
            .set(AttackerIdentity::UPDATED_AT, Timestamp::now());
        self.execute(|sql| {
            sql.update::<AttackerIdentity>().set_all(changes).only(AttackerIdentity::UUID, identity_uuid)
        })
    }

    /// See [`Identities::upsert_attribution_state`].
    pub fn upsert_attribution_state(self, mut data: Changeset<AttributionState>) -> UnitOfWork<'r> {
        data.remove(AttributionState::SCHEMA_VERSION);
        self.steps(|steps| steps.upsert(data.set(AttributionState::UPDATED_AT, Timestamp::now())))
    }
}

/// Adds that it is this attacker, and has no identity.
fn without_identity<'s, 'd>(sql: &'s mut Sql<'d>, attacker_uuid: &str) -> &'s mut Sql<'d> {
    let sql = sql.only(Attacker::UUID, attacker_uuid).and().push("(").eq(Attacker::IDENTITY_ID, Value::Null);
    sql.push(" OR ").eq(Attacker::IDENTITY_ID, "").push(")")
}
