//! Golden data of identities.

use crate::golden::Coverage;

pub(crate) fn golden() -> Coverage {
    Coverage {
        pending: &[
            "ensure_stub_identity_for_attacker",
            "create_attacker_identity",
            "set_attacker_identity_id",
            "update_identity_fingerprints",
            "update_identity_merged_into",
            "upsert_attribution_state",
            "get_identity_by_uuid",
            "list_identities",
            "count_identities",
            "list_all_identities",
            "list_attackers_for_clustering",
            "list_identities_for_clustering",
            "get_attribution_state",
            "get_attribution_state_for_identity",
            "list_multi_actor_identities",
            "list_observations_for_identity",
            "count_observations_for_identity",
        ],
        tables: &["attacker_identities", "attribution_state"],
        tables_of_others: &["attackers"],
        ..Coverage::default()
    }
}
