//! Credentials and their reuse (contract document 80).

pub(crate) mod golden;
pub(crate) mod samples;

crate::catalogue::cases! { credentials: }
