//! Attackers: one row per source address (contract document 50).

use decnet_db_macros::Record;
use serde::Serialize;

use crate::json::JsonOrText;
use crate::time::Timestamp;

/// A source address and what it has done so far; the table `attackers`.
///
/// `ip` has no unique index: rows that an older writer doubled are told apart by `first_seen`, then by
/// `uuid`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Record)]
#[record(table = "attackers")]
pub struct Attacker {
    /// The attacker's key: a uuid in 36 lower-case characters.
    #[column(key)]
    pub uuid: String,
    /// The source address. Not unique in the table, though only one row is meant to exist.
    #[column(index)]
    pub ip: String,
    /// The identity that the address was grouped under; null until it was.
    #[column(index, references(attacker_identities.uuid))]
    pub identity_id: Option<String>,
    /// When its first event happened.
    #[column(index)]
    pub first_seen: Timestamp,
    /// When its latest event happened.
    #[column(index)]
    pub last_seen: Timestamp,
    /// How many events it caused.
    pub event_count: i64,
    /// How many different services it touched.
    pub service_count: i64,
    /// How many different deckies it touched.
    pub decky_count: i64,
    /// The services that it touched: a JSON list of text.
    pub services: JsonOrText,
    /// The deckies that it touched: a JSON list of text.
    pub deckies: JsonOrText,
    /// The deckies in the order of its way through them, such as `a → b`; null when there was no such way.
    #[column(long)]
    pub traversal_path: Option<String>,
    /// Whether it moved from one decky to another.
    pub is_traversal: bool,
    /// How many bounties came from it.
    pub bounty_count: i64,
    /// How many credentials came from it.
    pub credential_count: i64,
    /// Its fingerprints: a JSON list of objects.
    pub fingerprints: JsonOrText,
    /// The commands that it ran: a JSON list of objects with `command_text` or `command`, and `service`.
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
    pub rotation_count: i64,
    /// When a fingerprint last changed.
    #[column(index)]
    pub last_rotation_at: Option<Timestamp>,
    /// How often it gave away an IPv6 address.
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
    #[column(index)]
    pub updated_at: Timestamp,
}
