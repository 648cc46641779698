//! The contract in portable SQL, one file per domain. Knows no driver.

mod bounties;
mod decky_lifecycle;
mod fleet;
mod lifecycle;
mod logs;
mod maintenance;
mod repository;
mod state;
mod swarm;
pub mod transfer;
mod unit_of_work;
mod upsert;
mod users;

pub use repository::SqlRepository;
pub use unit_of_work::{Committer, UnitOfWork};
