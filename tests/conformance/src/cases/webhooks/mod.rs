//! Webhook subscriptions (contract document 72).

pub(crate) mod golden;
pub(crate) mod samples;

crate::catalogue::cases! { webhooks: }
