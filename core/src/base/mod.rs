//! The contract in portable SQL, one file per domain. Knows no driver.

mod activity;
mod attachments;
mod attackers;
mod behavior;
mod bounties;
mod campaigns;
mod canary;
mod credentials;
mod decky_lifecycle;
mod fingerprints;
mod fleet;
mod identities;
mod intel;
mod ipv6_leaks;
mod lifecycle;
mod logs;
mod maintenance;
mod observations;
mod orchestrator;
mod realism;
mod repository;
mod rules;
mod smtp_targets;
mod state;
mod support;
mod swarm;
mod tags;
mod tarpit;
pub(crate) mod topologies;
mod ttp;
mod users;
mod webhooks;

pub(crate) use logs::advance_clock;
pub(crate) use repository::SqlRepository;
