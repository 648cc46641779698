//! Clearing what was captured (contract document 40, "Purge").

use serde::{Deserialize, Serialize};

use super::Transactional;
use crate::error::Result;

/// The deletion of what was captured.
///
/// ```
/// # async fn example(repository: &dyn decnet_db_core::contract::Repository) -> decnet_db_core::Result<()> {
/// let purged = repository.purge_logs_and_bounties().await?;
/// println!("{purged:?}");
/// # Ok(())
/// # }
/// ```
#[crate::contract]
pub trait Maintenance: Transactional {
    /// Deletes all events, bounties, credentials with what was found in them, and attackers with everything that hangs on them, and says how many.
    ///
    /// The state keys `attacker_worker_cursor` and `attacker_worker_session_cursor` go with them, so that the workers begin
    /// again; `ingest_worker_position` stays, and so do users, identities, swarm and fleet (ruling R9).
    ///
    /// # Errors
    /// Only what any call may return; then nothing is deleted.
    #[write]
    async fn purge_logs_and_bounties(&self) -> Result<Purged>;
}

/// How many rows [`Maintenance::purge_logs_and_bounties`] deleted; rows that hung on attackers are not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Purged {
    /// Events.
    pub logs: u64,
    /// Bounties.
    pub bounties: u64,
    /// Credentials.
    pub credentials: u64,
    /// Attackers.
    pub attackers: u64,
}
