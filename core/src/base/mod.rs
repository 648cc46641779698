//! The contract in portable SQL, one file per domain. Knows no driver.

mod bounties;
mod lifecycle;
mod logs;
mod maintenance;
mod repository;
mod state;
pub mod transfer;
mod unit_of_work;
mod users;

pub use repository::SqlRepository;
pub use unit_of_work::{Committer, UnitOfWork};
