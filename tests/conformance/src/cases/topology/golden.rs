//! Golden data of topologies.

use serde_json::json;

use crate::golden::{Coverage, List, Ruled, RuledRow};

pub(crate) fn golden() -> Coverage {
    Coverage {
        pending: &[],
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
