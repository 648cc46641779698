//! Tarpit rules (contract document 74).

pub(crate) mod golden;
pub(crate) mod samples;

crate::catalogue::cases! { tarpit: }
