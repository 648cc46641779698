//! Golden data of topologies.

use serde_json::json;

use crate::golden::{Coverage, List, Ruled, RuledRow};

pub(crate) fn golden() -> Coverage {
    Coverage {
        pending: &[
            "create_topology",
            "add_lan",
            "add_topology_decky",
            "add_topology_edge",
            "delete_lan",
            "delete_topology_decky",
            "update_lan",
            "update_topology_decky",
            "update_topology_status",
            "delete_topology_edge",
            "set_topology_resync",
            "set_topology_email_personas",
            "enqueue_topology_mutation",
            "claim_next_mutation",
            "mark_mutation_applied",
            "mark_mutation_failed",
            "delete_topology_cascade",
            "get_topology",
            "list_topologies",
            "count_topologies",
            "list_topologies_needing_resync",
            "list_live_topology_ids",
            "list_lans_for_topology",
            "list_topology_deckies",
            "list_running_topology_deckies",
            "list_topology_edges",
            "list_topology_status_events",
            "list_topology_mutations",
            "has_pending_topology_mutation",
        ],
        tables: &[
            "topologies",
            "lans",
            "topology_deckies",
            "topology_edges",
            "topology_status_events",
            "topology_mutations",
        ],
        ruled: vec![
            Ruled::error(List::DeploymentWrites, 5, "R8: an unknown key is refused", "invalid_input"),
            Ruled::error(List::DeploymentWrites, 16, "R8: its topology was refused", "conflict"),
        ],
        rows: vec![
            RuledRow::left_out(
                List::DeploymentWrites,
                "topologies",
                json!({"id": "10000000-0000-4000-8000-000000000004"}),
                "R8: an unknown key is refused",
            ),
            RuledRow::left_out(
                List::DeploymentWrites,
                "topology_deckies",
                json!({"uuid": "30000000-0000-4000-8000-000000000005"}),
                "R8: its topology was refused",
            ),
        ],
        ..Coverage::default()
    }
}
