//! Topologies, their parts, their history and their queue of changes.
//!
//! Each unit that writes more than one row of a topology begins with the row of `topologies`: so units on one topology come one
//! after the other, and none waits for another that waits for it.

mod deckies;
mod edges;
mod guards;
mod lans;
mod mutations;
mod sequence;
mod status;

use async_trait::async_trait;

use self::mutations::{APPLYING, PENDING};
use self::sequence::Dated;
pub(crate) use self::sequence::after_all;
use super::SqlRepository;
use super::support::{in_rounds, new_row};
use crate::contract::unit::{UnitOfWork, any};
use crate::contract::{
    DesignedDecky, Lan, Page, Topologies, Topology, TopologyDecky, TopologyEdge, TopologyMutation,
    TopologyMutationCursor, TopologyStatusEvent, Transactional,
};
use crate::error::Result;
use crate::json::Json;
use crate::sql::Changeset;
use crate::time::Timestamp;

/// The statuses in which a topology is deployed.
const LIVE: [&str; 2] = ["active", "degraded"];
/// The most rows that there can be, for lists that are read from an offset to their end.
const ALL: u64 = i64::MAX.unsigned_abs();

#[async_trait]
impl Topologies for SqlRepository {
    async fn get_topology(&self, topology_id: &str) -> Result<Option<Topology>> {
        self.by(Topology::ID, topology_id).await
    }

    async fn list_topologies(
        &self,
        status: Option<&str>,
        limit: Option<u64>,
        offset: u64,
    ) -> Result<Vec<Topology>> {
        self.list(|sql| {
            let sql = sql.only_if(Topology::STATUS, status).desc(Topology::CREATED_AT).desc(Topology::ID);
            match limit {
                Some(limit) => sql.part(limit, offset),
                None => sql.page(ALL, offset),
            }
        })
        .await
    }

    async fn count_topologies(&self, status: Option<&str>) -> Result<u64> {
        self.count::<Topology>(|sql| sql.only_if(Topology::STATUS, status)).await
    }

    async fn update_topology_status(
        &self,
        topology_id: &str,
        new_status: &str,
        reason: Option<&str>,
    ) -> Result<()> {
        let newest = || self.newest::<TopologyStatusEvent>(topology_id);
        after_all(newest, |at| self.unit().topology_status_at(topology_id, new_status, reason, at)).await
    }

    async fn list_topologies_needing_resync(&self) -> Result<Vec<Topology>> {
        self.list(|sql| sql.and().column(Topology::NEEDS_RESYNC).push(" <> ").bind(false).asc(Topology::ID))
            .await
    }

    async fn list_live_topology_ids(&self) -> Result<Vec<String>> {
        let mut sql = self.sql();
        sql.push("SELECT ").column(Topology::ID).from::<Topology>().only_in(Topology::STATUS, LIVE);
        sql.asc(Topology::ID);
        self.read(sql).await?.decode(|row| row.read(Topology::ID))
    }

    async fn list_lans_for_topology(&self, topology_id: &str) -> Result<Vec<Lan>> {
        self.list(|sql| sql.only(Lan::TOPOLOGY_ID, topology_id).asc(Lan::NAME).asc(Lan::ID)).await
    }

    async fn list_topology_deckies(&self, topology_id: &str) -> Result<Vec<DesignedDecky>> {
        let deckies: Vec<TopologyDecky> = self
            .list(|sql| {
                let sql = sql.only(TopologyDecky::TOPOLOGY_ID, topology_id);
                sql.asc(TopologyDecky::NAME).asc(TopologyDecky::UUID)
            })
            .await?;
        Ok(deckies.into_iter().map(DesignedDecky::from).collect())
    }

    async fn list_running_topology_deckies(&self) -> Result<Vec<TopologyDecky>> {
        self.list(|sql| sql.only(TopologyDecky::STATE, "running").asc(TopologyDecky::UUID)).await
    }

    async fn list_topology_edges(&self, topology_id: &str) -> Result<Vec<TopologyEdge>> {
        self.list(|sql| sql.only(TopologyEdge::TOPOLOGY_ID, topology_id).asc(TopologyEdge::ID)).await
    }

    async fn list_topology_status_events(
        &self,
        topology_id: &str,
        limit: u64,
    ) -> Result<Vec<TopologyStatusEvent>> {
        self.list(|sql| {
            let sql = sql.only(TopologyStatusEvent::TOPOLOGY_ID, topology_id);
            sql.desc(TopologyStatusEvent::AT).desc(TopologyStatusEvent::ID).part(limit, 0)
        })
        .await
    }

    async fn enqueue_topology_mutation(
        &self,
        topology_id: &str,
        op: &str,
        payload: Json,
        expected_version: Option<i64>,
    ) -> Result<String> {
        let payload = payload.compact().map_err(|error| error.within("payload"))?;
        let mutation = Changeset::<TopologyMutation>::new()
            .set(TopologyMutation::TOPOLOGY_ID, topology_id)
            .set(TopologyMutation::OP, op)
            .set(TopologyMutation::PAYLOAD, payload);
        let newest = || self.newest::<TopologyMutation>(topology_id);
        after_all(newest, |at| {
            self.unit().topology_mutation_at(topology_id, mutation.clone(), expected_version, at)
        })
        .await
    }

