//! Attackers, their activity, behaviour, mail targets and fingerprints (contract document 50); pages by key.

mod activity;
mod behavior;
mod calls;
mod fingerprints;
mod ipv6_leaks;
mod pages;
mod upserts;
