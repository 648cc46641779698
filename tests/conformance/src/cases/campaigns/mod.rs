//! Campaigns (contract document 82).

pub(crate) mod golden;
pub(crate) mod samples;

crate::catalogue::cases! { campaigns: }
