//! Behavioural observations.

use std::collections::BTreeMap;

use async_trait::async_trait;
use uuid::Uuid;

use super::SqlRepository;
use super::attachments::{Seen, count};
use crate::contract::unit::UnitOfWork;
use crate::contract::{
    LatestObservation, Observation, ObservationCursor, ObservationEnvelope, Observations, ObservedValue, Page,
};
use crate::error::Result;
use crate::sql::{Changeset, Receipt, Record, RowReader, Rows, Sql};

#[async_trait]
impl Observations for SqlRepository {
    async fn get_observation_by_id(&self, row_id: &str) -> Result<Option<Observation>> {
        self.by(Observation::ID, row_id).await
    }

    async fn latest_observation_per_primitive(
        &self,
        attacker_uuid: &str,
    ) -> Result<BTreeMap<String, LatestObservation>> {
        let mut sql = self.sql();
        sql.push("SELECT o.primitive, o.value, o.confidence, o.ts, o.source FROM observations o JOIN ");
        sql.subquery(|sql| {
            sql.push("SELECT primitive, MAX(ts) AS ts").from::<Observation>();
            sql.only(Observation::ATTACKER_UUID, attacker_uuid).push(" GROUP BY primitive")
        });
        sql.push(" latest ON latest.primitive = o.primitive AND latest.ts = o.ts WHERE o.attacker_uuid = ");
        sql.bind(attacker_uuid).push(" ORDER BY o.primitive, o.id");
        let latest = self.read(sql).await?.decode(|row| {
            let primitive = row.read(Observation::PRIMITIVE)?;
            let value = row.read(Observation::VALUE)?;
            let (confidence, ts) = (row.read(Observation::CONFIDENCE)?, row.read(Observation::TS)?);
            Ok((
                primitive,
                LatestObservation { value, confidence, ts, source: row.read(Observation::SOURCE)? },
            ))
        })?;
        // Of one instant the last in the order of ids is kept.
        Ok(latest.into_iter().collect())
    }

    async fn observations_time_series(
        &self,
        attacker_uuid: &str,
        primitive: &str,
    ) -> Result<Vec<ObservedValue>> {
        let mut sql = self.sql();
        sql.push("SELECT ts, value, confidence").from::<Observation>();
        sql.only(Observation::ATTACKER_UUID, attacker_uuid).only(Observation::PRIMITIVE, primitive);
        sql.asc(Observation::TS).asc(Observation::ID);
        series(self.read(sql).await?)
    }

    async fn observations_for_identity_primitive(
        &self,
        identity_uuid: &str,
        primitive: &str,
    ) -> Result<Vec<ObservedValue>> {
        let mut sql = self.sql();
        sql.about(Observation::TABLE).push("SELECT o.ts, o.value, o.confidence FROM observations o ");
        sql.push("JOIN attackers a ON a.uuid = o.attacker_uuid WHERE a.identity_id = ").bind(identity_uuid);
        sql.push(" AND o.primitive = ").bind(primitive).push(" ORDER BY o.ts, o.id");
        series(self.read(sql).await?)
    }

    async fn has_observations_for_evidence(&self, evidence_ref: &str) -> Result<bool> {
        let found = self.value_of(Observation::ID, |sql| {
            sql.only(Observation::EVIDENCE_REF, evidence_ref).push(" LIMIT 1")
        });
        Ok(found.await?.is_some())
    }

    async fn list_observations_by_attacker(&self, attacker_uuid: &str) -> Result<Vec<ObservationEnvelope>> {
        let found =
            self.list::<Observation>(|sql| by_window(sql.only(Observation::ATTACKER_UUID, attacker_uuid)));
        Ok(found.await?.into_iter().map(ObservationEnvelope::from).collect())
    }

    async fn get_all_observations_for_export(&self) -> Result<BTreeMap<String, Vec<ObservationEnvelope>>> {
        let mut by_attacker: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for observation in self.list::<Observation>(by_window).await? {
            let list = by_attacker.entry(observation.attacker_uuid.clone()).or_default();
            list.push(observation.into());
        }
        Ok(by_attacker)
    }

    async fn export_observations(
        &self,
        limit: u64,
        attacker_uuid: Option<&str>,
        primitive: Option<&str>,
        after: Option<ObservationCursor>,
    ) -> Result<Page<Observation, ObservationCursor>> {
        self.page_by_key(
            Observation::ID,
            |found: &Observation| found.id.clone(),
            limit,
            after,
            |sql| {
                sql.only_if(Observation::ATTACKER_UUID, attacker_uuid)
                    .only_if(Observation::PRIMITIVE, primitive)
            },
        )
        .await
    }

    async fn upsert_observed_attachment(
        &self,
        sha256: &str,
        decky_uuid: Option<&str>,
        attacker_uuid: Option<&str>,
        extension: Option<&str>,
        subject: Option<&str>,
        mal_hash_match: Option<bool>,
        mal_hash_match_provider: Option<&str>,
    ) -> Result<String> {
        let (verdict, provider) = (mal_hash_match, mal_hash_match_provider);
        let (decky, attacker) = (decky_uuid, attacker_uuid);
        count(self, Seen { sha256, decky, attacker, extension, subject, verdict, provider }).await
    }
}

/// Behavioural observations: see [`Observations`].
impl<'r, T> UnitOfWork<'r, T> {
    /// See [`Observations::upsert_observation`].
    pub fn upsert_observation(self, data: Changeset<Observation>) -> UnitOfWork<'r, String> {
        self.returning(|steps| {
            let text = |column| data.text(column).unwrap_or_default().to_owned();
            let (evidence, primitive) = (text(Observation::EVIDENCE_REF), text(Observation::PRIMITIVE));
            let data = match data.text(Observation::ID) {
                Some(id) if !id.is_empty() => data,
                _ => data.set(Observation::ID, Uuid::new_v4().simple().to_string()),
            };
            let key = [Observation::EVIDENCE_REF.column(), Observation::PRIMITIVE.column()];
            steps.upsert_by(&key, &[Observation::ID.column()], data)?;
            let found = steps.query(|sql| {
                let sql = sql.push("SELECT id").from::<Observation>();
                sql.only(Observation::EVIDENCE_REF, evidence).only(Observation::PRIMITIVE, primitive)
            })?;
            Ok(move |receipt: &mut Receipt| Ok(receipt.rows(found).scalar()?.unwrap_or_default()))
        })
    }
}

fn by_window<'s, 'd>(sql: &'s mut Sql<'d>) -> &'s mut Sql<'d> {
    sql.asc(Observation::WINDOW_END_TS).asc(Observation::ID)
}

fn series(rows: Rows) -> Result<Vec<ObservedValue>> {
    rows.decode(|row: &mut RowReader| {
        let (ts, value) = (row.read(Observation::TS)?, row.read(Observation::VALUE)?);
        Ok(ObservedValue { ts, value, confidence: row.read(Observation::CONFIDENCE)? })
    })
}
