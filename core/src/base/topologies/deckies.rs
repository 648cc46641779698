//! Deckies of topologies.

use crate::contract::unit::UnitOfWork;
use crate::contract::{TopologyDecky, TopologyEdge};
use crate::sql::Changeset;
use crate::time::Timestamp;

/// Deckies of topologies: see [`Topologies`](crate::contract::Topologies).
impl<'r, T> UnitOfWork<'r, T> {
    /// See [`Topologies::add_topology_decky`](crate::contract::Topologies::add_topology_decky).
    pub fn add_topology_decky(
        self,
        data: Changeset<TopologyDecky>,
        expected_version: Option<i64>,
    ) -> UnitOfWork<'r, String> {
        self.add_part(data, expected_version, |_, _| Ok(()))
    }

    /// See [`Topologies::update_topology_decky`](crate::contract::Topologies::update_topology_decky).
    pub fn update_topology_decky(
        self,
        decky_uuid: &str,
        fields: Changeset<TopologyDecky>,
        expected_version: Option<i64>,
        enforce_pending: bool,
    ) -> UnitOfWork<'r> {
        self.steps(|steps| {
            if fields.is_empty() {
                return Ok(());
            }
            let mut fields = steps.update_part(decky_uuid, fields)?;
            if fields.get(TopologyDecky::UPDATED_AT).is_none() {
                fields = fields.set(TopologyDecky::UPDATED_AT, Timestamp::now());
            }
            steps.pending_only::<TopologyDecky>(decky_uuid, enforce_pending)?;
            steps.next_version_of::<TopologyDecky>(decky_uuid, expected_version)?;
            steps.execute(|sql| {
                sql.update::<TopologyDecky>().set_all(fields).only(TopologyDecky::UUID, decky_uuid)
            })?;
            Ok(())
        })
    }

    /// See [`Topologies::delete_topology_decky`](crate::contract::Topologies::delete_topology_decky).
    pub fn delete_topology_decky(
        self,
        decky_uuid: &str,
        expected_version: Option<i64>,
        enforce_pending: bool,
    ) -> UnitOfWork<'r> {
        self.steps(|steps| {
            steps.lock_topology_of::<TopologyDecky>(decky_uuid)?;
            steps.pending_only::<TopologyDecky>(decky_uuid, enforce_pending)?;
            steps.next_version_of::<TopologyDecky>(decky_uuid, expected_version)?;
            steps.execute(|sql| sql.delete::<TopologyEdge>().only(TopologyEdge::DECKY_UUID, decky_uuid))?;
            steps.execute(|sql| sql.delete::<TopologyDecky>().only(TopologyDecky::UUID, decky_uuid)).map(drop)
        })
    }
}
