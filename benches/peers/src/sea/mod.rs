//! SeaORM as its documentation shows it: entities, `insert_many`, `find` with conditions; raw expressions only where the
//! entities can't say it. One type serves both engines.

mod entity;

use std::hint::black_box;
use std::time::Duration;

use anyhow::{Context, Result};
use chrono::NaiveDateTime;
use decnet_db_harness::{Layer, Search};
use decnet_db_workload as workload;
use sea_orm::sea_query::{Expr, Func, OnConflict};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectOptions, Database, DatabaseConnection,
    DbBackend, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    Statement, TransactionTrait,
};

use self::entity::{attackers, bounty, logs, state, users};
use crate::times::time;

/// SeaORM.
pub(crate) struct SeaOrm {
    /// On SQLite a pool of one connection.
    writer: DatabaseConnection,
    reader: DatabaseConnection,
}

#[derive(FromQueryResult)]
#[allow(dead_code)]
struct Bucket {
    bucket: i64,
    count: i64,
}

#[derive(FromQueryResult)]
struct Stats {
    total: i64,
    sources: i64,
    running: i64,
    deckies: i64,
}

/// The search for the text on MySQL, where the columns' collation is binary.
fn folded(column: logs::Column) -> Expr {
    use sea_orm::sea_query::ExprTrait;

    Func::lower(column.into_expr()).like("%zx9probe%")
}

impl SeaOrm {
    fn newest(&self, search: Option<Search>) -> Select<logs::Entity> {
        let find = logs::Entity::find();
        let backend = self.reader.get_database_backend();
        match search {
            None => find,
            Some(Search::Members) => {
                let member = match backend {
                    DbBackend::Sqlite => "json_extract(fields, '$.username') = 'root'",
                    _ => "JSON_UNQUOTE(JSON_EXTRACT(fields, '$.username')) = 'root'",
                };
                find.filter(logs::Column::Service.eq("ssh")).filter(Expr::cust(member))
            }
            Some(Search::Text) => {
                let columns = [
                    logs::Column::RawLine,
                    logs::Column::Decky,
                    logs::Column::Service,
                    logs::Column::AttackerIp,
                ];
                let mut any = Condition::any();
                for column in columns {
                    any = match backend {
                        DbBackend::Sqlite => any.add(column.contains("zx9probe")),
                        _ => any.add(folded(column)),
                    };
                }
                find.filter(any)
            }
        }
    }
}

impl Layer for SeaOrm {
    type Log = logs::ActiveModel;
    type Bounty = (NaiveDateTime, workload::Bounty);
    type Attacker = workload::Attacker;
    type State = (String, String);

