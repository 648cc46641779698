//! Topologies: LANs, deckies, edges, status and mutations (contract document 70).

pub(crate) mod designs;
pub(crate) mod golden;
pub(crate) mod guards;
pub(crate) mod queue;
pub(crate) mod races;
pub(crate) mod rows;
pub(crate) mod samples;
pub(crate) mod statuses;

crate::catalogue::cases! { topology:
    rows {
        /// A topology and its parts take the original's defaults.
        rows_have_the_defaults_of_the_original,
        /// What the reads show is accepted back.
        what_reads_show_is_accepted_back,
        /// What a column can't hold is invalid input that names the member.
        what_a_column_can_t_hold_is_refused,
        /// Topologies are listed newest first, in parts, and by status.
        topologies_are_listed_newest_first,
        /// Services and configurations keep their text, and one that is not JSON is shown as text.
        json_keeps_its_text,
        /// Deleting a topology leaves nothing of it, also not another topology's edge to it.
        a_deleted_topology_leaves_nothing,
    }
    guards {
        /// A stale version is a conflict that has both numbers; only a change that is stored raises the version.
        a_stale_version_is_a_conflict,
        /// A deployed topology is edited only by who says so, and the conflict has its status.
        a_deployed_topology_is_not_edited_by_chance,
        /// A LAN that is a decky's only one can't be deleted.
        a_lan_that_would_orphan_a_decky_stays,
        /// What is missing is not found by updates, and nothing to deletions, whatever the guards are.
        what_is_missing_is_said_first,
        /// A part keeps its key and its topology.
        a_part_keeps_its_key_and_topology,
        /// An edge joins a decky and a LAN of its own topology.
        an_edge_stays_in_its_topology,
        /// Writes in one unit are refused as one, with the words of the one that is refused.
        several_writes_are_one,
    }
    statuses {
        /// A change of status leaves an event with the status before.
        a_change_of_status_leaves_an_event,
        /// A transition follows the rules, and leaves the event.
        transitions_follow_the_rules,
    }
    queue {
        /// Changes are claimed in the order in which they came, and keep their payload's text.
        changes_are_claimed_in_order,
        /// A change is pending somewhere only while its topology is live.
        only_live_topologies_have_pending_changes,
    }
    races {
        /// Of writers that expect one version one wins, and the others are stale.
        a_version_has_one_winner,
        /// Two LANs of one decky that are deleted at once leave it one.
        no_race_orphans_a_decky,
        /// Each change is claimed by one caller, and changes that come at once have an order.
        a_change_has_one_claimer,
        /// Events of changes that come at once follow one another.
        status_events_are_a_chain,
        /// Of transitions that come at once one wins.
        a_transition_has_one_winner,
        /// Topologies that are deleted while others write leave nothing.
        deletions_and_writes_at_once_leave_nothing,
    }
    designs {
        /// A design is stored whole and read back.
        a_design_is_stored_and_read_back,
        /// What the configurations of deckies lack is filled in what is read, and only there.
        what_configurations_lack_is_filled_in,
        /// A design that is refused leaves nothing.
        a_design_that_is_refused_leaves_nothing,
    }
}

use serde_json::{Value, json};

use crate::cases::calls::Calls;

/// A topology with this id and name.
async fn topology(calls: &Calls, id: &str) {
    calls.called("create_topology", json!({"data": {"id": id, "name": id}})).await;
}

/// A LAN of the topology; its name is its id.
fn lan(topology: &str, id: &str) -> Value {
    json!({"data": {"id": id, "topology_id": topology, "name": id, "subnet": "10.0.0.0/24"}})
}

/// A decky of the topology; its name is its uuid.
fn decky(topology: &str, uuid: &str) -> Value {
    json!({"data": {"uuid": uuid, "topology_id": topology, "name": uuid}})
}

/// An edge of the topology.
fn edge(topology: &str, id: &str, decky: &str, lan: &str) -> Value {
    json!({"data": {"id": id, "topology_id": topology, "decky_uuid": decky, "lan_id": lan}})
}

/// A topology with LANs `l1` and `l2`, and a decky `d` with the edges `e1` and `e2` to them.
async fn maze(calls: &Calls, id: &str) {
    topology(calls, id).await;
    for part in ["l1", "l2"] {
        calls.called("add_lan", lan(id, part)).await;
    }
    calls.called("add_topology_decky", decky(id, "d")).await;
    for (part, to) in [("e1", "l1"), ("e2", "l2")] {
        calls.called("add_topology_edge", edge(id, part, "d", to)).await;
    }
}

/// The topology's version.
async fn version(calls: &Calls, id: &str) -> Value {
    calls.called("get_topology", json!({"topology_id": id})).await["version"].clone()
}
