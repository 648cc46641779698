//! Webhook subscriptions (contract document 72).

use decnet_db_macros::Record;
use serde::{Deserialize, Serialize};

use super::Transactional;
use crate::error::Result;
use crate::json::{Json, JsonOrText};
use crate::sql::Changeset;
use crate::time::Timestamp;

/// Receivers of events over HTTP.
///
/// What is returned has the secret in it: show [`WebhookSubscription::public`] to people.
///
/// ```
/// # async fn example(repository: &dyn decnet_db_core::contract::Repository) -> decnet_db_core::Result<()> {
/// use decnet_db_core::contract::WebhookSubscription;
/// use decnet_db_core::sql::Changeset;
///
/// let receiver = Changeset::new()
///     .set(WebhookSubscription::NAME, "siem")
///     .set(WebhookSubscription::URL, "https://siem.example.org/decnet")
///     .set(WebhookSubscription::SECRET, "shared");
/// repository.create_webhook_subscription(receiver).await?;
/// for subscription in repository.list_webhook_subscriptions(true).await? {
///     println!("{:?}", subscription.public());
/// }
/// # Ok(())
/// # }
/// ```
#[crate::contract]
pub trait Webhooks: Transactional {
    /// Inserts a subscription; columns that are absent or null take their defaults.
    ///
    /// # Errors
    /// `Conflict` when the uuid or the name is taken; `InvalidInput` for a missing or unknown member or one that its column
    /// can't hold.
    #[write]
    async fn create_webhook_subscription(&self, data: Changeset<WebhookSubscription>) -> Result<()>;

    /// The subscription with that uuid, or null.
    async fn get_webhook_subscription(&self, uuid: &str) -> Result<Option<WebhookSubscription>>;

    /// The subscription of that name, or null.
    async fn get_webhook_subscription_by_name(&self, name: &str) -> Result<Option<WebhookSubscription>>;

    /// The subscriptions, or those that are enabled, oldest first; those of one instant by uuid.
    async fn list_webhook_subscriptions(
        &self,
        #[default(false)] enabled_only: bool,
    ) -> Result<Vec<WebhookSubscription>>;

    /// Sets the given columns, and `updated_at` to now, and says whether there is such a subscription.
    ///
    /// An empty patch changes nothing. The uuid is accepted only as it is (ruling R18).
    ///
    /// # Errors
    /// `InvalidInput` for another uuid, an unknown column or a value that its column can't hold; `Conflict` when the new
    /// name is taken.
    #[write]
    async fn update_webhook_subscription(
        &self,
        uuid: &str,
        patch: Changeset<WebhookSubscription>,
    ) -> Result<bool>;

    /// Deletes a subscription and says whether there was one.
    #[write]
    async fn delete_webhook_subscription(&self, uuid: &str) -> Result<bool>;

    /// Records a delivery: no failure since, and no error; an unknown uuid changes nothing.
    ///
    /// A subscription that was disabled stays so.
    #[write]
    async fn record_webhook_success(&self, uuid: &str, ts: Timestamp) -> Result<()>;

    /// Counts a delivery that failed, and returns how many have failed since one succeeded, this one included.
    ///
    /// Of callers that come at once each gets a count of its own, so exactly one of them reaches a limit. The first 512
    /// characters of the error are kept; an empty one is none. An unknown uuid changes nothing and is 1 (ruling R18).
    #[write]
    async fn record_webhook_failure(&self, uuid: &str, ts: Timestamp, error: Option<&str>) -> Result<u64>;

    /// Disables a subscription because it failed too often, once more if it is so already; an unknown uuid changes nothing.
    #[write]
    async fn trip_webhook_circuit(&self, uuid: &str, ts: Timestamp) -> Result<()>;
}

