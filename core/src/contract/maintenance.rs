//! Clearing what was captured (contract document 40, "Purge").

use serde::Serialize;

use super::Transactional;
use crate::error::Result;

/// Clearing what was captured.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
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
