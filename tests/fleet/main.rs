//! Swarm hosts, shards, the fleet and deployments (contract document 60).

mod decky_lifecycle;
mod fleet;
mod golden;
mod support;
mod swarm;
