//! Webhook subscriptions (contract document 72).

use decnet_db_macros::Record;
use serde::Serialize;

use crate::time::Timestamp;

/// A receiver of events over HTTP; the table `webhook_subscriptions`.
///
/// Not `enabled` and without `auto_disabled_at`, an operator paused it; with one, it failed too often. It
/// serialises with its secret: strip that before showing one to anybody.
#[derive(Clone, PartialEq, Eq, Serialize, Record)]
#[record(table = "webhook_subscriptions")]
pub struct WebhookSubscription {
    /// The subscription's key: a uuid.
    #[column(key)]
    pub uuid: String,
    /// Its name, unique.
    #[column(unique)]
    pub name: String,
    /// Where events are posted.
    pub url: String,
    /// What it shares with the sender, in clear text.
    pub secret: String,
    /// Which topics it receives: the text of a JSON list of patterns, shown as text.
    pub topic_patterns: String,
    /// Whether events are delivered.
    #[column(index)]
    pub enabled: bool,
    /// How many deliveries failed since one succeeded.
    pub consecutive_failures: i64,
    /// When a delivery last succeeded.
    pub last_success_at: Option<Timestamp>,
    /// When a delivery last failed.
    pub last_failure_at: Option<Timestamp>,
    /// Why the last delivery failed, cut at 512 characters; null after a success.
    pub last_error: Option<String>,
    /// When it was disabled because it failed too often; null otherwise.
    pub auto_disabled_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the row was last written.
    pub updated_at: Timestamp,
}

debug_without_secrets! {
    WebhookSubscription {
        uuid name url topic_patterns enabled consecutive_failures last_success_at last_failure_at last_error
        auto_disabled_at created_at updated_at
    }
}
