//! Golden data of observations.

use crate::golden::Coverage;

pub(crate) fn golden() -> Coverage {
    Coverage {
        pending: &[
            "upsert_observation",
            "upsert_observed_attachment",
            "get_observation_by_id",
            "latest_observation_per_primitive",
            "observations_time_series",
            "observations_for_identity_primitive",
            "has_observations_for_evidence",
            "list_observations_by_attacker",
            "get_all_observations_for_export",
        ],
        tables: &["observations", "observed_attachments"],
        ..Coverage::default()
    }
}
