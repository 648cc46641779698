//! Statuses of topologies, and the events that tell of their changes.

use super::guards::lock;
use super::sequence::Dated as _;
use crate::base::support::check_as;
use crate::base::support::new_row;
use crate::contract::unit::{Steps, UnitOfWork};
use crate::contract::{Topology, TopologyStatusEvent};
use crate::error::{Error, Result};
use crate::sql::{Changeset, Expect};
use crate::time::Timestamp;

/// Statuses of topologies.
impl<'r, T> UnitOfWork<'r, T> {
    /// Sets the status as of an instant; the unit is refused when the topology has an event that is not older.
    pub(super) fn topology_status_at(
        self,
        topology_id: &str,
        new_status: &str,
        reason: Option<&str>,
        at: Timestamp,
    ) -> UnitOfWork<'r> {
        self.steps(|steps| {
            steps.execute(|sql| lock(sql).only(Topology::ID, topology_id))?;
            set_status(steps, topology_id, new_status, reason, at)
        })
    }

    /// The same of a topology that must be there, in one of the statuses `from`; `illegal` makes the error for another one.
    pub(crate) fn topology_transition_at(
        self,
        topology_id: &str,
        from: &[&'static str],
        new_status: &str,
        reason: Option<&str>,
        at: Timestamp,
        illegal: impl Fn(&str) -> Option<Error> + Send + 'static,
    ) -> UnitOfWork<'r> {
        self.steps(|steps| {
            let missing = Expect::one_row("topology_id: no topology has this id").or_not_found();
            steps.expect(missing, |sql| lock(sql).only(Topology::ID, topology_id))?;
            let refused = Expect::no_row("the topology's status does not allow the transition");
            steps.explain(
                &refused,
                |sql| {
                    let sql = sql.push("SELECT ").column(Topology::STATUS).from::<Topology>();
                    sql.only(Topology::ID, topology_id)
                },
                move |row| Ok(illegal(&row.read(Topology::STATUS)?)),
            )?;
            steps.expect(refused, |sql| {
                let sql = lock(sql).only(Topology::ID, topology_id);
                if from.is_empty() {
                    return sql;
                }
                sql.and().push("NOT ").column(Topology::STATUS).one_of(from.iter().copied())
            })?;
            set_status(steps, topology_id, new_status, reason, at)
        })
    }
}

/// Sets the status of a locked topology, if it is there.
fn set_status(
    steps: &mut Steps<'_>,
    topology_id: &str,
    new_status: &str,
    reason: Option<&str>,
    at: Timestamp,
) -> Result<()> {
    check_as("new_status", Topology::STATUS, new_status)?;
    let event = Changeset::new()
        .set(TopologyStatusEvent::TOPOLOGY_ID, topology_id)
        .set(TopologyStatusEvent::FROM_STATUS, "")
        .set(TopologyStatusEvent::TO_STATUS, new_status)
        .set(TopologyStatusEvent::AT, at)
        .set(TopologyStatusEvent::REASON, reason);
    let (event, id) = new_row(event, TopologyStatusEvent::ID)?;
    steps.execute(|sql| {
        sql.insert_select(&event)
            .and()
            .push("EXISTS ")
            .subquery(|sql| sql.push("SELECT 1").from::<Topology>().only(Topology::ID, topology_id))
    })?;
    steps.execute(|sql| {
        sql.update::<TopologyStatusEvent>().assign(TopologyStatusEvent::FROM_STATUS).subquery(|sql| {
            let sql = sql.push("SELECT ").column(Topology::STATUS).from::<Topology>();
            sql.only(Topology::ID, topology_id)
        });
        sql.only(TopologyStatusEvent::ID, &*id)
    })?;
    TopologyStatusEvent::must_be_last(steps, topology_id, &id)?;
    steps.execute(|sql| {
        let sql = sql.update::<Topology>().set(Topology::STATUS, new_status);
        sql.set(Topology::STATUS_CHANGED_AT, at).only(Topology::ID, topology_id)
    })?;
    Ok(())
}
