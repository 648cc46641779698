//! The entities, as `sea-orm-cli generate entity` lays them out.

macro_rules! entity {
    ($module:ident, $table:literal, { $($(#[$attribute:meta])* $field:ident: $type:ty,)* }) => {
        pub(crate) mod $module {
            use sea_orm::entity::prelude::*;

            #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
            #[sea_orm(table_name = $table)]
            pub struct Model {
                $($(#[$attribute])* pub $field: $type,)*
            }

            #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
            pub enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}
        }
    };
}

entity!(logs, "logs", {
    #[sea_orm(primary_key)] id: i64,
    timestamp: DateTime,
    decky: String,
    service: String,
    event_type: String,
    attacker_ip: String,
    raw_line: String,
    fields: String,
    msg: Option<String>,
    trace_id: Option<String>,
    span_id: Option<String>,
});
entity!(bounty, "bounty", {
    #[sea_orm(primary_key)] id: i64,
    timestamp: DateTime,
    decky: String,
    service: String,
    attacker_ip: String,
    bounty_type: String,
    payload: String,
});
entity!(state, "state", {
    #[sea_orm(primary_key, auto_increment = false)] key: String,
    value: String,
});
entity!(users, "users", {
    #[sea_orm(primary_key, auto_increment = false)] uuid: String,
    username: String,
    password_hash: String,
    role: String,
    must_change_password: bool,
    tokens_valid_from: Option<DateTime>,
});
entity!(attackers, "attackers", {
    #[sea_orm(primary_key, auto_increment = false)] uuid: String,
    ip: String,
    identity_id: Option<String>,
    first_seen: DateTime,
    last_seen: DateTime,
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
    last_rotation_at: Option<DateTime>,
    ipv6_leak_count: i64,
    last_ipv6_leak_at: Option<DateTime>,
    last_ipv6_link_local: Option<String>,
    last_ipv6_iid_kind: Option<String>,
    last_ipv6_mac_oui: Option<String>,
    updated_at: DateTime,
});
