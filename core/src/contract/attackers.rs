//! Attackers: one row per source address (contract document 50).

use decnet_db_macros::{Arguments, Record};
use serde::{Deserialize, Deserializer, Serialize};

use super::Transactional;
use super::{AttackerIntel, Cursor, Page, Query};
use crate::error::Result;
use crate::json::JsonOrText;
use crate::sql::{Changeset, Column};
use crate::time::Timestamp;

/// Attackers: one row per source address.
///
/// Where an older writer left several rows with one address, the first in (`first_seen`, `uuid`) order is the one that
/// counts (ruling R7).
///
/// ```
/// # async fn example(repository: &dyn decnet_db_core::contract::Repository) -> decnet_db_core::Result<()> {
/// use decnet_db_core::contract::{Attacker, AttackerOrder, AttackerQuery};
/// use decnet_db_core::sql::Changeset;
/// use decnet_db_core::time::Timestamp;
///
/// let seen = Timestamp::now();
/// let attacker = Changeset::new().set(Attacker::IP, "203.0.113.7").set(Attacker::FIRST_SEEN, seen).set(Attacker::LAST_SEEN, seen);
/// let uuid = repository.upsert_attacker(attacker).await?;
/// let recent = repository.get_attackers(AttackerQuery::new().limit(10), AttackerOrder::Recent).await?;
/// assert!(recent.iter().any(|attacker| attacker.uuid == uuid));
/// # Ok(())
/// # }
/// ```
#[crate::contract]
pub trait Attackers: Transactional {
    /// Stores what is known about an address: given columns replace what is there, others stay or take their default.
    ///
    /// `data` needs `ip`, and for a new address `first_seen` and `last_seen`. A new row has a uuid that is made of its address
    /// (version 5), whatever is given; on a row that is there a given `uuid` becomes its key. `updated_at` moves with every write unless it is given (ruling
    /// R14). JSON columns take their text, or a list, which is written as DECNET writes it (rulings R12 and R16). What a read
    /// returned is accepted: `threat_intel` is ignored, and a list column that is null stays as it is. Any number of calls
    /// for a new address make one row (ruling R7). Returns the row's uuid. Costs one look-up by index and one commit; the list
    /// columns are written whole, so send them when they changed.
    ///
    /// # Errors
    /// `InvalidInput` for a missing or unknown column, a value that its column can't hold, or a null where there must be a
    /// value; `Conflict` when a new `uuid` is taken or other rows refer to the old one (ruling R16), or when there is no such
    /// identity.
    #[writes]
    async fn upsert_attacker(&self, data: Changeset<Attacker>) -> Result<String>;

    /// The uuid of the attacker with an address. Costs one look-up by index.
    async fn get_attacker_uuid_by_ip(&self, ip: &str) -> Result<Option<String>>;

    /// One attacker. Costs one look-up by key.
    async fn get_attacker_by_uuid(&self, uuid: &str) -> Result<Option<Attacker>>;

    /// Attackers in the chosen order, descending; ties by descending uuid.
    ///
    /// The cost of a page grows with `offset`; `active` and `traversals` sort all attackers that match. See
    /// [`get_attackers_page`](Self::get_attackers_page) for long lists.
    ///
    /// # Errors
    /// `InvalidInput` for a negative limit or offset.
    async fn get_attackers(
        &self,
        #[arguments] query: AttackerQuery,
        /// `recent`, `active` or `traversals`.
        #[default(AttackerOrder::default())]
        sort_by: AttackerOrder,
    ) -> Result<Vec<Attacker>>;

