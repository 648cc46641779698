//! Synthetic files and settings of realism (contract document 76).

pub(crate) mod golden;
pub(crate) mod samples;

crate::catalogue::cases! { realism: }
