//! Worker hosts and their deckies.

use async_trait::async_trait;

use super::SqlRepository;
use super::fleet::running_has_no_error;
use crate::contract::unit::{UnitOfWork, any, count};
use crate::contract::{DeckyShard, ListedShard, Swarm, SwarmHost};
use crate::error::Result;
use crate::sql::Changeset;
use crate::time::Timestamp;

#[async_trait]
impl Swarm for SqlRepository {
    async fn get_swarm_host_by_name(&self, name: &str) -> Result<Option<SwarmHost>> {
        self.by(SwarmHost::NAME, name).await
    }

    async fn get_swarm_host_by_uuid(&self, uuid: &str) -> Result<Option<SwarmHost>> {
        self.by(SwarmHost::UUID, uuid).await
    }

    async fn get_swarm_host_by_fingerprint(&self, fingerprint: &str) -> Result<Option<SwarmHost>> {
        self.first(|sql| sql.only(SwarmHost::CLIENT_CERT_FINGERPRINT, fingerprint).asc(SwarmHost::UUID)).await
    }

    async fn list_swarm_hosts(&self, status: Option<&str>) -> Result<Vec<SwarmHost>> {
        self.list(|sql| sql.only_if(SwarmHost::STATUS, status).asc(SwarmHost::NAME)).await
    }

    async fn list_decky_shards(&self, host_uuid: Option<&str>) -> Result<Vec<ListedShard>> {
        let shards: Vec<DeckyShard> = self
            .list(|sql| sql.only_if(DeckyShard::HOST_UUID, host_uuid).asc(DeckyShard::DECKY_NAME))
            .await?;
        Ok(shards.into_iter().map(ListedShard::from).collect())
    }
}

/// Worker hosts and their deckies: see [`Swarm`].
impl<'r, T> UnitOfWork<'r, T> {
    /// See [`Swarm::add_swarm_host`].
    pub fn add_swarm_host(self, data: Changeset<SwarmHost>) -> UnitOfWork<'r> {
        self.steps(|steps| {
            steps.insert(data.insert()?);
            Ok(())
        })
    }

    /// See [`Swarm::update_swarm_host`].
    pub fn update_swarm_host(self, uuid: &str, fields: Changeset<SwarmHost>) -> UnitOfWork<'r> {
        self.steps(|steps| {
            if !fields.is_empty() {
                steps.execute(|sql| sql.update::<SwarmHost>().set_all(fields).only(SwarmHost::UUID, uuid))?;
            }
            Ok(())
        })
    }

    /// See [`Swarm::delete_swarm_host`].
    pub fn delete_swarm_host(self, uuid: &str) -> UnitOfWork<'r, bool> {
        self.returning(|steps| {
            // Locks the host, so that no shard comes to it between the two deletions.
            steps.execute(|sql| {
                sql.update::<SwarmHost>()
                    .assign(SwarmHost::STATUS)
                    .column(SwarmHost::STATUS)
                    .only(SwarmHost::UUID, uuid)
            })?;
            steps.execute(|sql| {
                let sql = sql.delete::<DeckyShard>().only(DeckyShard::HOST_UUID, uuid).and().push("EXISTS ");
                sql.subquery(|sql| sql.push("SELECT 1").from::<SwarmHost>().only(SwarmHost::UUID, uuid))
            })?;
            Ok(any(steps.execute(|sql| sql.delete::<SwarmHost>().only(SwarmHost::UUID, uuid))?))
        })
    }

    /// See [`Swarm::upsert_decky_shard`].
    pub fn upsert_decky_shard(self, data: Changeset<DeckyShard>) -> UnitOfWork<'r> {
        let data = running_has_no_error(data, DeckyShard::STATE, DeckyShard::LAST_ERROR);
        self.steps(|steps| steps.upsert(data.set(DeckyShard::UPDATED_AT, Timestamp::now())))
    }

    /// See [`Swarm::delete_decky_shards_for_host`].
    pub fn delete_decky_shards_for_host(self, host_uuid: &str) -> UnitOfWork<'r, u64> {
        self.returning(|steps| {
            Ok(count(steps.execute(|sql| sql.delete::<DeckyShard>().only(DeckyShard::HOST_UUID, host_uuid))?))
        })
    }

    /// See [`Swarm::delete_decky_shard`].
    pub fn delete_decky_shard(self, decky_name: &str) -> UnitOfWork<'r, bool> {
        self.returning(|steps| {
            Ok(any(steps.execute(|sql| sql.delete::<DeckyShard>().only(DeckyShard::DECKY_NAME, decky_name))?))
        })
    }
}
