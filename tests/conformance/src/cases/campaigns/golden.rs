//! Golden data of campaigns.

use crate::golden::Coverage;

pub(crate) fn golden() -> Coverage {
    Coverage {
        pending: &[
            "create_campaign",
            "update_campaign_merged_into",
            "set_identity_campaign_id",
            "get_campaign_by_uuid",
            "list_campaigns",
            "count_campaigns",
            "list_all_campaigns",
            "list_identities_for_campaign",
            "count_identities_for_campaign",
        ],
        tables: &["campaigns"],
        tables_of_others: &["attacker_identities"],
        ..Coverage::default()
    }
}
