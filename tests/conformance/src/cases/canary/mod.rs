//! Canary blobs, tokens and triggers (contract document 74).

pub(crate) mod golden;
pub(crate) mod samples;

crate::catalogue::cases! { canary: }
