//! The tables, as `diesel print-schema` shows them, and the records.

use chrono::NaiveDateTime;
use diesel::prelude::*;

diesel::table! {
    logs (id) {
        id -> BigInt,
        timestamp -> Timestamp,
        decky -> Text,
        service -> Text,
        event_type -> Text,
        attacker_ip -> Text,
        raw_line -> Text,
        fields -> Text,
        msg -> Nullable<Text>,
        trace_id -> Nullable<Text>,
        span_id -> Nullable<Text>,
    }
}
diesel::table! {
    bounty (id) {
        id -> BigInt,
        timestamp -> Timestamp,
        decky -> Text,
        service -> Text,
        attacker_ip -> Text,
        bounty_type -> Text,
        payload -> Text,
    }
}
diesel::table! {
    state (key) {
        key -> Text,
        value -> Text,
    }
}
diesel::table! {
    users (uuid) {
        uuid -> Text,
        username -> Text,
        password_hash -> Text,
        role -> Text,
        must_change_password -> Bool,
        tokens_valid_from -> Nullable<Timestamp>,
    }
}
diesel::table! {
    attackers (uuid) {
        uuid -> Text,
        ip -> Text,
        identity_id -> Nullable<Text>,
        first_seen -> Timestamp,
        last_seen -> Timestamp,
        event_count -> BigInt,
        service_count -> BigInt,
        decky_count -> BigInt,
        services -> Text,
        deckies -> Text,
        traversal_path -> Nullable<Text>,
        is_traversal -> Bool,
        bounty_count -> BigInt,
        credential_count -> BigInt,
        fingerprints -> Text,
        commands -> Text,
        country_code -> Nullable<Text>,
        country_source -> Nullable<Text>,
        asn -> Nullable<BigInt>,
        as_name -> Nullable<Text>,
        bgp_prefix -> Nullable<Text>,
        asn_source -> Nullable<Text>,
        rpki_status -> Nullable<Text>,
        rpki_source -> Nullable<Text>,
        ptr_record -> Nullable<Text>,
        rotation_count -> BigInt,
        last_rotation_at -> Nullable<Timestamp>,
        ipv6_leak_count -> BigInt,
        last_ipv6_leak_at -> Nullable<Timestamp>,
        last_ipv6_link_local -> Nullable<Text>,
        last_ipv6_iid_kind -> Nullable<Text>,
        last_ipv6_mac_oui -> Nullable<Text>,
        updated_at -> Timestamp,
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = logs)]
#[allow(dead_code)]
pub(crate) struct Log {
    id: i64,
    timestamp: NaiveDateTime,
    decky: String,
    service: String,
    event_type: String,
    attacker_ip: String,
    raw_line: String,
    fields: String,
    msg: Option<String>,
    trace_id: Option<String>,
    span_id: Option<String>,
}

#[derive(Insertable)]
#[diesel(table_name = logs)]
pub(crate) struct NewLog {
    pub(crate) timestamp: NaiveDateTime,
    pub(crate) decky: String,
    pub(crate) service: &'static str,
    pub(crate) event_type: &'static str,
    pub(crate) attacker_ip: String,
    pub(crate) raw_line: String,
    pub(crate) fields: String,
    pub(crate) msg: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = bounty)]
#[allow(dead_code)]
pub(crate) struct Bounty {
    id: i64,
    timestamp: NaiveDateTime,
    decky: String,
    service: String,
    attacker_ip: String,
    bounty_type: String,
    payload: String,
}

#[derive(Insertable)]
#[diesel(table_name = bounty)]
pub(crate) struct NewBounty {
    pub(crate) timestamp: NaiveDateTime,
    pub(crate) decky: String,
    pub(crate) service: &'static str,
    pub(crate) attacker_ip: String,
    pub(crate) bounty_type: &'static str,
    pub(crate) payload: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
#[allow(dead_code)]
pub(crate) struct User {
    uuid: String,
    username: String,
    password_hash: String,
    role: String,
    must_change_password: bool,
    tokens_valid_from: Option<NaiveDateTime>,
}

#[derive(Insertable)]
#[diesel(table_name = state)]
pub(crate) struct NewState {
    pub(crate) key: String,
    pub(crate) value: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = attackers)]
#[allow(dead_code)]
pub(crate) struct Attacker {
    uuid: String,
    ip: String,
    identity_id: Option<String>,
    first_seen: NaiveDateTime,
    last_seen: NaiveDateTime,
    event_count: i64,
    service_count: i64,
    decky_count: i64,
    services: String,
    deckies: String,
    traversal_path: Option<String>,
    is_traversal: bool,
    bounty_count: i64,
    credential_count: i64,
    fingerprints: String,
    commands: String,
    country_code: Option<String>,
    country_source: Option<String>,
    asn: Option<i64>,
    as_name: Option<String>,
    bgp_prefix: Option<String>,
    asn_source: Option<String>,
    rpki_status: Option<String>,
    rpki_source: Option<String>,
    ptr_record: Option<String>,
    rotation_count: i64,
    last_rotation_at: Option<NaiveDateTime>,
    ipv6_leak_count: i64,
    last_ipv6_leak_at: Option<NaiveDateTime>,
    last_ipv6_link_local: Option<String>,
    last_ipv6_iid_kind: Option<String>,
    last_ipv6_mac_oui: Option<String>,
    updated_at: NaiveDateTime,
}

/// What the workload knows about an attacker: `None` leaves a column as it is.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = attackers)]
pub(crate) struct Known {
    pub(crate) ip: String,
    pub(crate) first_seen: NaiveDateTime,
    pub(crate) last_seen: NaiveDateTime,
    pub(crate) event_count: i64,
    pub(crate) service_count: i64,
    pub(crate) decky_count: i64,
    pub(crate) services: String,
    pub(crate) deckies: String,
    pub(crate) traversal_path: Option<String>,
    pub(crate) is_traversal: bool,
    pub(crate) bounty_count: i64,
    pub(crate) credential_count: i64,
    pub(crate) fingerprints: String,
    pub(crate) commands: String,
    pub(crate) country_code: String,
    pub(crate) country_source: &'static str,
    pub(crate) asn: i64,
    pub(crate) as_name: String,
    pub(crate) bgp_prefix: String,
    pub(crate) asn_source: &'static str,
    pub(crate) updated_at: NaiveDateTime,
}

#[derive(QueryableByName)]
#[allow(dead_code)]
pub(crate) struct Bucket {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    bucket: i64,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
pub(crate) struct Stats {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    pub(crate) total: i64,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    pub(crate) sources: i64,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    pub(crate) running: i64,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    pub(crate) deckies: i64,
}

pub(crate) const STATS: &str = "SELECT (SELECT COUNT(*) FROM logs) AS total, (SELECT COUNT(DISTINCT attacker_ip) FROM logs) \
     AS sources, (SELECT COUNT(*) FROM fleet_deckies WHERE state = 'running') + (SELECT COUNT(*) FROM topology_deckies \
     WHERE state = 'running') AS running, (SELECT COUNT(*) FROM fleet_deckies) + (SELECT COUNT(*) FROM topology_deckies) \
     AS deckies";
