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
            Ruled::error(List::DeploymentWrites, 22, "R18: a decky would be orphaned", "conflict"),
            Ruled::error(List::DeploymentWrites, 27, "R18: no such LAN", "not_found"),
            Ruled::error(List::DeploymentWrites, 30, "R18: no such decky", "not_found"),
            Ruled::answer(
                List::DeploymentReads,
                28,
                "R18: what is not JSON is shown as text",
                json!([{
                    "uuid": "30000000-0000-4000-8000-000000000005",
                    "topology_id": "10000000-0000-4000-8000-000000000004",
                    "name": "broken", "services": "not json", "decky_config": "{also not", "ip": null,
                    "state": "running", "last_error": null, "x": null, "y": null,
                }]),
            ),
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
