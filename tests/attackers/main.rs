//! Attackers, their activity, behaviour, mail targets and fingerprints (contract document 50); pages by key.
#![cfg(feature = "sqlite")]

mod activity;
mod behavior;
mod fingerprints;
mod golden;
mod ipv6_leaks;
mod pages;
mod support;
mod upserts;
