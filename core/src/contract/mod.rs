//! What a repository promises: one trait and its records per domain, summed in [`Repository`].
//!
//! Method, argument, table and column names are DECNET's. Results serialise to exactly DECNET's JSON.

mod bounties;
mod lifecycle;
mod logs;
mod maintenance;
mod repository;
pub mod search;
mod state;
pub mod tables;
mod users;

pub use bounties::{Bounties, Bounty, BountyFilter, BountyQuery, NewBounty};
pub use lifecycle::{Initialized, Lifecycle, SeededAdmin};
pub use logs::{Bucket, Log, LogFilter, LogQuery, Logs, NewLog, Stats};
pub use maintenance::{Maintenance, Purged};
pub use repository::Repository;
pub use state::{State, StateEntry};
pub use users::{NewUser, RevokedToken, User, Users};

use crate::call::Method;

/// The methods of all domains.
pub(crate) const CONTRACT: &[&[Method]] = &[
    <dyn Lifecycle>::METHODS,
    <dyn Users>::METHODS,
    <dyn Logs>::METHODS,
    <dyn Bounties>::METHODS,
    <dyn State>::METHODS,
    <dyn Maintenance>::METHODS,
];
