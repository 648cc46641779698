//! What the orchestrator did and mailed (contract document 76).

pub(crate) mod golden;
pub(crate) mod samples;

crate::catalogue::cases! { orchestrator: }
