//! Worker hosts and their deckies.

use async_trait::async_trait;

use super::fleet::running_has_no_error;
use super::upsert::upsert;
use super::{SqlRepository, UnitOfWork};
use crate::contract::{DeckyShard, ListedShard, Swarm, SwarmHost};
use crate::error::{Error, Result};
use crate::sql::{Fields, Sql};
use crate::time::Timestamp;

#[async_trait]
impl Swarm for SqlRepository {
    async fn add_swarm_host(&self, data: Fields<SwarmHost>) -> Result<()> {
        UnitOfWork::new(self).add_swarm_host(data).commit().await.map_err(|error| error.within("data"))
    }

    async fn get_swarm_host_by_name(&self, name: &str) -> Result<Option<SwarmHost>> {
        let mut sql = self.select::<SwarmHost>();
        sql.push(" WHERE ").identifier("name").push(" = ").bind(name);
        self.read(sql).await?.first()
    }

    async fn get_swarm_host_by_uuid(&self, uuid: &str) -> Result<Option<SwarmHost>> {
        let mut sql = self.select::<SwarmHost>();
        sql.push(" WHERE uuid = ").bind(uuid);
        self.read(sql).await?.first()
    }

    async fn get_swarm_host_by_fingerprint(&self, fingerprint: &str) -> Result<Option<SwarmHost>> {
        let mut sql = self.select::<SwarmHost>();
        sql.push(" WHERE client_cert_fingerprint = ").bind(fingerprint).push(" ORDER BY uuid").page(1, 0);
        self.read(sql).await?.first()
    }

    async fn list_swarm_hosts(&self, status: Option<&str>) -> Result<Vec<SwarmHost>> {
        let mut sql = self.select::<SwarmHost>();
        if let Some(status) = status.filter(|status| !status.is_empty()) {
            sql.push(" WHERE ").identifier("status").push(" = ").bind(status);
        }
        sql.push(" ORDER BY ").identifier("name");
        self.read(sql).await?.records()
    }

    async fn update_swarm_host(&self, uuid: &str, fields: Fields<SwarmHost>) -> Result<()> {
        let unit = UnitOfWork::new(self).update_swarm_host(uuid, fields);
        unit.commit().await.map_err(|error| error.within("fields"))
    }

    async fn delete_swarm_host(&self, uuid: &str) -> Result<bool> {
        let receipt = UnitOfWork::new(self).delete_swarm_host(uuid).receipt().await;
        let receipt = receipt
            .map_err(|error| refers(error, "a topology targets the host: retarget or delete it first"))?;
        Ok(receipt.affected(2) > 0)
    }

    async fn upsert_decky_shard(&self, data: Fields<DeckyShard>) -> Result<()> {
        let done = UnitOfWork::new(self).upsert_decky_shard(data).commit().await;
        done.map_err(|error| refers(error, "host_uuid: no swarm host has this uuid").within("data"))
    }

    async fn list_decky_shards(&self, host_uuid: Option<&str>) -> Result<Vec<ListedShard>> {
        let mut sql = self.select::<DeckyShard>();
        if let Some(host_uuid) = host_uuid.filter(|host| !host.is_empty()) {
            sql.push(" WHERE host_uuid = ").bind(host_uuid);
        }
        sql.push(" ORDER BY decky_name");
        let shards: Vec<DeckyShard> = self.read(sql).await?.records()?;
        Ok(shards.into_iter().map(ListedShard::from).collect())
    }

    async fn delete_decky_shards_for_host(&self, host_uuid: &str) -> Result<u64> {
        Ok(UnitOfWork::new(self).delete_decky_shards_for_host(host_uuid).receipt().await?.affected(0))
    }

    async fn delete_decky_shard(&self, decky_name: &str) -> Result<bool> {
        Ok(UnitOfWork::new(self).delete_decky_shard(decky_name).receipt().await?.affected(0) > 0)
    }
}

/// A broken reference in words: engines don't say which one it was.
fn refers(error: Error, message: &str) -> Error {
    match error {
        Error::Conflict { source: source @ Some(_), .. } => {
            Error::Conflict { message: message.to_owned(), source }
        }
        other => other,
    }
}

/// Worker hosts and their deckies: see [`Swarm`].
impl UnitOfWork<'_> {
    /// See [`Swarm::add_swarm_host`].
    pub fn add_swarm_host(self, data: Fields<SwarmHost>) -> Self {
        self.add(|unit, _| {
            unit.insert(data.insert()?);
            Ok(())
        })
    }

    /// See [`Swarm::update_swarm_host`].
    pub fn update_swarm_host(self, uuid: &str, fields: Fields<SwarmHost>) -> Self {
        if fields.is_empty() {
            return self;
        }
        self.execute(|sql| {
            sql.push("UPDATE swarm_hosts SET ");
            fields.assignments(sql)?;
            sql.push(" WHERE uuid = ").bind(uuid);
            Ok(())
        })
    }

    /// See [`Swarm::delete_swarm_host`].
    pub fn delete_swarm_host(self, uuid: &str) -> Self {
        // Locks the host, so that no shard comes to it between the two deletions.
        self.execute(|sql| {
            sql.push("UPDATE swarm_hosts SET ").identifier("status").push(" = ").identifier("status");
            sql.push(" WHERE uuid = ").bind(uuid);
            Ok(())
        })
        .execute(|sql| {
            sql.push("DELETE FROM decky_shards WHERE host_uuid = ").bind(uuid);
            sql.push(" AND EXISTS (SELECT 1 FROM swarm_hosts WHERE uuid = ").bind(uuid).push(")");
            Ok(())
        })
        .execute(|sql| {
            sql.push("DELETE FROM swarm_hosts WHERE uuid = ").bind(uuid);
            Ok(())
        })
    }

    /// See [`Swarm::upsert_decky_shard`].
    pub fn upsert_decky_shard(self, data: Fields<DeckyShard>) -> Self {
        let data = running_has_no_error(data).set("updated_at", Timestamp::now());
        self.add(|unit, dialect| upsert(unit, dialect, data))
    }

    /// See [`Swarm::delete_decky_shards_for_host`].
    pub fn delete_decky_shards_for_host(self, host_uuid: &str) -> Self {
        self.execute(|sql| delete_shards(sql, "host_uuid", host_uuid))
    }

    /// See [`Swarm::delete_decky_shard`].
    pub fn delete_decky_shard(self, decky_name: &str) -> Self {
        self.execute(|sql| delete_shards(sql, "decky_name", decky_name))
    }
}

fn delete_shards(sql: &mut Sql<'_>, column: &'static str, value: &str) -> Result<()> {
    sql.push("DELETE FROM decky_shards WHERE ").identifier(column).push(" = ").bind(value);
    Ok(())
}
