//! Retention: deleting the oldest events, and what hangs on their sources, while others write.
//!
//! This is beside DECNET's contract (ruling R20), and never changes what the contract's methods answer otherwise. [`prune`]
//! deletes by a [`Policy`], a few hundred events at a time, each unit whole or not at all: it may be killed at any moment, and
//! called again. [`plan`] says what it would delete.
//!
//! Events go in the order of their times, the oldest first. With the last event of a source goes what hangs on the source, in the
//! same unit, as in a purge (ruling R9): its bounties, its credentials and the findings that are only about those, and its
//! attacker with everything that refers to that. What is known of a source that still has events stays, however old it is; so do
//! users, identities and campaigns, deployment, and how far workers have read, since ids go on: the event with the highest id
//! always stays.
//!
//! ```
//! use std::time::Duration;
//!
//! use decnet_db_core::contract::Repository;
//! use decnet_db_core::retention::{Policy, PruneOptions, plan, prune};
//!
//! # async fn example(repository: &dyn Repository) -> decnet_db_core::Result<()> {
//! let policy = Policy::within(Duration::from_secs(90 * 24 * 3600))?;
//! println!("{} events would go", plan(repository, &policy).await?.events);
//! let pruned = prune(repository, &policy, PruneOptions::default()).await?;
//! println!("{} events and {} attackers are gone", pruned.events, pruned.attackers);
//! # Ok(())
//! # }
//! ```

mod bounds;
mod deletion;
mod policy;
mod run;

use async_trait::async_trait;
use serde::Serialize;

use crate::contract::Log;
use crate::driver::Space;
use crate::error::Result;
use crate::time::Timestamp;

pub use policy::Policy;
pub use run::{plan, prune};

/// Where events are kept before they are deleted.
#[async_trait]
pub trait Archive: Send {
    /// The events that an earlier run, which was cut short, has stored and may not have deleted; none as a rule. Those that the
    /// database has, and has unchanged, are deleted without being stored again.
    ///
    /// # Errors
    /// What reading the archive meets.
    async fn unfinished(&mut self) -> Result<Vec<Log>>;

    /// Stores the events, in order. They are deleted once this has returned, so they must be as safe by then as they are to be.
    ///
    /// # Errors
    /// What storing them meets; then none of them is deleted.
    async fn store(&mut self, events: &[Log]) -> Result<()>;

    /// All that was stored is deleted.
    ///
    /// # Errors
    /// What ending the archive meets.
    async fn finish(&mut self) -> Result<()>;
}

/// How events are deleted.
#[derive(Default)]
#[non_exhaustive]
pub struct PruneOptions<'o> {
    /// Where events are kept before they go.
    pub archive: Option<&'o mut dyn Archive>,
    /// Called from time to time with how far it is.
    pub progress: Option<&'o mut (dyn FnMut(PruneProgress) + Send)>,
}

impl<'o> PruneOptions<'o> {
    /// The same with an archive.
    #[must_use]
    pub fn archive(mut self, archive: &'o mut dyn Archive) -> Self {
        self.archive = Some(archive);
        self
    }

    /// The same with a function that is told, after each unit, how far it is.
    #[must_use]
    pub fn progress(mut self, told: &'o mut (dyn FnMut(PruneProgress) + Send)) -> Self {
        self.progress = Some(told);
        self
    }
}

impl std::fmt::Debug for PruneOptions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PruneOptions").field("archive", &self.archive.is_some()).finish_non_exhaustive()
    }
}

/// How far a deletion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PruneProgress {
    /// The events that are deleted.
    pub done: u64,
    /// The events that were to be deleted when it began; of a size an estimate.
    pub of: u64,
    /// Whether room is given back now, after the last event is deleted.
    pub giving_back: bool,
}

/// What a policy would delete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Plan {
    /// How many events; of a size an estimate.
    pub events: u64,
    /// The time of the oldest of them.
    pub oldest: Option<Timestamp>,
    /// The time of the newest of them.
    pub newest: Option<Timestamp>,
    /// How many events would be left.
    pub left: u64,
    /// The room that the database takes; none where the engine does not tell.
    pub space: Option<Space>,
}

/// What was deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Pruned {
    /// Events.
    pub events: u64,
    /// The time of the oldest of them.
    pub oldest: Option<Timestamp>,
    /// The time of the newest of them.
    pub newest: Option<Timestamp>,
    /// Bounties of sources without events.
    pub bounties: u64,
    /// Credentials of sources without events; findings about them are not counted.
    pub credentials: u64,
    /// Attackers without events; rows that hung on them are not counted.
    pub attackers: u64,
    /// Events that this run stored in the archive.
    pub archived: u64,
    /// Events that an earlier run had stored in the archive, and this one deleted.
    pub taken_up: u64,
    /// The room that the database took before, in bytes; none where the engine does not tell.
    pub space_before: Option<Space>,
    /// The room that it takes now.
    pub space: Option<Space>,
}

impl Pruned {
    fn times(&mut self, time: Timestamp) {
        self.oldest = Some(self.oldest.map_or(time, |oldest| oldest.min(time)));
        self.newest = Some(self.newest.map_or(time, |newest| newest.max(time)));
    }
}
