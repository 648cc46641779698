//! Identities of attackers, and what is attributed to them (contract document 82).

pub(crate) mod golden;
pub(crate) mod samples;

crate::catalogue::cases! { identities: }