    /// How many attackers match. Reads all rows when there is a filter, the smallest index otherwise.
    async fn get_total_attackers(&self, #[arguments] filter: AttackerFilter) -> Result<u64>;

    /// Attackers in the order of [`get_attackers`](Self::get_attackers), page by page.
    ///
    /// In the order `recent` each page costs the same, as the index on `last_seen` leads to it; the other orders look at
    /// all attackers for each page. No attacker comes twice unless its place in the order moves behind the cursor; one that
    /// moves before the cursor, because it came back, is left out.
    ///
    /// # Errors
    /// `InvalidInput` for a limit below 1, or a cursor of another list or order.
    async fn get_attackers_page(
        &self,
        #[default(50)] limit: u64,
        #[default(AttackerOrder::Recent)]
        #[doc = "`recent`, `active` or `traversals`"]
        sort_by: AttackerOrder,
        #[arguments] filter: AttackerFilter,
        #[doc = "`next` of the page before"] after: Option<AttackerCursor>,
    ) -> Result<Page<Attacker, AttackerCursor>>;

    /// All attackers, the latest first, each with what threat-intelligence providers say about it.
    ///
    /// The result holds the whole table; the database is read in pages. Programs that write the export somewhere use
    /// [`export_attackers`](Self::export_attackers), which needs no more memory than a page.
    async fn get_all_attackers_for_export(&self) -> Result<Vec<ExportedAttacker>>;

    /// All attackers with what threat-intelligence providers say about them, page by page in the order of their uuids.
    ///
    /// An attacker that is there from the first page to the last comes exactly once, whatever is written meanwhile. Each
    /// page costs the same.
    ///
    /// ```no_run
    /// # use decnet_db_core::contract::Repository;
    /// # async fn f(repository: &dyn Repository) -> decnet_db_core::Result<()> {
    /// let mut after = None;
    /// loop {
    ///     let page = repository.export_attackers(1000, after).await?;
    ///     for attacker in &page.data {
    ///         println!("{}", serde_json::to_string(attacker).unwrap());
    ///     }
    ///     after = page.next;
    ///     if after.is_none() {
    ///         return Ok(());
    ///     }
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` for a limit below 1, or a cursor of another list.
    async fn export_attackers(
        &self,
        #[default(1000)] limit: u64,
        #[doc = "`next` of the page before"] after: Option<AttackerCursor>,
    ) -> Result<Page<ExportedAttacker, AttackerCursor>>;

    /// Counts one more leak of an IPv6 address, and notes the address on the identity.
    ///
    /// On the attacker the three `last_ipv6_…` columns take the evidence's values, NULL where it has none; `updated_at`
    /// moves (ruling R14). An address that the identity's list does not have yet is appended to it. Missing rows are skipped.
    /// Exact under concurrency (ruling R7). Costs one commit, and one read of the identity's list when there is an identity;
    /// both again for each writer that came in between.
    ///
    /// # Errors
    /// `InvalidInput` for evidence that its column can't hold; `Unavailable` when other writers were faster all the time.
    #[writes]
    async fn bump_attacker_ipv6_leak(
        &self,
        attacker_uuid: &str,
        identity_uuid: Option<&str>,
        evidence: Ipv6Evidence,
    ) -> Result<()>;
}

/// Where a page of attackers ended.
pub type AttackerCursor = Cursor<Attacker>;

/// A source address and what it has done so far; the table `attackers`.
///
/// `ip` has no unique index: rows that an older writer doubled are told apart by `first_seen`, then by
/// `uuid`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Record)]
#[record(table = "attackers", derived(threat_intel))]
#[non_exhaustive]
pub struct Attacker {
    /// The attacker's key: a uuid in 36 lower-case characters.
    #[column(key)]
    pub uuid: String,
    /// The source address. Not unique in the table, though only one row is meant to exist.
    #[column(exact, index)]
    pub ip: String,
    /// The identity that the address was grouped under; null until it was.
    #[column(index, references(AttackerIdentity::UUID))]
    pub identity_id: Option<String>,
    /// When its first event happened.
    #[column(index)]
    pub first_seen: Timestamp,
    /// When its latest event happened.
    #[column(index)]
    pub last_seen: Timestamp,
    /// How many events it caused.
    #[column(default = 0)]
    pub event_count: i64,
    /// How many different services it touched.
    #[column(default = 0)]
    pub service_count: i64,
    /// How many different deckies it touched.
    #[column(default = 0)]
    pub decky_count: i64,
    /// The services that it touched: a JSON list of text.
    #[column(default = "[]", spaced)]
    pub services: JsonOrText,
    /// The deckies that it touched: a JSON list of text.
    #[column(default = "[]", spaced)]
    pub deckies: JsonOrText,
    /// The deckies in the order of its way through them, such as `a → b`; null when there was no such way.
    #[column(long)]
    pub traversal_path: Option<String>,
    /// Whether it moved from one decky to another.
    #[column(default = false)]
    pub is_traversal: bool,
    /// How many bounties came from it.
    #[column(default = 0)]
    pub bounty_count: i64,
    /// How many credentials came from it.
    #[column(default = 0)]
    pub credential_count: i64,
    /// Its fingerprints: a JSON list of objects.
    #[column(default = "[]", spaced)]
    pub fingerprints: JsonOrText,
    /// The commands that it ran: a JSON list of objects with `command_text` or `command`, and `service`.
    #[column(default = "[]", spaced)]
    pub commands: JsonOrText,
    /// ISO 3166 code of the address's country, two letters; null when not known.
    #[column(index, len = 2)]
    pub country_code: Option<String>,
    /// Who named the country.
    #[column(len = 16)]
    pub country_source: Option<String>,
    /// The number of the autonomous system; up to 4294967295, so beyond 32 signed bits.
    #[column(index)]
    pub asn: Option<i64>,
    /// The name of the autonomous system.
    #[column(len = 128)]
    pub as_name: Option<String>,
    /// The announced prefix that the address lies in, such as `203.0.113.0/24`.
    #[column(index, len = 43)]
    pub bgp_prefix: Option<String>,
    /// Who named the autonomous system.
    #[column(len = 16)]
    pub asn_source: Option<String>,
    /// `valid`, `invalid`, `not-found` or `unknown`.
    #[column(len = 16)]
    pub rpki_status: Option<String>,
    /// Who validated the announcement.
    #[column(len = 16)]
    pub rpki_source: Option<String>,
    /// The name that reverse DNS gives.
    #[column(len = 256)]
    pub ptr_record: Option<String>,
    /// How often one of its fingerprints changed.
    #[column(default = 0)]
    pub rotation_count: i64,
    /// When a fingerprint last changed.
    #[column(index)]
    pub last_rotation_at: Option<Timestamp>,
    /// How often it gave away an IPv6 address.
    #[column(default = 0)]
    pub ipv6_leak_count: i64,
    /// When it last did.
    #[column(index)]
    pub last_ipv6_leak_at: Option<Timestamp>,
    /// The link-local address that the last leak showed; null when that leak showed none.
    #[column(len = 45)]
    pub last_ipv6_link_local: Option<String>,
    /// How that address's interface identifier was formed, such as `eui64`.
    #[column(len = 16)]
    pub last_ipv6_iid_kind: Option<String>,
    /// The vendor part of the MAC address in it.
    #[column(len = 8)]
    pub last_ipv6_mac_oui: Option<String>,
    /// When the row was last written.
    #[column(index, default = now)]
    pub updated_at: Timestamp,
}

/// An attacker with what threat-intelligence providers say about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ExportedAttacker {
    /// The attacker; its members stand beside `threat_intel`.
    #[serde(flatten)]
    pub attacker: Attacker,
    /// The cached answers of the providers; null when none was asked.
    pub threat_intel: Option<AttackerIntel>,
}

/// What shows that an attacker leaked an IPv6 address; empty text counts as missing, other members are ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Ipv6Evidence {
    /// The address, at most 45 characters.
    #[serde(default)]
    pub addr: Option<String>,
    /// How its interface identifier was formed, such as `eui64`; at most 16 characters.
    #[serde(default)]
    pub iid_kind: Option<String>,
    /// The vendor part of the MAC address in it, at most 8 characters.
    #[serde(default)]
    pub mac_oui: Option<String>,
}

/// The order of a list of attackers, descending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AttackerOrder {
    /// By `last_seen`.
    #[default]
    Recent,
    /// By `event_count`.
    Active,
    /// Those that moved between deckies first.
    Traversals,
}

impl AttackerOrder {
    /// The column that decides.
    pub(crate) const fn column(self) -> &'static Column {
        match self {
            Self::Recent => Attacker::LAST_SEEN.column(),
            Self::Active => Attacker::EVENT_COUNT.column(),
            Self::Traversals => Attacker::IS_TRAVERSAL.column(),
        }
    }
}

/// `active`, `traversals`, or any other text for the default (contract document 50).
impl<'de> Deserialize<'de> for AttackerOrder {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Ok(match String::deserialize(deserializer)?.as_str() {
            "active" => Self::Active,
            "traversals" => Self::Traversals,
            _ => Self::Recent,
        })
    }
}

/// Which attackers: all conditions must hold, an absent or empty one always does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Arguments)]
#[non_exhaustive]
pub struct AttackerFilter {
    /// Part of the address.
    pub search: Option<String>,
    /// A service that it touched, its whole name; ASCII letters match in either case.
    pub service: Option<String>,
}

impl AttackerFilter {
    /// All attackers.
    pub fn all() -> Self {
        Self::default()
    }
}

/// A page of attackers.
pub type AttackerQuery = Query<AttackerFilter>;

deserialize_flattened! {
    ExportedAttacker { attacker, threat_intel: Option<AttackerIntel> }
}
