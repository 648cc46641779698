//! sqlx as its documentation shows it: checked pools, `query_as` into structs that are `FromRow`, batches by
//! `QueryBuilder::push_values`. SQLite has a pool of one connection for writes, since more of them only wait for each
//! other, and a pool for reads.

use std::hint::black_box;

use anyhow::{Context, Result};
use chrono::NaiveDateTime;
use decnet_db_harness::{Layer, Search};
use decnet_db_workload as workload;
use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ColumnIndex, Decode, Executor, FromRow, MySqlPool, QueryBuilder, Row, SqlitePool, Type};

use crate::times::time;

/// A record and what `#[derive(FromRow)]` makes of it. The derive itself would build sqlx a second time, for its macros.
macro_rules! record {
    ($name:ident { $($field:ident: $type:ty,)* }) => {
        #[allow(dead_code)]
        struct $name {
            $($field: $type,)*
        }

        impl<'r, R: Row> FromRow<'r, R> for $name
        where
            &'static str: ColumnIndex<R>,
            $($type: Decode<'r, R::Database> + Type<R::Database>,)*
        {
            fn from_row(row: &'r R) -> sqlx::Result<Self> {
                Ok(Self { $($field: row.try_get(stringify!($field))?,)* })
            }
        }
    };
}

record!(Log {
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
});

record!(Bounty {
    id: i64,
    timestamp: NaiveDateTime,
    decky: String,
    service: String,
    attacker_ip: String,
    bounty_type: String,
    payload: String,
});

record!(Attacker {
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
});

record!(User {
    uuid: String,
    username: String,
    password_hash: String,
    role: String,
    must_change_password: bool,
    tokens_valid_from: Option<NaiveDateTime>,
});

/// The longest statements, which are the same for both engines.
const STATS: &str = "SELECT (SELECT COUNT(*) FROM logs), (SELECT COUNT(DISTINCT attacker_ip) FROM logs), \
     (SELECT COUNT(*) FROM fleet_deckies WHERE state = 'running') + (SELECT COUNT(*) FROM topology_deckies WHERE state = \
     'running'), (SELECT COUNT(*) FROM fleet_deckies) + (SELECT COUNT(*) FROM topology_deckies)";
const UPDATE: &str = "UPDATE attackers SET ip = ?, first_seen = ?, last_seen = ?, event_count = ?, service_count = ?, \
     decky_count = ?, services = ?, deckies = ?, traversal_path = ?, is_traversal = ?, bounty_count = ?, credential_count = \
     ?, fingerprints = ?, commands = ?, country_code = ?, country_source = ?, asn = ?, as_name = ?, bgp_prefix = ?, \
     asn_source = ?, updated_at = ? WHERE uuid = ?";
const INSERT: &str = "INSERT INTO attackers (ip, first_seen, last_seen, event_count, service_count, decky_count, services, \
     deckies, traversal_path, is_traversal, bounty_count, credential_count, fingerprints, commands, country_code, \
     country_source, asn, as_name, bgp_prefix, asn_source, updated_at, uuid, rotation_count, ipv6_leak_count) VALUES (?, ?, \
     ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)";

async fn open_sqlite(url: &str) -> Result<(SqlitePool, SqlitePool)> {
    let path = url.strip_prefix("sqlite:///").context("no SQLite URL")?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(std::time::Duration::from_secs(30))
        .foreign_keys(true);
    let writer = options.clone().pragma("cache_size", "-65536");
    let reader = options.pragma("cache_size", "-8192");
    Ok((
        SqlitePoolOptions::new().max_connections(1).connect_with(writer).await?,
        SqlitePoolOptions::new().max_connections(10).connect_with(reader).await?,
    ))
}

async fn open_mysql(url: &str) -> Result<(MySqlPool, MySqlPool)> {
    let options: MySqlConnectOptions = url.parse()?;
    let pool = MySqlPoolOptions::new().max_connections(20).connect_with(options).await?;
    Ok((pool.clone(), pool))
}

macro_rules! layer {
    (
        $name:ident, $pool:ty, $open:ident,
        key: $key:literal, member: $member:literal, like: $like:literal, bucket: $bucket:literal, upsert: $upsert:literal,
        dual: $dual:literal
    ) => {
        /// sqlx on this engine.
        pub(crate) struct $name {
            writer: $pool,
            reader: $pool,
        }

        impl $name {
            async fn logs(&self, text: &'static str, limit: u64, offset: u64) -> Result<usize> {
                let logs = sqlx::query_as::<_, Log>(text).bind(limit as i64).bind(offset as i64);
                Ok(black_box(logs.fetch_all(&self.reader).await?).len())
            }

            async fn insert(
                executor: impl Executor<'_, Database = <$pool as PoolOf>::Database>,
                (time, log): (NaiveDateTime, workload::Log),
            ) -> Result<()> {
                sqlx::query(
                    "INSERT INTO logs (timestamp, decky, service, event_type, attacker_ip, raw_line, fields, msg) VALUES \
                     (?, ?, ?, ?, ?, ?, ?, ?)",
                )
                .bind(time)
                .bind(&log.decky)
                .bind(log.service)
                .bind(log.event_type)
                .bind(&log.attacker_ip)
                .bind(&log.raw_line)
                .bind(log.fields_json())
                .bind(&log.msg)
                .execute(executor)
                .await?;
                Ok(())
            }
        }

        impl Layer for $name {
            type Log = (NaiveDateTime, workload::Log);
            type Bounty = (NaiveDateTime, workload::Bounty);
            type Attacker = workload::Attacker;
            type State = (String, String);

            async fn open(url: &str) -> Result<Self> {
                let (writer, reader) = $open(url).await?;
                Ok(Self { writer, reader })
            }

            fn log(log: workload::Log) -> Result<Self::Log> {
                Ok((time(log.seconds)?, log))
            }

            fn bounty(row: workload::Bounty) -> Result<Self::Bounty> {
                Ok((time(row.seconds)?, row))
            }

            fn attacker(row: workload::Attacker) -> Result<Self::Attacker> {
                Ok(row)
            }

            fn state(key: String, value: String) -> Result<Self::State> {
                Ok((key, value))
            }

            async fn add_log(&self, log: Self::Log) -> Result<()> {
                Self::insert(&self.writer, log).await
            }

            async fn add_logs(&self, logs: Vec<Self::Log>) -> Result<()> {
                let mut builder = QueryBuilder::<<$pool as PoolOf>::Database>::new(
                    "INSERT INTO logs (timestamp, decky, service, event_type, attacker_ip, raw_line, fields, msg) ",
                );
                builder.push_values(logs, |mut row, (time, log)| {
                    let fields = log.fields_json();
                    row.push_bind(time).push_bind(log.decky).push_bind(log.service).push_bind(log.event_type);
                    row.push_bind(log.attacker_ip).push_bind(log.raw_line).push_bind(fields).push_bind(log.msg);
                });
                builder.build().execute(&self.writer).await?;
                Ok(())
            }

            async fn get_logs(&self, limit: u64, offset: u64, search: Option<Search>) -> Result<usize> {
                let text = match search {
                    None => "SELECT * FROM logs ORDER BY timestamp DESC, id DESC LIMIT ? OFFSET ?",
                    Some(Search::Members) => concat!(
                        "SELECT * FROM logs WHERE service = 'ssh' AND ",
                        $member,
                        " = 'root' ORDER BY timestamp DESC, id DESC LIMIT ? OFFSET ?"
                    ),
                    Some(Search::Text) => concat!(
                        "SELECT * FROM logs WHERE ",
                        $like,
                        " ORDER BY timestamp DESC, id DESC LIMIT ? OFFSET ?"
                    ),
                };
                self.logs(text, limit, offset).await
            }

            async fn get_total_logs(&self, search: Option<Search>) -> Result<u64> {
                let text = match search {
                    None => "SELECT COUNT(*) FROM logs",
                    Some(Search::Members) => {
                        concat!("SELECT COUNT(*) FROM logs WHERE service = 'ssh' AND ", $member, " = 'root'")
                    }
                    Some(Search::Text) => concat!("SELECT COUNT(*) FROM logs WHERE ", $like),
                };
                Ok(sqlx::query_scalar::<_, i64>(text).fetch_one(&self.reader).await? as u64)
            }

            async fn get_log_histogram(&self, minutes: i64) -> Result<usize> {
                let text = concat!("SELECT ", $bucket, " AS bucket, COUNT(*) FROM logs GROUP BY bucket ORDER BY bucket");
                let width = minutes * 60;
                let buckets = sqlx::query_as::<_, (i64, i64)>(text).bind(width).bind(width);
                Ok(black_box(buckets.fetch_all(&self.reader).await?).len())
            }

            async fn get_stats_summary(&self) -> Result<[u64; 4]> {
                let row: (i64, i64, i64, i64) = sqlx::query_as(STATS).fetch_one(&self.reader).await?;
                Ok([row.0 as u64, row.1 as u64, row.2 as u64, row.3 as u64])
            }

            async fn get_logs_after_id(&self, id: i64, limit: u64) -> Result<usize> {
                let text = "SELECT * FROM logs WHERE id > ? ORDER BY id LIMIT ?";
                let logs = sqlx::query_as::<_, Log>(text).bind(id).bind(limit as i64);
                Ok(black_box(logs.fetch_all(&self.reader).await?).len())
            }

            async fn get_bounties(&self, limit: u64) -> Result<usize> {
                let text = "SELECT * FROM bounty ORDER BY timestamp DESC, id DESC LIMIT ?";
                let rows = sqlx::query_as::<_, Bounty>(text).bind(limit as i64);
                Ok(black_box(rows.fetch_all(&self.reader).await?).len())
            }

            async fn get_attackers(&self, limit: u64) -> Result<usize> {
                let text = "SELECT * FROM attackers ORDER BY last_seen DESC, uuid DESC LIMIT ?";
                let rows = sqlx::query_as::<_, Attacker>(text).bind(limit as i64);
                Ok(black_box(rows.fetch_all(&self.reader).await?).len())
            }

            async fn get_user_by_username(&self, name: &str) -> Result<bool> {
                let user = sqlx::query_as::<_, User>("SELECT * FROM users WHERE username = ?").bind(name);
                Ok(black_box(user.fetch_optional(&self.reader).await?).is_some())
            }

            async fn get_state(&self, key: &str) -> Result<bool> {
                let text = concat!("SELECT value FROM state WHERE ", $key, " = ?");
                let value = sqlx::query_scalar::<_, String>(text).bind(key).fetch_optional(&self.reader).await?;
                Ok(black_box(value).is_some())
            }

            async fn set_state(&self, (key, value): Self::State) -> Result<()> {
                let text = concat!("INSERT INTO state (", $key, ", value) VALUES (?, ?) ", $upsert);
                sqlx::query(text).bind(key).bind(value).execute(&self.writer).await?;
                Ok(())
            }

            async fn upsert_attacker(&self, row: Self::Attacker) -> Result<()> {
                let (first, last) = (time(row.first_seen)?, time(row.last_seen)?);
                let mut transaction = self.writer.begin().await?;
                let text = "SELECT uuid FROM attackers WHERE ip = ? ORDER BY first_seen, uuid LIMIT 1";
                let present: Option<String> =
                    sqlx::query_scalar(text).bind(&row.ip).fetch_optional(&mut *transaction).await?;
                let text = if present.is_some() { UPDATE } else { INSERT };
                let uuid = present.unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
                sqlx::query(text)
                    .bind(&row.ip)
                    .bind(first)
                    .bind(last)
                    .bind(row.event_count as i64)
                    .bind(row.service_count as i64)
                    .bind(row.decky_count as i64)
                    .bind(&row.services)
                    .bind(&row.deckies)
                    .bind(&row.traversal_path)
                    .bind(row.is_traversal)
                    .bind(row.bounty_count as i64)
                    .bind(row.credential_count as i64)
                    .bind(&row.fingerprints)
                    .bind(&row.commands)
                    .bind(&row.country_code)
                    .bind(row.country_source)
                    .bind(row.asn as i64)
                    .bind(&row.as_name)
                    .bind(&row.bgp_prefix)
                    .bind(row.asn_source)
                    .bind(last)
                    .bind(uuid)
                    .execute(&mut *transaction)
                    .await?;
                Ok(transaction.commit().await?)
            }

            async fn add_bounty(&self, (time, row): Self::Bounty) -> Result<()> {
                sqlx::query(concat!(
                    "INSERT INTO bounty (timestamp, decky, service, attacker_ip, bounty_type, payload) SELECT ?, ?, ?, ?, \
                     ?, ?",
                    $dual,
                    " WHERE NOT EXISTS (SELECT 1 FROM bounty WHERE attacker_ip = ? AND bounty_type = ? AND payload = ?)"
                ))
                .bind(time)
                .bind(&row.decky)
                .bind(row.service)
                .bind(&row.attacker_ip)
                .bind(row.bounty_type)
                .bind(&row.payload)
                .bind(&row.attacker_ip)
                .bind(row.bounty_type)
                .bind(&row.payload)
                .execute(&self.writer)
                .await?;
                Ok(())
            }
        }
    };
}

/// The database of a pool's type.
trait PoolOf {
    type Database: sqlx::Database;
}

impl<D: sqlx::Database> PoolOf for sqlx::Pool<D> {
    type Database = D;
}

layer!(
    SqlxSqlite, SqlitePool, open_sqlite,
    key: "key", member: "json_extract(fields, '$.username')",
    like: "(raw_line LIKE '%zx9probe%' OR decky LIKE '%zx9probe%' OR service LIKE '%zx9probe%' OR attacker_ip LIKE '%zx9probe%')",
    bucket: "unixepoch(timestamp) / ? * ?",
    upsert: "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    dual: ""
);
layer!(
    SqlxMysql, MySqlPool, open_mysql,
    key: "`key`", member: "JSON_UNQUOTE(JSON_EXTRACT(fields, '$.username'))",
    // The columns' collation is binary: without LOWER only small letters would be found.
    like: "(LOWER(raw_line) LIKE '%zx9probe%' OR LOWER(decky) LIKE '%zx9probe%' OR LOWER(service) LIKE '%zx9probe%' OR LOWER(attacker_ip) LIKE '%zx9probe%')",
    bucket: "CAST(UNIX_TIMESTAMP(timestamp) DIV ? * ? AS SIGNED)",
    upsert: "ON DUPLICATE KEY UPDATE value = VALUES(value)",
    dual: " FROM DUAL"
);
