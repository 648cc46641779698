//! Techniques: rules and tags (contract document 86).

pub(crate) mod golden;
pub(crate) mod samples;

crate::catalogue::cases! { ttp: }
