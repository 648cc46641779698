//! Golden data of swarm hosts, shards, the fleet and deployments.

use crate::golden::{Coverage, List, Ruled};

pub(crate) fn golden() -> Coverage {
    Coverage {
        tables: &["swarm_hosts", "decky_shards", "fleet_deckies", "decky_lifecycle"],
        ruled: vec![
            Ruled::answer(
                List::CoreReads,
                161,
                "R7: of several hosts the first by key",
                List::CoreReads.result(157),
            ),
            Ruled::answer(
                List::CoreReads,
                170,
                "R6: no order is documented, so it is that of the key",
                List::CoreReads.rows(170, &[2, 0, 1]),
            ),
            Ruled::answer(
                List::CoreReads,
                172,
                "R6: no order is documented, so it is that of the key",
                List::CoreReads.rows(172, &[0, 3, 1, 2, 4, 5]),
            ),
            Ruled::error(List::CoreMutations, 22, "R15: an unknown column is invalid input", "invalid_input"),
        ],
        ..Coverage::default()
    }
}
