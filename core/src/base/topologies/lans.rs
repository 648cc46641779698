//! LANs.

use super::guards::look;
use crate::contract::unit::UnitOfWork;
use crate::contract::{Lan, TopologyDecky, TopologyEdge};
use crate::error::Error;
use crate::sql::{Changeset, Expect, Sql};
use crate::text::excerpt;

/// LANs: see [`Topologies`](crate::contract::Topologies).
impl<'r, T> UnitOfWork<'r, T> {
    /// See [`Topologies::add_lan`](crate::contract::Topologies::add_lan).
    pub fn add_lan(self, data: Changeset<Lan>, expected_version: Option<i64>) -> UnitOfWork<'r, String> {
        self.add_part(data, expected_version, |_, _| Ok(()))
    }

    /// See [`Topologies::update_lan`](crate::contract::Topologies::update_lan).
    pub fn update_lan(
        self,
        lan_id: &str,
        fields: Changeset<Lan>,
        expected_version: Option<i64>,
        enforce_pending: bool,
    ) -> UnitOfWork<'r> {
        self.steps(|steps| {
            if fields.is_empty() {
                return Ok(());
            }
            let fields = steps.update_part(lan_id, fields)?;
            steps.pending_only::<Lan>(lan_id, enforce_pending)?;
            steps.next_version_of::<Lan>(lan_id, expected_version)?;
            if !fields.is_empty() {
                steps.execute(|sql| sql.update::<Lan>().set_all(fields).only(Lan::ID, lan_id))?;
            }
            Ok(())
        })
    }

    /// See [`Topologies::delete_lan`](crate::contract::Topologies::delete_lan).
    pub fn delete_lan(
        self,
        lan_id: &str,
        expected_version: Option<i64>,
        enforce_pending: bool,
    ) -> UnitOfWork<'r> {
        self.steps(|steps| {
            steps.lock_topology_of::<Lan>(lan_id)?;
            steps.pending_only::<Lan>(lan_id, enforce_pending)?;
            let orphans =
                Expect::no_row("lan_id: without this LAN a decky would be orphaned, left without any");
            let names = "SELECT (SELECT l.name FROM lans l WHERE l.id = e.lan_id), d.name";
            steps.explain(
                &orphans,
                |sql| orphaned(sql.push(names), lan_id).push(" ORDER BY d.name"),
                |row| {
                    let (lan, decky): (String, String) =
                        (row.read(Lan::NAME)?, row.read(TopologyDecky::NAME)?);
                    let (lan, decky) = (excerpt(&lan), excerpt(&decky));
                    Ok(Some(Error::conflict(format!(
                        "lan_id: without the LAN {lan} the decky {decky} would be orphaned, left without any"
                    ))))
                },
            )?;
            steps.expect(orphans, |sql| {
                let sql = look::<Lan>(sql, lan_id).and().push("EXISTS ");
                sql.subquery(|sql| orphaned(sql.push("SELECT 1"), lan_id))
            })?;
            steps.next_version_of::<Lan>(lan_id, expected_version)?;
            steps.execute(|sql| sql.delete::<TopologyEdge>().only(TopologyEdge::LAN_ID, lan_id))?;
            steps.execute(|sql| sql.delete::<Lan>().only(Lan::ID, lan_id)).map(drop)
        })
    }
}

/// The deckies, and their edges, that have an edge to this LAN and to no other.
fn orphaned<'s, 'd>(sql: &'s mut Sql<'d>, lan_id: &str) -> &'s mut Sql<'d> {
    sql.push(" FROM topology_edges e JOIN topology_deckies d ON d.uuid = e.decky_uuid WHERE e.lan_id = ")
        .bind(lan_id);
    sql.push(" AND NOT EXISTS (SELECT 1 FROM topology_edges o");
    sql.push(" WHERE o.decky_uuid = e.decky_uuid AND o.lan_id <> e.lan_id)")
}
