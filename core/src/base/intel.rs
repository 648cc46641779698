//! What threat-intelligence providers say about attackers.

use async_trait::async_trait;
use uuid::Uuid;

use super::SqlRepository;
use crate::contract::unit::UnitOfWork;
use crate::contract::{Attacker, AttackerIntel, Intel, IntelEvent, UnenrichedAttacker};
use crate::error::Result;
use crate::sql::{Changeset, Receipt, Record, RowReader};
use crate::time::Timestamp;

#[async_trait]
impl Intel for SqlRepository {
    async fn get_attacker_intel_by_uuid(&self, uuid: &str) -> Result<Option<AttackerIntel>> {
        self.by(AttackerIntel::ATTACKER_UUID, uuid).await
    }

    async fn get_attacker_intel_row_by_uuid(
        &self,
        uuid: &str,
        providers: Option<Vec<String>>,
    ) -> Result<Option<IntelEvent>> {
        Ok(self.get_attacker_intel_by_uuid(uuid).await?.map(|row| IntelEvent::new(row, providers)))
    }

    async fn get_unenriched_attackers(&self, limit: u64) -> Result<Vec<UnenrichedAttacker>> {
        let mut sql = self.sql();
        sql.about(Attacker::TABLE).push(
            "SELECT a.uuid, a.ip FROM attackers a LEFT JOIN attacker_intel i ON i.attacker_uuid = a.uuid",
        );
        sql.push(" WHERE i.uuid IS NULL OR i.expires_at < ").bind(Timestamp::now());
        sql.push(" ORDER BY a.last_seen DESC, a.uuid DESC").part(limit, 0);
        let decode = |row: &mut RowReader| {
            Ok(UnenrichedAttacker { uuid: row.read(Attacker::UUID)?, ip: row.read(Attacker::IP)? })
        };
        self.read(sql).await?.decode(decode)
    }
}

/// What threat-intelligence providers say: see [`Intel`].
impl<'r, T> UnitOfWork<'r, T> {
    /// See [`Intel::upsert_attacker_intel`].
    pub fn upsert_attacker_intel(self, mut data: Changeset<AttackerIntel>) -> UnitOfWork<'r, String> {
        self.returning(|steps| {
            data.remove(AttackerIntel::SCHEMA_VERSION);
            let data = data.set(AttackerIntel::UUID, Uuid::new_v4().simple().to_string());
            let attacker = data.text(AttackerIntel::ATTACKER_UUID).unwrap_or_default().to_owned();
            let (key, uuid) = (AttackerIntel::ATTACKER_UUID.column(), AttackerIntel::UUID.column());
            steps.upsert_by(&[key], &[uuid], data)?;
            let found = steps.query(|sql| {
                sql.push("SELECT uuid").from::<AttackerIntel>().only(AttackerIntel::ATTACKER_UUID, attacker)
            })?;
            Ok(move |receipt: &mut Receipt| Ok(receipt.rows(found).scalar()?.unwrap_or_default()))
        })
    }
}
