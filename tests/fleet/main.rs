//! Swarm hosts, shards, the fleet and deployments (contract document 60).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that panics fails")]

mod decky_lifecycle;
mod fleet;
mod golden;
mod support;
mod swarm;
