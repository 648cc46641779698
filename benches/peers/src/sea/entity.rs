//! The entities, as `sea-orm-cli generate entity` lays them out.

pub(crate) mod logs {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "logs")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub timestamp: DateTime,
        pub decky: String,
        pub service: String,
        pub event_type: String,
        pub attacker_ip: String,
        pub raw_line: String,
        pub fields: String,
        pub msg: Option<String>,
        pub trace_id: Option<String>,
        pub span_id: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod bounty {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "bounty")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub timestamp: DateTime,
        pub decky: String,
        pub service: String,
        pub attacker_ip: String,
        pub bounty_type: String,
        pub payload: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod state {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "state")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: String,
        pub value: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod users {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "users")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub uuid: String,
        pub username: String,
        pub password_hash: String,
        pub role: String,
        pub must_change_password: bool,
        pub tokens_valid_from: Option<DateTime>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod attackers {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "attackers")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub uuid: String,
        pub ip: String,
        pub identity_id: Option<String>,
        pub first_seen: DateTime,
        pub last_seen: DateTime,
        pub event_count: i64,
        pub service_count: i64,
        pub decky_count: i64,
        pub services: String,
        pub deckies: String,
        pub traversal_path: Option<String>,
        pub is_traversal: bool,
        pub bounty_count: i64,
        pub credential_count: i64,
        pub fingerprints: String,
        pub commands: String,
        pub country_code: Option<String>,
        pub country_source: Option<String>,
        pub asn: Option<i64>,
        pub as_name: Option<String>,
        pub bgp_prefix: Option<String>,
        pub asn_source: Option<String>,
        pub rpki_status: Option<String>,
        pub rpki_source: Option<String>,
        pub ptr_record: Option<String>,
        pub rotation_count: i64,
        pub last_rotation_at: Option<DateTime>,
        pub ipv6_leak_count: i64,
        pub last_ipv6_leak_at: Option<DateTime>,
        pub last_ipv6_link_local: Option<String>,
        pub last_ipv6_iid_kind: Option<String>,
        pub last_ipv6_mac_oui: Option<String>,
        pub updated_at: DateTime,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
