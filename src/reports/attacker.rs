//! Everything that is known of one address.

use decnet_db_core::Result;
use decnet_db_core::contract::Repository;
use decnet_db_core::contract::{Attacker, AttackerBehavior, Bounty, Credential, LogFilter, SmtpTarget};
use serde::Serialize;

use super::timeline::{Timeline, timeline, word};

/// Everything that is known of one address.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AttackerReport {
    /// The address, or what stands for it in events.
    pub ip: String,
    /// Its events.
    #[serde(flatten)]
    pub timeline: Timeline,
    /// What DECNET's profiler made of them; null where it did not run.
    pub profile: Option<Attacker>,
    /// How it behaves; null where nothing was made of that.
    pub behavior: Option<AttackerBehavior>,
    /// The credentials that it tried.
    pub credentials: Vec<Credential>,
    /// What it left or gave away.
    pub bounties: Vec<Bounty>,
    /// The domains that it wanted to send mail to.
    pub smtp_targets: Vec<SmtpTarget>,
}

/// What is known of an address, with its last `limit` events; `None` where nothing is.
///
/// # Errors
/// Those of the contract's readers.
pub async fn attacker(repository: &dyn Repository, ip: &str, limit: u64) -> Result<Option<AttackerReport>> {
    let mut filter = LogFilter::all();
    filter.search = Some(word("attacker", ip).into());
    let timeline = timeline(repository, filter, limit).await?;
    let uuid = repository.get_attacker_uuid_by_ip(ip).await?;
    let (profile, behavior, smtp_targets) = match &uuid {
        Some(uuid) => (
            repository.get_attacker_by_uuid(uuid).await?,
            repository.get_attacker_behavior(uuid).await?,
            repository.list_smtp_targets(uuid).await?,
        ),
        None => (None, None, Vec::new()),
    };
    let credentials = repository.get_credentials_for_attacker(ip).await?;
    let ips = [ip.to_owned()];
    let bounties = repository.get_bounties_for_ips(&ips).await?.remove(ip).unwrap_or_default();
    let nothing = timeline.total == 0 && profile.is_none() && credentials.is_empty() && bounties.is_empty();
    let ip = ip.to_owned();
    Ok((!nothing).then_some(AttackerReport {
        ip,
        timeline,
        profile,
        behavior,
        credentials,
        bounties,
        smtp_targets,
    }))
}
