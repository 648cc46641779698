//! The domains that attackers try to send mail to (contract document 50).

use decnet_db_macros::Record;
use serde::{Deserialize, Serialize};

use super::Transactional;
use crate::error::Result;
use crate::time::Timestamp;

/// The domains that attackers try to send mail to.
///
/// ```
/// # async fn example(repository: &dyn decnet_db_core::contract::Repository) -> decnet_db_core::Result<()> {
/// repository.increment_smtp_target("an attacker's uuid", "example.org").await?;
/// println!("{:?}", repository.smtp_target_seen("example.org").await?);
/// # Ok(())
/// # }
/// ```
#[crate::contract]
pub trait SmtpTargets: Transactional {
    /// Counts one more try of an attacker to send mail to a domain.
    ///
    /// The domain is stored as it is given; callers lower-case it. No try is lost, however many come at once (ruling R7).
    /// Costs one look-up by the unique key and one write.
    ///
    /// # Errors
    /// `InvalidInput` for text that is too long; `Conflict` when there is no such attacker (fault 50.8: on every backend).
    #[write]
    async fn increment_smtp_target(&self, attacker_uuid: &str, domain: &str) -> Result<()>;

    /// The domains that an attacker tried, the latest first; those of one instant by descending id.
    ///
    /// Reads all rows of that attacker.
    async fn list_smtp_targets(&self, attacker_uuid: &str) -> Result<Vec<SmtpTarget>>;

    /// Whether, how often and when a domain was tried, by all attackers together.
    ///
    /// Computed by the database from the rows of that domain.
    async fn smtp_target_seen(&self, domain: &str) -> Result<SmtpTargetSeen>;
}

/// A domain that an attacker tried to send mail to; the table `smtp_targets`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Record)]
#[record(table = "smtp_targets", unique(uq_smtp_targets_attacker_domain(attacker_uuid, domain)))]
#[non_exhaustive]
pub struct SmtpTarget {
    /// Assigned by the database, ascending.
    #[column(serial)]
    pub id: i64,
    /// Who tried.
    #[column(index, references(Attacker::UUID))]
    pub attacker_uuid: String,
    /// The recipient's domain as it was given; callers lower-case it.
    #[column(index)]
    pub domain: String,
    /// When it was first tried.
    #[column(default = now)]
    pub first_seen: Timestamp,
    /// When it was last tried.
    #[column(index, default = now)]
    pub last_seen: Timestamp,
    /// How often it was tried.
    #[column(default = 1)]
    pub count: i64,
}

/// What all attackers together did with a domain.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SmtpTargetSeen {
    /// Whether anybody tried it.
    pub seen: bool,
    /// How often it was tried.
    pub count: u64,
    /// When it was first tried; null when nobody did.
    pub first_seen: Option<Timestamp>,
    /// When it was last tried; null when nobody did.
    pub last_seen: Option<Timestamp>,
}
