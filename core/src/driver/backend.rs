//! The interface between the SQL base and one engine.

use async_trait::async_trait;
use serde::Serialize;

use super::{Bootstrap, Bootstrapped, Finding, Snapshot, Space};
use crate::error::{Error, Result};
use crate::sql::{Dialect, Receipt, Rows, Statement, Table, Unit};

/// One open database. The required methods are all that core needs to know of an engine.
///
/// The caller promises that every statement was written by this backend's [`dialect`](Self::dialect). Any number of
/// calls may be under way at once. A caller may drop a future at any await point: then its read is abandoned, and its
/// unit either runs as a whole or not at all.
#[async_trait]
pub trait Backend: Send + Sync + 'static {
    /// What the engine spells differently.
    fn dialect(&self) -> &dyn Dialect;

    /// Runs one read and returns its rows in order.
    ///
    /// The driver promises not to block the calling thread and not to leave a transaction open.
    ///
    /// # Errors
    /// `Unavailable` when no connection is to be had in time; `Configuration` when a table is missing; `Backend`
    /// otherwise.
    async fn query(&self, statement: Statement) -> Result<Rows>;

    /// How many times others were seen to have committed something: another number than the last time means that they have.
    /// It must cost far less than a read. A driver that can't tell, or can't tell at the moment, answers `None`, as the
    /// provided method does; then who waits for rows of others reads now and then.
    async fn foreign_commits(&self) -> Option<u64> {
        None
    }

    /// Begins a [`Snapshot`]: several reads of one moment, on a connection of its own. Who only reads rows that are
    /// committed already needs none; backups do.
    ///
    /// # Errors
    /// `Unsupported` from a driver that has none, as the provided method answers; otherwise as [`query`](Self::query).
    async fn snapshot(&self) -> Result<Box<dyn Snapshot>> {
        Err(Error::Unsupported(format!(
            "the driver for {} has no snapshots: several reads can't be of one moment",
            self.dialect().system()
        )))
    }

    /// Commits one unit, all of its steps or none, and returns what each step did.
    ///
    /// The driver promises that other units see nothing of a unit before it is committed, that a failed expectation rolls
    /// back the whole unit and only this unit, and that a unit is replayed when the engine gives it up for reasons that lie
    /// outside of it. [`UnitQueue`](super::UnitQueue) helps to commit several callers' units together.
    ///
    /// # Errors
    /// `Conflict` for duplicate keys, broken references and failed expectations; `Unavailable` when nothing was written
    /// and a later try may work; `UnknownOutcome` when the connection was lost after COMMIT, or a statement that commits by
    /// itself, was sent.
    async fn commit(&self, unit: Unit) -> Result<Receipt>;

    /// Creates what the schema lacks and seeds it, as one critical section across all processes that call this.
    ///
    /// # Errors
    /// As [`commit`](Self::commit); `Configuration` when the database belongs to something else.
    async fn bootstrap(&self, bootstrap: Bootstrap) -> Result<Bootstrapped>;

    /// One round trip to the engine.
    ///
    /// # Errors
    /// `Unavailable` when it does not answer.
    async fn ping(&self) -> Result<ServerInfo>;

    /// The room that the database takes, and this table in it. A driver that can't tell answers `None`, as the provided
    /// method does.
    ///
    /// # Errors
    /// As [`query`](Self::query).
    async fn space(&self, table: &'static Table) -> Result<Option<Space>> {
        let _ = table;
        Ok(None)
    }

    /// Looks at what is the engine's own before trust is put in the database: settings that lose data or time, integrity, room
    /// on the disk. Only reads. `full` allows what takes as long as reading all of it. The provided method finds nothing.
    ///
    /// # Errors
    /// As [`query`](Self::query); what is wrong with the database itself is a finding.
    async fn examine(&self, full: bool) -> Result<Vec<Finding>> {
        let _ = full;
        Ok(Vec::new())
    }

    /// Puts things in order between the units of a long deletion, a little at a time: keeps the engine's log short, gives back a
    /// part of what is free where that is cheap. Answers whether another call has more to give back. Callers whose units wait
    /// meanwhile must not notice. The provided method has nothing to do.
    ///
    /// # Errors
    /// As [`commit`](Self::commit); nothing is lost, and the caller may go on.
    async fn tidy(&self) -> Result<bool> {
        Ok(false)
    }

    /// How the connections stand at the moment. Must not block.
    fn pool(&self) -> PoolStatus;

    /// Finishes what was committed, closes all connections. Later calls fail with `Unavailable`.
    async fn close(&self);
}

/// What an engine says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ServerInfo {
    /// The engine's name, as [`Dialect::system`] has it.
    pub system: &'static str,
    /// The engine's version, in its own words.
    pub version: String,
}

impl ServerInfo {
    /// Name and version of the engine.
    pub fn new(system: &'static str, version: impl Into<String>) -> Self {
        Self { system, version: version.into() }
    }
}

/// The connections of an open database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PoolStatus {
    /// Connections that are open.
    pub open: u32,
    /// Those of them that nobody uses.
    pub idle: u32,
    /// The most that may be open.
    pub max: u32,
    /// Units that wait to be committed.
    pub queued: u32,
}

impl PoolStatus {
    /// Open, idle and at most so many connections; nothing queued.
    pub fn new(open: u32, idle: u32, max: u32) -> Self {
        Self { open, idle, max, queued: 0 }
    }

    /// From a pool's own numbers: connections that are open, those of them that are idle, the most that may be open, and
    /// the callers that wait for one.
    pub fn counted([open, idle, max, queued]: [usize; 4]) -> Self {
        let [open, idle, max, queued] =
            [open, idle, max, queued].map(|count| u32::try_from(count).unwrap_or(u32::MAX));
        Self { open, idle, max, queued }
    }

    /// The same with so many units waiting.
    #[must_use]
    pub fn queued(mut self, queued: u32) -> Self {
        self.queued = queued;
        self
    }
}
