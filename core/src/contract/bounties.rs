//! What attackers left behind (contract document 40).

use std::collections::BTreeMap;

use decnet_db_macros::{Arguments, Insertable, Record};
use serde::{Deserialize, Serialize};

use super::Transactional;
use super::{Cursor, Page, Query};
use crate::error::Result;
use crate::json::{JsonOrText, MapOrText};
use crate::time::Timestamp;

/// Bounties, which attackers left behind: fingerprints, artifacts, leaks, relayed mail.
///
/// ```
/// # async fn example(repository: &dyn decnet_db_core::contract::Repository) -> decnet_db_core::Result<()> {
/// use decnet_db_core::contract::{BountyQuery, NewBounty};
///
/// let bounty = NewBounty::new("decky-01", "ssh", "203.0.113.7", "credential").payload(serde_json::json!({"username": "root"}));
/// repository.add_bounty(bounty).await?;
/// for bounty in repository.get_bounties(BountyQuery::new().bounty_type("credential")).await? {
///     println!("{}: {}", bounty.attacker_ip, bounty.payload.text());
/// }
/// # Ok(())
/// # }
/// ```
#[crate::contract]
pub trait Bounties: Transactional {
    /// Stores a bounty, unless one with the same type, source and payload text is there.
    ///
    /// The duplicate test compares the stored text exactly; decky, service and time don't count. Exact under concurrency
    /// (ruling R7).
    ///
    /// # Errors
    /// `InvalidInput` for a missing or unknown member or one that its column can't hold.
    #[write]
    async fn add_bounty(&self, bounty_data: NewBounty) -> Result<()>;

    /// Bounties, newest first; those of one instant by descending id.
    ///
    /// # Errors
    /// `InvalidInput` for a negative limit or offset.
    async fn get_bounties(&self, #[arguments] query: BountyQuery) -> Result<Vec<Bounty>>;

    /// Bounties in the order of [`get_bounties`](Self::get_bounties), page by page.
    ///
    /// Each page costs the same, however deep it lies. Pages don't overlap and leave nothing out while rows arrive; what
    /// arrives after the first page was read, with a time before its cursor, comes on a later page.
    ///
    /// # Errors
    /// `InvalidInput` for a limit below 1, or a cursor of another list.
    async fn get_bounties_page(
        &self,
        #[default(50)] limit: u64,
        #[arguments] filter: BountyFilter,
        #[doc = "`next` of the page before"] after: Option<BountyCursor>,
    ) -> Result<Page<Bounty, BountyCursor>>;

    /// How many bounties match.
    async fn get_total_bounties(&self, #[arguments] filter: BountyFilter) -> Result<u64>;

    /// All bounties, oldest first, by source. Reads the whole table.
    async fn get_all_bounties_by_ip(&self) -> Result<BTreeMap<String, Vec<Bounty>>>;

    /// The bounties of some sources, oldest first, by source; sources without any are left out.
    async fn get_bounties_for_ips(&self, ips: &[String]) -> Result<BTreeMap<String, Vec<Bounty>>>;

    /// The bounties of type `fingerprint` of one source, oldest first.
    async fn get_fingerprint_bounties_by_ip(&self, ip: &str) -> Result<Vec<Bounty>>;

    /// All bounties of type `fingerprint`, oldest first, by source.
    async fn get_all_fingerprint_bounties_for_export(&self) -> Result<BTreeMap<String, Vec<Bounty>>>;

    /// How many bounties of type `probe_relay` a source left on a decky.
    async fn count_probe_relays(&self, attacker_ip: &str, decky: &str) -> Result<u64>;
}

/// Where a page of bounties ended.
pub type BountyCursor = Cursor<Bounty>;

/// What an attacker left behind; the table `bounty`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Record)]
#[record(table = "bounty")]
#[non_exhaustive]
pub struct Bounty {
    /// Assigned by the database, ascending.
    #[column(serial)]
    pub id: i64,
    /// When it was found.
    #[column(index)]
    pub timestamp: Timestamp,
    /// The fake host that it was found on.
    #[column(index)]
    pub decky: String,
    /// The service on that host.
    #[column(index)]
    pub service: String,
    /// Who left it.
    #[column(exact, index)]
    pub attacker_ip: String,
    /// `fingerprint`, `artifact`, `ip_leak`, `probe_relay` or other text.
    #[column(exact, index)]
    pub bounty_type: String,
    /// The decoded JSON value, or the stored text where that is not JSON.
    #[column(exact, long)]
    pub payload: JsonOrText,
}

/// A bounty to store.
///
/// As JSON: the members of [`Bounty`]; `payload` is a map or a text, unknown members are refused.
///
/// ```
/// use decnet_db_core::contract::NewBounty;
///
/// let jarm = NewBounty::new("decky-01", "https", "203.0.113.7", "fingerprint")
///     .payload(serde_json::json!({"fingerprint_type": "jarm", "hash": "29d"}));
/// assert_eq!(jarm.payload.text(), r#"{"fingerprint_type":"jarm","hash":"29d"}"#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Insertable)]
#[serde(deny_unknown_fields)]
#[insertable(Bounty)]
#[non_exhaustive]
pub struct NewBounty {
    /// Assigned by the database unless given.
    #[insertable(serial)]
    pub id: Option<i64>,
    /// When it was found; now unless given.
    #[insertable(default = Timestamp::now())]
    pub timestamp: Option<Timestamp>,
    /// The fake host that it was found on, at most 255 characters.
    pub decky: String,
    /// The service on that host, at most 255 characters.
    pub service: String,
    /// Who left it, at most 255 characters.
    pub attacker_ip: String,
    /// Its type, at most 255 characters.
    pub bounty_type: String,
    /// A map, stored as compact JSON, or a text, stored as it is.
    pub payload: MapOrText,
}

impl NewBounty {
    /// A bounty that is found now, with an empty map as payload.
    pub fn new(
        decky: impl Into<String>,
        service: impl Into<String>,
        attacker_ip: impl Into<String>,
        bounty_type: impl Into<String>,
    ) -> Self {
        Self {
            id: None,
            timestamp: None,
            decky: decky.into(),
            service: service.into(),
            attacker_ip: attacker_ip.into(),
            bounty_type: bounty_type.into(),
            payload: MapOrText::empty_map(),
        }
    }

    /// Sets the payload: a map, stored as compact JSON, or a text, stored as it is.
    #[must_use]
    pub fn payload(mut self, payload: impl Into<MapOrText>) -> Self {
        self.payload = payload.into();
        self
    }

    /// Sets when it was found.
    #[must_use]
    pub fn timestamp(mut self, timestamp: Timestamp) -> Self {
        self.timestamp = Some(timestamp);
        self
    }
}

/// Which bounties: both conditions must hold, an absent or empty one always does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Arguments)]
#[non_exhaustive]
pub struct BountyFilter {
    /// Exactly this type.
    pub bounty_type: Option<String>,
    /// A text that decky, service, source or payload contains, literally.
    pub search: Option<String>,
}

impl BountyFilter {
    /// All bounties.
    pub fn all() -> Self {
        Self::default()
    }
}

/// A page of bounties.
pub type BountyQuery = Query<BountyFilter>;
