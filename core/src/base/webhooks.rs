//! Webhook subscriptions.

use async_trait::async_trait;

use super::SqlRepository;
use super::support::{first_chars, same_key};
use crate::contract::unit::{UnitOfWork, any};
use crate::contract::{WebhookSubscription, Webhooks};
use crate::error::Result;
use crate::sql::{Changeset, Receipt, Value};
use crate::time::Timestamp;

/// How many characters of an error are kept.
const ERROR_CHARS: usize = 512;

#[async_trait]
impl Webhooks for SqlRepository {
    async fn get_webhook_subscription(&self, uuid: &str) -> Result<Option<WebhookSubscription>> {
        self.by(WebhookSubscription::UUID, uuid).await
    }

    async fn get_webhook_subscription_by_name(&self, name: &str) -> Result<Option<WebhookSubscription>> {
        self.by(WebhookSubscription::NAME, name).await
    }

    async fn list_webhook_subscriptions(&self, enabled_only: bool) -> Result<Vec<WebhookSubscription>> {
        self.list(|sql| {
            if enabled_only {
                sql.and().column(WebhookSubscription::ENABLED).push(" <> ").bind(false);
            }
            sql.asc(WebhookSubscription::CREATED_AT).asc(WebhookSubscription::UUID)
        })
        .await
    }
}

/// Webhook subscriptions: see [`Webhooks`].
impl<'r, T> UnitOfWork<'r, T> {
    /// See [`Webhooks::create_webhook_subscription`].
    pub fn create_webhook_subscription(self, data: Changeset<WebhookSubscription>) -> UnitOfWork<'r> {
        self.steps(|steps| {
            steps.insert(data.insert()?);
            Ok(())
        })
    }

    /// See [`Webhooks::update_webhook_subscription`].
    pub fn update_webhook_subscription(
        self,
        uuid: &str,
        mut patch: Changeset<WebhookSubscription>,
    ) -> UnitOfWork<'r, bool> {
        self.returning(|steps| {
            same_key(&mut patch, WebhookSubscription::UUID, uuid)?;
            let found = if patch.is_empty() {
                steps.query(|sql| {
                    sql.push("SELECT 1").from::<WebhookSubscription>().only(WebhookSubscription::UUID, uuid)
                })
            } else {
                let patch = patch.set(WebhookSubscription::UPDATED_AT, Timestamp::now());
                steps.execute(|sql| {
                    sql.update::<WebhookSubscription>().set_all(patch).only(WebhookSubscription::UUID, uuid)
                })
            };
            Ok(any(found?))
        })
    }

    /// See [`Webhooks::delete_webhook_subscription`].
    pub fn delete_webhook_subscription(self, uuid: &str) -> UnitOfWork<'r, bool> {
        self.returning(|steps| {
            Ok(any(steps
                .execute(|sql| sql.delete::<WebhookSubscription>().only(WebhookSubscription::UUID, uuid))?))
        })
    }

    /// See [`Webhooks::record_webhook_success`].
    pub fn record_webhook_success(self, uuid: &str, ts: Timestamp) -> UnitOfWork<'r> {
        self.execute(|sql| {
            sql.update::<WebhookSubscription>()
                .set(WebhookSubscription::CONSECUTIVE_FAILURES, 0)
                .set(WebhookSubscription::LAST_SUCCESS_AT, ts)
                .set(WebhookSubscription::LAST_ERROR, Value::Null)
                .set(WebhookSubscription::UPDATED_AT, ts)
                .only(WebhookSubscription::UUID, uuid)
        })
    }

    /// See [`Webhooks::record_webhook_failure`].
    pub fn record_webhook_failure(
        self,
        uuid: &str,
        ts: Timestamp,
        error: Option<&str>,
    ) -> UnitOfWork<'r, u64> {
        self.returning(|steps| {
            let error = error.filter(|error| !error.is_empty()).map(|error| first_chars(error, ERROR_CHARS));
            // The update locks the row, so what is read after it is this call's own count.
            steps.execute(|sql| {
                sql.update::<WebhookSubscription>()
                    .assign(WebhookSubscription::CONSECUTIVE_FAILURES)
                    .push("consecutive_failures + 1")
                    .set(WebhookSubscription::LAST_FAILURE_AT, ts)
                    .set(WebhookSubscription::LAST_ERROR, error)
                    .set(WebhookSubscription::UPDATED_AT, ts)
                    .only(WebhookSubscription::UUID, uuid)
            })?;
            let count = steps.query(|sql| {
                sql.push("SELECT ").column(WebhookSubscription::CONSECUTIVE_FAILURES);
                sql.from::<WebhookSubscription>().only(WebhookSubscription::UUID, uuid)
            })?;
            Ok(move |receipt: &mut Receipt| Ok(receipt.rows(count).scalar()?.unwrap_or(1)))
        })
    }

    /// See [`Webhooks::trip_webhook_circuit`].
    pub fn trip_webhook_circuit(self, uuid: &str, ts: Timestamp) -> UnitOfWork<'r> {
        self.execute(|sql| {
            sql.update::<WebhookSubscription>()
                .set(WebhookSubscription::ENABLED, false)
                .set(WebhookSubscription::AUTO_DISABLED_AT, ts)
                .set(WebhookSubscription::UPDATED_AT, ts)
                .only(WebhookSubscription::UUID, uuid)
        })
    }
}
