//! What others know of attackers (contract document 84).

pub(crate) mod golden;
pub(crate) mod samples;

crate::catalogue::cases! { intel: }
