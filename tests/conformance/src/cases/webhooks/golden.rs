//! Golden data of webhook subscriptions.

use crate::golden::Coverage;

pub(crate) fn golden() -> Coverage {
    Coverage {
        pending: &[
            "create_webhook_subscription",
            "record_webhook_success",
            "record_webhook_failure",
            "trip_webhook_circuit",
            "update_webhook_subscription",
            "delete_webhook_subscription",
            "get_webhook_subscription",
            "get_webhook_subscription_by_name",
            "list_webhook_subscriptions",
        ],
        tables: &["webhook_subscriptions"],
        ..Coverage::default()
    }
}
