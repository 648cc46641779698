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
mod page;
mod repository;
mod smtp_targets;
mod state;
mod summary;
mod swarm;
pub mod transfer;
mod unit_of_work;
mod upsert;
mod users;

pub use repository::SqlRepository;
pub use state::states_with_prefix;
pub use unit_of_work::{Committer, UnitOfWork};
