//! The queue of changes that running topologies wait for.

use super::sequence::Dated as _;
use crate::base::support::new_row;
use crate::contract::TopologyMutation;
use crate::contract::unit::{Steps, UnitOfWork};
use crate::error::Result;
use crate::sql::{Changeset, Expect, StepId};
use crate::time::Timestamp;

pub(super) const PENDING: &str = "pending";
pub(super) const APPLYING: &str = "applying";

/// The queue of changes: see [`Topologies`](crate::contract::Topologies).
impl<'r, T> UnitOfWork<'r, T> {
    /// Adds a change as of an instant; the unit is refused when the topology has one that is not older.
    pub(super) fn topology_mutation_at(
        self,
        topology_id: &str,
        mutation: Changeset<TopologyMutation>,
        expected_version: Option<i64>,
        at: Timestamp,
    ) -> UnitOfWork<'r, String> {
        self.returning(|steps| {
            let (row, id) = new_row(mutation.set(TopologyMutation::REQUESTED_AT, at), TopologyMutation::ID)?;
            steps.add_to_topology(topology_id, expected_version)?;
            steps.insert(row);
            TopologyMutation::must_be_last(steps, topology_id, &id)?;
            Ok(|_: &mut _| Ok(id))
        })
    }

    /// Takes a change over; the unit is refused when it is not pending any more.
    pub(super) fn claim_mutation(self, mutation_id: &str) -> UnitOfWork<'r> {
        self.steps(|steps| {
            steps.expect(Expect::one_row("the change was taken over meanwhile"), |sql| {
                let sql = sql.update::<TopologyMutation>().set(TopologyMutation::STATE, APPLYING);
                sql.only(TopologyMutation::ID, mutation_id).only(TopologyMutation::STATE, PENDING)
            })?;
            Ok(())
        })
    }

    /// See [`Topologies::mark_mutation_applied`](crate::contract::Topologies::mark_mutation_applied).
    pub fn mark_mutation_applied(self, mutation_id: &str) -> UnitOfWork<'r> {
        self.steps(|steps| mark(steps, mutation_id, ended("applied")).map(drop))
    }

    /// See [`Topologies::mark_mutation_failed`](crate::contract::Topologies::mark_mutation_failed).
    pub fn mark_mutation_failed(self, mutation_id: &str, reason: &str) -> UnitOfWork<'r> {
        let changes = ended("failed").set(TopologyMutation::REASON, reason);
        self.steps(|steps| mark(steps, mutation_id, changes).map(drop))
    }
}

fn ended(state: &str) -> Changeset<TopologyMutation> {
    let changes = Changeset::new().set(TopologyMutation::STATE, state);
    changes.set(TopologyMutation::APPLIED_AT, Timestamp::now())
}

fn mark(steps: &mut Steps<'_>, mutation_id: &str, changes: Changeset<TopologyMutation>) -> Result<StepId> {
    steps.execute(|sql| {
        sql.update::<TopologyMutation>().set_all(changes).only(TopologyMutation::ID, mutation_id)
    })
}
