//! The sum of the contract.

use async_trait::async_trait;

use super::{Domains, Engine, Transactional};
use crate::driver::{PoolStatus, ServerInfo};
use crate::error::Result;

/// One open database, whatever its engine: what programs hold as `Arc<dyn Repository>`.
///
/// Any number of tasks may call it at once. A dropped future never leaves a write half done.
///
/// # What to call
///
/// | question | method |
/// |---|---|
/// | store an event, many events | [`Logs::add_log`], [`Logs::add_logs`] |
/// | the newest events, those that match | [`Logs::get_logs`]; page by page [`Logs::get_logs_page`] |
/// | what came since the last look | [`Logs::get_logs_after_id`] |
/// | how many events, and when | [`Logs::get_total_logs`], [`Logs::get_log_histogram`], [`Logs::get_stats_summary`] |
/// | who attacked, and what one did | [`Attackers::get_attackers`], [`Activity::get_attacker_commands`] |
/// | what was left behind | [`Bounties::get_bounties`] |
/// | keep a value of a worker | [`State::get_state`], [`State::set_state`] |
/// | several writes in one commit | [`Transactional::unit`], which begins a [`UnitOfWork`](super::UnitOfWork) |
/// | any of them by name, with JSON | [`call`](crate::call::call) |
///
/// # Errors
///
/// Any call may fail with `Unavailable` (the database can't be reached or is too busy: nothing was written), `Configuration` (no
/// schema), `Backend` (the engine failed), and a write with `UnknownOutcome` (the connection was lost after COMMIT was sent). What a
/// method's own `Errors` say is beside these.
///
/// The traits are for callers: every minor version may add methods. A test that wants another answer than the database's uses
/// [`testing::intercept`](crate::testing::intercept).
#[async_trait]
pub trait Repository: Transactional + Domains + Send + Sync {
    /// The engine's name, as OpenTelemetry's `db.system.name` has it: `sqlite`, `mysql`, `mariadb`.
    fn system(&self) -> &'static str;

    /// What commits units; for wrappers.
    #[doc(hidden)]
    fn engine(&self) -> &dyn Engine;

    /// One round trip to the engine.
    ///
    /// # Errors
    /// `Unavailable` when it does not answer.
    async fn ping(&self) -> Result<ServerInfo>;

    /// How the connections stand at the moment.
    fn pool(&self) -> PoolStatus;

    /// The tables in the order of their creation, with the number of their rows; `None` for a table that is missing.
    ///
    /// # Errors
    /// `Unavailable` when the engine does not answer.
    async fn row_counts(&self) -> Result<Vec<(&'static str, Option<u64>)>>;

    /// The revisions that the database is stamped with: none before `initialize`, one as a rule.
    ///
    /// # Errors
    /// `Unavailable` when the engine does not answer.
    async fn revisions(&self) -> Result<Vec<String>>;

    /// Finishes what was committed and closes all connections. Later calls fail with `Unavailable`.
    async fn close(&self);
}
