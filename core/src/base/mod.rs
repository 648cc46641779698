//! The contract in portable SQL, one file per domain. Knows no driver.

mod activity;
mod attackers;
mod behavior;
mod bounties;
mod fingerprints;
mod ipv6_leaks;
mod lifecycle;
mod logs;
mod maintenance;
mod page;
mod repository;
mod smtp_targets;
mod state;
mod unit_of_work;
mod users;

pub use repository::SqlRepository;
pub use unit_of_work::{Committer, UnitOfWork};
