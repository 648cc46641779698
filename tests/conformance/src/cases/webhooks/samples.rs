//! Sample arguments: webhook subscriptions.

use serde_json::{Value, json};

use crate::samples::{Domain, UUID};

pub(crate) fn samples() -> Vec<Domain> {
    vec![("webhooks", webhooks())]
}

fn webhooks() -> Vec<(&'static str, Value)> {
    let data = json!({"name": "siem", "url": "https://h/", "secret": "s", "topic_patterns": ["attacker.>"]});
    let failure = |error: Value| json!({"uuid": UUID, "ts": "2026-01-01", "error": error});
    let at = json!({"uuid": UUID, "ts": "2026-01-01"});
    vec![
        ("create_webhook_subscription", json!({"data": data})),
        ("get_webhook_subscription", json!({"uuid": UUID})),
        ("get_webhook_subscription_by_name", json!({"name": "siem"})),
        ("list_webhook_subscriptions", json!({})),
        ("list_webhook_subscriptions", json!({"enabled_only": true})),
        ("update_webhook_subscription", json!({"uuid": UUID, "patch": {"enabled": 1, "last_error": null}})),
        ("update_webhook_subscription", json!({"uuid": UUID, "patch": {"uuid": UUID}})),
        ("delete_webhook_subscription", json!({"uuid": UUID})),
        ("record_webhook_success", at.clone()),
        ("record_webhook_failure", failure(json!("HTTP 500"))),
        ("record_webhook_failure", failure(json!(null))),
        ("trip_webhook_circuit", at),
    ]
}
