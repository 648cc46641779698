//! Attackers, and what is derived from them.

pub(crate) mod activity;
pub(crate) mod behavior;
pub(crate) mod fingerprints;
pub(crate) mod ipv6_leaks;
pub(crate) mod pages;
pub(crate) mod upserts;