    async fn open(url: &str) -> Result<Self> {
        if url.starts_with("mysql:") {
            let mut options = ConnectOptions::new(url);
            options.max_connections(20).sqlx_logging(false);
            let pool = Database::connect(options).await?;
            return Ok(Self { writer: pool.clone(), reader: pool });
        }
        let path = url.strip_prefix("sqlite:///").context("no SQLite URL")?;
        let connect = async |connections: u32, cache: &'static str| {
            let mut options = ConnectOptions::new(format!("sqlite://{path}"));
            options.max_connections(connections).sqlx_logging(false);
            options.map_sqlx_sqlite_opts(move |options| {
                options
                    .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
                    .synchronous(sqlx::sqlite::SqliteSynchronous::Normal)
                    .busy_timeout(Duration::from_secs(30))
                    .foreign_keys(true)
                    .pragma("cache_size", cache)
            });
            Database::connect(options).await
        };
        Ok(Self { writer: connect(1, "-65536").await?, reader: connect(10, "-8192").await? })
    }

    fn log(log: workload::Log) -> Result<Self::Log> {
        Ok(logs::ActiveModel {
            timestamp: Set(time(log.seconds)?),
            fields: Set(log.fields_json()),
            decky: Set(log.decky),
            service: Set(log.service.to_owned()),
            event_type: Set(log.event_type.to_owned()),
            attacker_ip: Set(log.attacker_ip),
            raw_line: Set(log.raw_line),
            msg: Set(Some(log.msg)),
            ..Default::default()
        })
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
        logs::Entity::insert(log).exec_without_returning(&self.writer).await?;
        Ok(())
    }

    async fn add_logs(&self, rows: Vec<Self::Log>) -> Result<()> {
        logs::Entity::insert_many(rows).exec_without_returning(&self.writer).await?;
        Ok(())
    }

    async fn get_logs(&self, limit: u64, offset: u64, search: Option<Search>) -> Result<usize> {
        let find = self.newest(search).order_by_desc(logs::Column::Timestamp).order_by_desc(logs::Column::Id);
        Ok(black_box(find.limit(limit).offset(offset).all(&self.reader).await?).len())
    }

    async fn get_total_logs(&self, search: Option<Search>) -> Result<u64> {
        Ok(self.newest(search).count(&self.reader).await?)
    }

    async fn get_log_histogram(&self, minutes: i64) -> Result<usize> {
        let backend = self.reader.get_database_backend();
        let bucket = match backend {
            DbBackend::Sqlite => "unixepoch(timestamp) / ? * ?",
            _ => "CAST(UNIX_TIMESTAMP(timestamp) DIV ? * ? AS SIGNED)",
        };
        let text =
            format!("SELECT {bucket} AS bucket, COUNT(*) AS count FROM logs GROUP BY bucket ORDER BY bucket");
        let width = minutes * 60;
        let statement = Statement::from_sql_and_values(backend, text, [width.into(), width.into()]);
        Ok(black_box(Bucket::find_by_statement(statement).all(&self.reader).await?).len())
    }

    async fn get_stats_summary(&self) -> Result<[u64; 4]> {
        let text = "SELECT (SELECT COUNT(*) FROM logs) AS total, (SELECT COUNT(DISTINCT attacker_ip) FROM logs) AS sources, \
             (SELECT COUNT(*) FROM fleet_deckies WHERE state = 'running') + (SELECT COUNT(*) FROM topology_deckies WHERE \
             state = 'running') AS running, (SELECT COUNT(*) FROM fleet_deckies) + (SELECT COUNT(*) FROM topology_deckies) \
             AS deckies";
        let statement = Statement::from_string(self.reader.get_database_backend(), text);
        let stats = Stats::find_by_statement(statement).one(&self.reader).await?.context("no row")?;
        Ok([stats.total as u64, stats.sources as u64, stats.running as u64, stats.deckies as u64])
    }

    async fn get_logs_after_id(&self, id: i64, limit: u64) -> Result<usize> {
        let find = logs::Entity::find().filter(logs::Column::Id.gt(id)).order_by_asc(logs::Column::Id);
        Ok(black_box(find.limit(limit).all(&self.reader).await?).len())
    }

    async fn get_bounties(&self, limit: u64) -> Result<usize> {
        let find =
            bounty::Entity::find().order_by_desc(bounty::Column::Timestamp).order_by_desc(bounty::Column::Id);
        Ok(black_box(find.limit(limit).all(&self.reader).await?).len())
    }

    async fn get_attackers(&self, limit: u64) -> Result<usize> {
        let find = attackers::Entity::find()
            .order_by_desc(attackers::Column::LastSeen)
            .order_by_desc(attackers::Column::Uuid);
        Ok(black_box(find.limit(limit).all(&self.reader).await?).len())
    }

    async fn get_user_by_username(&self, name: &str) -> Result<bool> {
        let user = users::Entity::find().filter(users::Column::Username.eq(name)).one(&self.reader).await?;
        Ok(black_box(user).is_some())
    }

    async fn get_state(&self, key: &str) -> Result<bool> {
        Ok(black_box(state::Entity::find_by_id(key).one(&self.reader).await?).is_some())
    }

    async fn set_state(&self, (key, value): Self::State) -> Result<()> {
        state::Entity::insert(state::ActiveModel { key: Set(key), value: Set(value) })
            .on_conflict(
                OnConflict::column(state::Column::Key).update_column(state::Column::Value).to_owned(),
            )
            .exec_without_returning(&self.writer)
            .await?;
        Ok(())
    }

    async fn upsert_attacker(&self, row: Self::Attacker) -> Result<()> {
        let transaction = self.writer.begin().await?;
        let present = attackers::Entity::find()
            .select_only()
            .column(attackers::Column::Uuid)
            .filter(attackers::Column::Ip.eq(row.ip.as_str()))
            .order_by_asc(attackers::Column::FirstSeen)
            .order_by_asc(attackers::Column::Uuid)
            .into_tuple::<String>()
            .one(&transaction)
            .await?;
        let mut model = attackers::ActiveModel {
            ip: Set(row.ip),
            first_seen: Set(time(row.first_seen)?),
            last_seen: Set(time(row.last_seen)?),
            event_count: Set(row.event_count as i64),
            service_count: Set(row.service_count as i64),
            decky_count: Set(row.decky_count as i64),
            services: Set(row.services),
            deckies: Set(row.deckies),
            traversal_path: Set(row.traversal_path),
            is_traversal: Set(row.is_traversal),
            bounty_count: Set(row.bounty_count as i64),
            credential_count: Set(row.credential_count as i64),
            fingerprints: Set(row.fingerprints),
            commands: Set(row.commands),
            country_code: Set(Some(row.country_code)),
            country_source: Set(Some(row.country_source.to_owned())),
            asn: Set(Some(row.asn as i64)),
            as_name: Set(Some(row.as_name)),
            bgp_prefix: Set(Some(row.bgp_prefix)),
            asn_source: Set(Some(row.asn_source.to_owned())),
            updated_at: Set(time(row.last_seen)?),
            ..Default::default()
        };
        match present {
            Some(uuid) => {
                let update = attackers::Entity::update_many().set(model);
                update.filter(attackers::Column::Uuid.eq(uuid)).exec(&transaction).await?;
            }
            None => {
                model.uuid = Set(uuid::Uuid::new_v4().to_string());
                model.rotation_count = Set(0);
                model.ipv6_leak_count = Set(0);
                attackers::Entity::insert(model).exec_without_returning(&transaction).await?;
            }
        }
        Ok(transaction.commit().await?)
    }

    async fn add_bounty(&self, (time, row): Self::Bounty) -> Result<()> {
        let transaction = self.writer.begin().await?;
        let present = bounty::Entity::find()
            .filter(bounty::Column::AttackerIp.eq(row.attacker_ip.as_str()))
            .filter(bounty::Column::BountyType.eq(row.bounty_type))
            .filter(bounty::Column::Payload.eq(row.payload.as_str()))
            .select_only()
            .column(bounty::Column::Id)
            .into_tuple::<i64>()
            .one(&transaction)
            .await?;
        if present.is_none() {
            let model = bounty::ActiveModel {
                timestamp: Set(time),
                decky: Set(row.decky),
                service: Set(row.service.to_owned()),
                attacker_ip: Set(row.attacker_ip),
                bounty_type: Set(row.bounty_type.to_owned()),
                payload: Set(row.payload),
                ..Default::default()
            };
            model.insert(&transaction).await?;
        }
        Ok(transaction.commit().await?)
    }
}