    async fn claim_next_mutation(&self, topology_id: &str) -> Result<Option<TopologyMutation>> {
        in_rounds("the topology's oldest pending change", || async move {
            let oldest: Option<TopologyMutation> = self
                .first(|sql| {
                    let sql = sql.only(TopologyMutation::TOPOLOGY_ID, topology_id);
                    let sql = sql.only(TopologyMutation::STATE, PENDING);
                    sql.asc(TopologyMutation::REQUESTED_AT).asc(TopologyMutation::ID)
                })
                .await?;
            let Some(mut oldest) = oldest else { return Ok(Some(None)) };
            self.unit().claim_mutation(&oldest.id).commit().await?;
            APPLYING.clone_into(&mut oldest.state);
            Ok(Some(Some(oldest)))
        })
        .await
    }

    async fn list_topology_mutations(
        &self,
        topology_id: &str,
        state: Option<&str>,
    ) -> Result<Vec<TopologyMutation>> {
        self.list(|sql| {
            let sql = sql.only(TopologyMutation::TOPOLOGY_ID, topology_id);
            sql.only_given(TopologyMutation::STATE, state)
                .desc(TopologyMutation::REQUESTED_AT)
                .desc(TopologyMutation::ID)
        })
        .await
    }

    async fn get_topology_mutations_page(
        &self,
        topology_id: &str,
        state: Option<&str>,
        limit: u64,
        after: Option<TopologyMutationCursor>,
    ) -> Result<Page<TopologyMutation, TopologyMutationCursor>> {
        let id = |change: &TopologyMutation| change.id.clone();
        self.page_by_key(TopologyMutation::ID, id, limit, after, |sql| {
            sql.only(TopologyMutation::TOPOLOGY_ID, topology_id).only_given(TopologyMutation::STATE, state)
        })
        .await
    }

    async fn has_pending_topology_mutation(&self) -> Result<bool> {
        let live = self.first::<TopologyMutation>(|sql| {
            let sql = sql.only(TopologyMutation::STATE, PENDING).and().column(TopologyMutation::TOPOLOGY_ID);
            sql.push(" IN ").subquery(|sql| {
                sql.push("SELECT ").column(Topology::ID).from::<Topology>().only_in(Topology::STATUS, LIVE)
            })
        });
        Ok(live.await?.is_some())
    }
}

impl SqlRepository {
    /// The time of the topology's last row.
    async fn newest<R: Dated>(&self, topology_id: &str) -> Result<Option<Timestamp>> {
        self.value_of(R::TIME, |sql| sql.only(R::OF, topology_id).desc(R::TIME).page(1, 0)).await
    }
}

/// Topologies: see [`Topologies`].
impl<'r, T> UnitOfWork<'r, T> {
    /// See [`Topologies::create_topology`].
    pub fn create_topology(self, data: Changeset<Topology>) -> UnitOfWork<'r, String> {
        self.returning(|steps| {
            let (row, id) = new_row(data, Topology::ID)?;
            steps.insert(row);
            Ok(|_: &mut _| Ok(id))
        })
    }

    /// See [`Topologies::set_topology_resync`].
    pub fn set_topology_resync(self, topology_id: &str, value: bool) -> UnitOfWork<'r> {
        self.execute(|sql| {
            sql.update::<Topology>().set(Topology::NEEDS_RESYNC, value).only(Topology::ID, topology_id)
        })
    }

    /// See [`Topologies::set_topology_email_personas`].
    pub fn set_topology_email_personas(self, topology_id: &str, personas_json: &str) -> UnitOfWork<'r, bool> {
        self.returning(|steps| {
            Ok(any(steps.execute(|sql| {
                let sql = sql.update::<Topology>().set(Topology::EMAIL_PERSONAS, personas_json);
                sql.only(Topology::ID, topology_id)
            })?))
        })
    }

    /// See [`Topologies::delete_topology_cascade`].
    pub fn delete_topology_cascade(self, topology_id: &str) -> UnitOfWork<'r, bool> {
        self.returning(|steps| {
            // Edges are looked for in all topologies, which two of these would do in each other's.
            steps.guard("delete_topology_cascade", "");
            steps.execute(|sql| guards::lock(sql).only(Topology::ID, topology_id))?;
            steps.execute(|sql| {
                sql.delete::<TopologyStatusEvent>().only(TopologyStatusEvent::TOPOLOGY_ID, topology_id)
            })?;
            steps.execute(|sql| sql.delete::<TopologyEdge>().only(TopologyEdge::TOPOLOGY_ID, topology_id))?;
            steps.execute(|sql| {
                sql.delete::<TopologyEdge>().and().column(TopologyEdge::DECKY_UUID).push(" IN ").subquery(
                    |sql| {
                        let sql = sql.push("SELECT ").column(TopologyDecky::UUID).from::<TopologyDecky>();
                        sql.only(TopologyDecky::TOPOLOGY_ID, topology_id)
                    },
                )
            })?;
            steps.execute(|sql| {
                sql.delete::<TopologyEdge>().and().column(TopologyEdge::LAN_ID).push(" IN ").subquery(|sql| {
                    sql.push("SELECT ").column(Lan::ID).from::<Lan>().only(Lan::TOPOLOGY_ID, topology_id)
                })
            })?;
            steps
                .execute(|sql| sql.delete::<TopologyDecky>().only(TopologyDecky::TOPOLOGY_ID, topology_id))?;
            steps.execute(|sql| sql.delete::<Lan>().only(Lan::TOPOLOGY_ID, topology_id))?;
            steps.execute(|sql| {
                sql.delete::<TopologyMutation>().only(TopologyMutation::TOPOLOGY_ID, topology_id)
            })?;
            Ok(any(steps.execute(|sql| sql.delete::<Topology>().only(Topology::ID, topology_id))?))
        })
    }
}