/// A receiver of events over HTTP; the table `webhook_subscriptions`.
///
/// Not `enabled` and without `auto_disabled_at`, an operator paused it; with one, it failed too often. It
/// serialises with its secret: strip that before showing one to anybody.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Record)]
#[record(table = "webhook_subscriptions")]
#[non_exhaustive]
pub struct WebhookSubscription {
    /// The subscription's key: a uuid.
    #[column(key, default = uuid)]
    pub uuid: String,
    /// Its name, unique.
    #[column(unique)]
    pub name: String,
    /// Where events are posted.
    pub url: String,
    /// What it shares with the sender, in clear text.
    pub secret: String,
    /// Which topics it receives: the text of a JSON list of patterns, shown as text; a list is accepted too.
    #[column(default = "[]", spaced = list)]
    pub topic_patterns: String,
    /// Whether events are delivered.
    #[column(index, default = true)]
    pub enabled: bool,
    /// How many deliveries failed since one succeeded.
    #[column(default = 0)]
    pub consecutive_failures: i64,
    /// When a delivery last succeeded.
    pub last_success_at: Option<Timestamp>,
    /// When a delivery last failed.
    pub last_failure_at: Option<Timestamp>,
    /// Why the last delivery failed, cut at 512 characters; null after a success.
    #[column(cut)]
    pub last_error: Option<String>,
    /// When it was disabled because it failed too often; null otherwise.
    pub auto_disabled_at: Option<Timestamp>,
    /// When it was made.
    #[column(default = now)]
    pub created_at: Timestamp,
    /// When the row was last written.
    #[column(default = now)]
    pub updated_at: Timestamp,
}

impl WebhookSubscription {
    /// The patterns of the topics that it receives: the texts in `topic_patterns`, none where that is no JSON list.
    pub fn patterns(&self) -> Vec<String> {
        let list: Vec<Json> = serde_json::from_str(&self.topic_patterns).unwrap_or_default();
        list.iter().filter_map(|pattern| pattern.decode().ok()).collect()
    }

    /// What people may see of it: all but the secret, with a warning where events would go over the network in clear text.
    ///
    /// ```
    /// # use decnet_db_core::contract::WebhookSubscription;
    /// # fn shown(subscription: WebhookSubscription) {
    /// let shown = serde_json::to_value(subscription.public()).unwrap();
    /// assert!(shown.get("secret").is_none());
    /// # }
    /// ```
    pub fn public(self) -> PublicWebhook {
        let insecure = self.url.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"));
        let warning = "insecure_url: events and their signatures are sent in clear text; use https";
        let patterns = JsonOrText::from(self.topic_patterns).json();
        PublicWebhook {
            uuid: self.uuid,
            name: self.name,
            url: self.url,
            topic_patterns: patterns.unwrap_or_else(|| Json::from(serde_json::Value::Array(Vec::new()))),
            enabled: self.enabled,
            consecutive_failures: self.consecutive_failures,
            last_success_at: self.last_success_at,
            last_failure_at: self.last_failure_at,
            last_error: self.last_error,
            auto_disabled_at: self.auto_disabled_at,
            created_at: self.created_at,
            updated_at: self.updated_at,
            warnings: insecure.then(|| warning.to_owned()).into_iter().collect(),
        }
    }
}

/// What people may see of a [`WebhookSubscription`]: the columns but for the secret, and warnings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
#[expect(missing_docs, reason = "they are those of the subscription")]
pub struct PublicWebhook {
    pub uuid: String,
    pub name: String,
    pub url: String,
    /// The decoded JSON; an empty list where the text is not JSON.
    pub topic_patterns: Json,
    pub enabled: bool,
    pub consecutive_failures: i64,
    pub last_success_at: Option<Timestamp>,
    pub last_failure_at: Option<Timestamp>,
    pub last_error: Option<String>,
    pub auto_disabled_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// What should be looked at; `insecure_url: …` for a URL without TLS.
    pub warnings: Vec<String>,
}

debug_without_secrets! {
    WebhookSubscription {
        uuid name url topic_patterns enabled consecutive_failures last_success_at last_failure_at last_error
        auto_disabled_at created_at updated_at
    }
}
