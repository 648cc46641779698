//! The contract in portable SQL, one file per domain. Knows no driver.

mod activity;
mod attackers;
mod behavior;
mod bounties;
mod decky_lifecycle;
mod fingerprints;
mod fleet;
mod ipv6_leaks;
mod lifecycle;
mod logs;
mod maintenance;
mod repository;
mod smtp_targets;
mod state;
mod support;
mod swarm;
mod users;

pub(crate) use repository::SqlRepository;
