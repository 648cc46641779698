//! Webhook subscriptions (contract document 72).

pub(crate) mod deliveries;
pub(crate) mod golden;
pub(crate) mod samples;
pub(crate) mod subscriptions;

crate::catalogue::cases! { webhooks:
    subscriptions {
        /// A subscription takes the original's defaults.
        a_subscription_has_the_defaults_of_the_original,
        /// Uuid and name are unique, and columns are checked.
        subscriptions_are_unique_and_checked,
        /// What `get_webhook_subscription` shows is accepted back.
        what_get_webhook_subscription_shows_is_accepted_back,
        /// Subscriptions are listed oldest first, all or those that are enabled.
        subscriptions_are_listed_oldest_first,
        /// An update sets the given columns, never the uuid, and an empty one changes nothing.
        an_update_sets_what_it_is_given,
    }
    deliveries {
        /// Each of many failures at once has a count of its own, and none is lost.
        each_failure_has_a_count_of_its_own,
        /// Of callers whose failures come at once exactly one reaches the limit.
        one_caller_reaches_the_limit,
        /// A failure keeps 512 characters of its error.
        errors_are_cut_at_512_characters,
        /// A success ends the failures, but leaves a subscription disabled that was disabled.
        a_success_ends_the_failures_and_not_the_trip,
        /// What is recorded for a subscription that is not there changes nothing.
        what_is_not_there_is_not_changed,
    }
}

/// A subscription's columns, without those that have a default.
fn subscription(name: &str) -> serde_json::Value {
    serde_json::json!({"name": name, "url": "https://hook.example/", "secret": "fake-secret"})
}
