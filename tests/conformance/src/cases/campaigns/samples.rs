//! Sample arguments: campaigns.

use serde_json::{Value, json};

use crate::samples::{Domain, UUID};

pub(crate) fn samples() -> Vec<Domain> {
    vec![("campaigns", campaigns())]
}

fn campaigns() -> Vec<(&'static str, Value)> {
    vec![
        ("create_campaign", json!({"row": {"uuid": UUID, "c2_endpoints": ["198.51.100.99:443"]}})),
        ("get_campaign_by_uuid", json!({"uuid": UUID})),
        ("list_campaigns", json!({})),
        ("count_campaigns", json!({})),
        ("list_all_campaigns", json!({})),
        ("get_campaigns_page", json!({"after": "campaigns.uuid::u1", "limit": 2})),
        ("list_identities_for_campaign", json!({"campaign_uuid": UUID, "limit": 2, "offset": 1})),
        ("count_identities_for_campaign", json!({"campaign_uuid": UUID})),
        ("set_identity_campaign_id", json!({"identity_uuid": UUID, "campaign_uuid": UUID})),
        ("set_identity_campaign_id", json!({"identity_uuid": UUID})),
        ("update_campaign_merged_into", json!({"campaign_uuid": UUID, "winner_uuid": "w"})),
    ]
}
