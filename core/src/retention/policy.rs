//! What is kept.

use std::time::Duration;

use crate::error::{Error, Result};
use crate::time::Timestamp;

/// What is kept; older events go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Policy {
    /// The events from this instant on.
    Since(Timestamp),
    /// So many events, the newest; those of one instant by descending id.
    Newest(u64),
    /// As many events as fit, so that the database takes no more than so many bytes.
    ///
    /// What counts is what is in use ([`Space::used`](crate::driver::Space::used)): the files also have what deletions freed. Where
    /// the engine can only estimate it (servers), events go by the share of the table that is too much, once.
    Size(u64),
}

impl Policy {
    /// The events of so long a time up to now.
    ///
    /// # Errors
    /// `InvalidInput` when that begins before year 1.
    pub fn within(age: Duration) -> Result<Self> {
        let since = Timestamp::now().checked_sub(age);
        since.map(Self::Since).ok_or_else(|| Error::invalid_input("age", "reaches back before year 1"))
    }

    /// The newest events.
    ///
    /// # Errors
    /// `InvalidInput` for none: that is [`purge_logs_and_bounties`](crate::contract::Maintenance::purge_logs_and_bounties).
    pub fn newest(events: u64) -> Result<Self> {
        Self::Newest(events).checked()
    }

    /// Refuses what would delete everything.
    pub(super) fn checked(self) -> Result<Self> {
        match self {
            Self::Newest(0) => {
                Err(Error::invalid_input("keep", "must be at least 1: the newest event always stays"))
            }
            Self::Newest(events) if i64::try_from(events).is_err() => {
                Err(Error::invalid_input("keep", "is more than any table has"))
            }
            policy => Ok(policy),
        }
    }
}
