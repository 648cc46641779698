//! Edges: deckies' legs in LANs.

use super::guards::look;
use crate::contract::unit::UnitOfWork;
use crate::contract::{Lan, TopologyDecky, TopologyEdge};
use crate::sql::{Changeset, Expect};

/// Edges: see [`Topologies`](crate::contract::Topologies).
impl<'r, T> UnitOfWork<'r, T> {
    /// See [`Topologies::add_topology_edge`](crate::contract::Topologies::add_topology_edge).
    pub fn add_topology_edge(
        self,
        data: Changeset<TopologyEdge>,
        expected_version: Option<i64>,
    ) -> UnitOfWork<'r, String> {
        let text = |column| data.text(column).unwrap_or_default().to_owned();
        let (decky_uuid, lan_id) = (text(TopologyEdge::DECKY_UUID), text(TopologyEdge::LAN_ID));
        self.add_part(data, expected_version, |steps, topology_id| {
            steps.expect(Expect::one_row("decky_uuid: the topology has no such decky"), |sql| {
                look::<TopologyDecky>(sql, &decky_uuid).only(TopologyDecky::TOPOLOGY_ID, topology_id)
            })?;
            steps.expect(Expect::one_row("lan_id: the topology has no such LAN"), |sql| {
                look::<Lan>(sql, &lan_id).only(Lan::TOPOLOGY_ID, topology_id)
            })?;
            Ok(())
        })
    }

    /// See [`Topologies::delete_topology_edge`](crate::contract::Topologies::delete_topology_edge).
    pub fn delete_topology_edge(
        self,
        edge_id: &str,
        expected_version: Option<i64>,
        enforce_pending: bool,
    ) -> UnitOfWork<'r> {
        self.steps(|steps| {
            steps.lock_topology_of::<TopologyEdge>(edge_id)?;
            steps.pending_only::<TopologyEdge>(edge_id, enforce_pending)?;
            steps.next_version_of::<TopologyEdge>(edge_id, expected_version)?;
            steps.execute(|sql| sql.delete::<TopologyEdge>().only(TopologyEdge::ID, edge_id)).map(drop)
        })
    }
}
