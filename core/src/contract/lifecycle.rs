//! Creating the schema and the first users (contract document 10).

use serde::{Deserialize, Serialize};

use super::Transactional;
use crate::error::Result;

/// The schema and the first users, and how they come into a database.
///
/// ```
/// # async fn example(repository: &dyn decnet_db_core::contract::Repository) -> decnet_db_core::Result<()> {
/// let done = repository.initialize().await?;
/// println!("{} tables and indexes were created, at revision {}", done.created, done.revision);
/// # Ok(())
/// # }
/// ```
#[crate::contract]
pub trait Lifecycle: Transactional {
    /// Creates what the database lacks (all 39 tables, indexes, the revision stamp), then seeds the administrator.
    ///
    /// Creation and seeding are one critical section across all processes; what exists is never altered, and a foreign
    /// stamp is left alone and reported (contract document 10 §6, ruling R2). The administrator
    /// `DECNET_ADMIN_USER` is inserted with the password of the configuration, or gets a fresh hash of it as long as
    /// `must_change_password` is set. Without a configured password nobody is seeded, and the result says so (§7, ruling
    /// R11).
    ///
    /// # Errors
    /// `Configuration` when the database belongs to something else or the administrator's password is refused;
    /// `Unavailable` when the lock is not to be had in time.
    #[writes]
    async fn initialize(&self) -> Result<Initialized>;

    /// As `initialize`, without a report (contract document 10 §6).
    ///
    /// # Errors
    /// As `initialize`.
    #[writes]
    async fn reinitialize(&self) -> Result<()>;
}

/// What [`Lifecycle::initialize`] did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Initialized {
    /// How many tables and indexes were created.
    pub created: usize,
    /// The revision that the database is stamped with.
    pub revision: String,
    /// Whether the stamp was made by another revision of the schema; it was left alone.
    pub foreign_revision: bool,
    /// What happened to the administrator's account.
    pub admin: SeededAdmin,
}

impl Initialized {
    pub(crate) fn new(created: usize, revision: String, foreign_revision: bool, admin: SeededAdmin) -> Self {
        Self { created, revision, foreign_revision, admin }
    }
}

/// What happened to the administrator's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SeededAdmin {
    /// It was inserted.
    Created,
    /// It still had to change its password: the hash is now that of the configured one.
    PasswordRefreshed,
    /// It was there, with a password of its own.
    Unchanged,
    /// No password is configured, so nobody was seeded.
    NoPassword,
}
