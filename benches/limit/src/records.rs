//! What the loops read: owned records, columns in the order of the tables.

#![allow(dead_code, reason = "they are read as a program would read them, and dropped")]

/// The columns of `logs`.
pub(crate) const LOG: &str =
    "id, timestamp, decky, service, event_type, attacker_ip, raw_line, fields, msg, trace_id, span_id";
/// Those without the id, which the database assigns.
pub(crate) const NEW_LOG: &str =
    "timestamp, decky, service, event_type, attacker_ip, raw_line, fields, msg, trace_id, span_id";
/// The columns of `bounty`.
pub(crate) const BOUNTY: &str = "id, timestamp, decky, service, attacker_ip, bounty_type, payload";
/// The columns of `attackers`.
pub(crate) const ATTACKER: &str = "uuid, ip, identity_id, first_seen, last_seen, event_count, service_count, decky_count, \
     services, deckies, traversal_path, is_traversal, bounty_count, credential_count, fingerprints, commands, country_code, \
     country_source, asn, as_name, bgp_prefix, asn_source, rpki_status, rpki_source, ptr_record, rotation_count, \
     last_rotation_at, ipv6_leak_count, last_ipv6_leak_at, last_ipv6_link_local, last_ipv6_iid_kind, last_ipv6_mac_oui, \
     updated_at";
/// The columns that the workload gives of an attacker, in the order of its record.
pub(crate) const GIVEN: [&str; 21] = [
    "ip",
    "first_seen",
    "last_seen",
    "event_count",
    "service_count",
    "decky_count",
    "services",
    "deckies",
    "traversal_path",
    "is_traversal",
    "bounty_count",
    "credential_count",
    "fingerprints",
    "commands",
    "country_code",
    "country_source",
    "asn",
    "as_name",
    "bgp_prefix",
    "asn_source",
    "updated_at",
];

/// A log row; `T` is the time.
pub(crate) struct Log<T> {
    pub(crate) id: i64,
    pub(crate) timestamp: T,
    pub(crate) decky: String,
    pub(crate) service: String,
    pub(crate) event_type: String,
    pub(crate) attacker_ip: String,
    pub(crate) raw_line: String,
    pub(crate) fields: String,
    pub(crate) msg: Option<String>,
    pub(crate) trace_id: Option<String>,
    pub(crate) span_id: Option<String>,
}

/// A bounty.
pub(crate) struct Bounty<T> {
    pub(crate) id: i64,
    pub(crate) timestamp: T,
    pub(crate) decky: String,
    pub(crate) service: String,
    pub(crate) attacker_ip: String,
    pub(crate) bounty_type: String,
    pub(crate) payload: String,
}

/// An attacker.
pub(crate) struct Attacker<T> {
    pub(crate) uuid: String,
    pub(crate) ip: String,
    pub(crate) identity_id: Option<String>,
    pub(crate) first_seen: T,
    pub(crate) last_seen: T,
    pub(crate) counts: [i64; 3],
    pub(crate) services: String,
    pub(crate) deckies: String,
    pub(crate) traversal_path: Option<String>,
    pub(crate) is_traversal: bool,
    pub(crate) bounty_count: i64,
    pub(crate) credential_count: i64,
    pub(crate) fingerprints: String,
    pub(crate) commands: String,
    pub(crate) country_code: Option<String>,
    pub(crate) country_source: Option<String>,
    pub(crate) asn: Option<i64>,
    pub(crate) as_name: Option<String>,
    pub(crate) bgp_prefix: Option<String>,
    pub(crate) asn_source: Option<String>,
    pub(crate) rpki_status: Option<String>,
    pub(crate) rpki_source: Option<String>,
    pub(crate) ptr_record: Option<String>,
    pub(crate) rotation_count: i64,
    pub(crate) last_rotation_at: Option<T>,
    pub(crate) ipv6_leak_count: i64,
    pub(crate) last_ipv6_leak_at: Option<T>,
    pub(crate) last_ipv6_link_local: Option<String>,
    pub(crate) last_ipv6_iid_kind: Option<String>,
    pub(crate) last_ipv6_mac_oui: Option<String>,
    pub(crate) updated_at: T,
}

/// A user.
pub(crate) struct User<T> {
    pub(crate) uuid: String,
    pub(crate) username: String,
    pub(crate) password_hash: String,
    pub(crate) role: String,
    pub(crate) must_change_password: bool,
    pub(crate) tokens_valid_from: Option<T>,
}
