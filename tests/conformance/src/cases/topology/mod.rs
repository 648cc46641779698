//! Topologies: LANs, deckies, edges, status and mutations (contract document 70).

pub(crate) mod golden;
pub(crate) mod samples;

crate::catalogue::cases! { topology: }
