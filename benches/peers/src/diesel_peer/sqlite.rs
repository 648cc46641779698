//! Diesel on SQLite: a pool of one connection for writes, since more of them only wait for each other, and one for reads.

use std::hint::black_box;

use anyhow::{Context, Result};
use decnet_db_harness::{Layer, Search};
use decnet_db_workload as workload;
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool};
use diesel::sql_types::{BigInt, Bool};
use diesel::sqlite::{Sqlite, SqliteConnection};
use tokio::task::spawn_blocking;

use super::schema::{
    Attacker, Bounty, Bucket, Known, Log, NewBounty, NewLog, NewState, STATS, Stats, User, attackers, bounty,
    logs, state, users,
};

type Connections = Pool<ConnectionManager<SqliteConnection>>;

/// Diesel with r2d2.
pub(crate) struct DieselSqlite {
    writer: Connections,
    reader: Connections,
}

#[derive(Debug)]
struct Pragmas(i64);

impl CustomizeConnection<SqliteConnection, diesel::r2d2::Error> for Pragmas {
    fn on_acquire(&self, connection: &mut SqliteConnection) -> Result<(), diesel::r2d2::Error> {
        let pragmas = format!(
            "PRAGMA busy_timeout = 30000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; \
             PRAGMA cache_size = {};",
            self.0
        );
        connection.batch_execute(&pragmas).map_err(diesel::r2d2::Error::QueryError)
    }
}

async fn with<T: Send + 'static>(
    pool: &Connections,
    work: impl FnOnce(&mut SqliteConnection) -> QueryResult<T> + Send + 'static,
) -> Result<T> {
    let pool = pool.clone();
    spawn_blocking(move || Ok(work(&mut *pool.get()?)?)).await?
}

fn matching(search: Option<Search>) -> logs::BoxedQuery<'static, Sqlite> {
    let query = logs::table.into_boxed();
    match search {
        None => query,
        Some(Search::Members) => query
            .filter(logs::service.eq("ssh"))
            .filter(sql::<Bool>("json_extract(fields, '$.username') = 'root'")),
        Some(Search::Text) => {
            let like = "%zx9probe%";
            query.filter(
                logs::raw_line
                    .like(like)
                    .or(logs::decky.like(like))
                    .or(logs::service.like(like))
                    .or(logs::attacker_ip.like(like)),
            )
        }
    }
}

impl Layer for DieselSqlite {
    type Log = NewLog;
    type Bounty = NewBounty;
    type Attacker = Known;
    type State = NewState;

    async fn open(url: &str) -> Result<Self> {
        let path = url.strip_prefix("sqlite:///").context("no SQLite URL")?.to_owned();
        spawn_blocking(move || {
            let pool = |size, cache| {
                let manager = ConnectionManager::<SqliteConnection>::new(&path);
                Pool::builder().max_size(size).connection_customizer(Box::new(Pragmas(cache))).build(manager)
            };
            Ok(Self { writer: pool(1, -65_536)?, reader: pool(10, -8_192)? })
        })
        .await?
    }

    fn log(log: workload::Log) -> Result<NewLog> {
        super::new_log(log)
    }

    fn bounty(row: workload::Bounty) -> Result<NewBounty> {
        super::new_bounty(row)
    }

    fn attacker(row: workload::Attacker) -> Result<Known> {
        super::known(row)
    }

    fn state(key: String, value: String) -> Result<NewState> {
        Ok(NewState { key, value })
    }

    async fn add_log(&self, log: NewLog) -> Result<()> {
        with(&self.writer, move |connection| {
            diesel::insert_into(logs::table).values(log).execute(connection)
        })
        .await?;
        Ok(())
    }

    async fn add_logs(&self, rows: Vec<NewLog>) -> Result<()> {
        with(&self.writer, move |connection| {
            connection.immediate_transaction(|connection| {
                diesel::insert_into(logs::table).values(rows).execute(connection)
            })
        })
        .await?;
        Ok(())
    }

    async fn get_logs(&self, limit: u64, offset: u64, search: Option<Search>) -> Result<usize> {
        let rows = with(&self.reader, move |connection| {
            matching(search)
                .order((logs::timestamp.desc(), logs::id.desc()))
                .limit(limit as i64)
                .offset(offset as i64)
                .select(Log::as_select())
                .load(connection)
        });
        Ok(black_box(rows.await?).len())
    }

    async fn get_total_logs(&self, search: Option<Search>) -> Result<u64> {
        let count =
            with(&self.reader, move |connection| matching(search).count().get_result::<i64>(connection));
        Ok(count.await? as u64)
    }

    async fn get_log_histogram(&self, minutes: i64) -> Result<usize> {
        let buckets = with(&self.reader, move |connection| {
            let text = "SELECT unixepoch(timestamp) / ? * ? AS bucket, COUNT(*) AS count FROM logs GROUP BY bucket ORDER BY \
                 bucket";
            let query =
                diesel::sql_query(text).bind::<BigInt, _>(minutes * 60).bind::<BigInt, _>(minutes * 60);
            query.load::<Bucket>(connection)
        });
        Ok(black_box(buckets.await?).len())
    }

    async fn get_stats_summary(&self) -> Result<[u64; 4]> {
        let stats =
            with(&self.reader, |connection| diesel::sql_query(STATS).get_result::<Stats>(connection)).await?;
        Ok([stats.total as u64, stats.sources as u64, stats.running as u64, stats.deckies as u64])
    }

    async fn get_logs_after_id(&self, id: i64, limit: u64) -> Result<usize> {
        let rows = with(&self.reader, move |connection| {
            let query = logs::table.filter(logs::id.gt(id)).order(logs::id).limit(limit as i64);
            query.select(Log::as_select()).load(connection)
        });
        Ok(black_box(rows.await?).len())
    }

    async fn get_bounties(&self, limit: u64) -> Result<usize> {
        let rows = with(&self.reader, move |connection| {
            let query =
                bounty::table.order((bounty::timestamp.desc(), bounty::id.desc())).limit(limit as i64);
            query.select(Bounty::as_select()).load(connection)
        });
        Ok(black_box(rows.await?).len())
    }

    async fn get_attackers(&self, limit: u64) -> Result<usize> {
        let rows = with(&self.reader, move |connection| {
            let query = attackers::table.order((attackers::last_seen.desc(), attackers::uuid.desc()));
            query.limit(limit as i64).select(Attacker::as_select()).load(connection)
        });
        Ok(black_box(rows.await?).len())
    }

    async fn get_user_by_username(&self, name: &str) -> Result<bool> {
        let name = name.to_owned();
        let user = with(&self.reader, move |connection| {
            users::table
                .filter(users::username.eq(name))
                .select(User::as_select())
                .first(connection)
                .optional()
        });
        Ok(black_box(user.await?).is_some())
    }

    async fn get_state(&self, key: &str) -> Result<bool> {
        let key = key.to_owned();
        let value = with(&self.reader, move |connection| {
            state::table.find(key).select(state::value).first::<String>(connection).optional()
        });
        Ok(black_box(value.await?).is_some())
    }

    async fn set_state(&self, new: NewState) -> Result<()> {
        with(&self.writer, move |connection| {
            diesel::insert_into(state::table)
                .values(&new)
                .on_conflict(state::key)
                .do_update()
                .set(state::value.eq(diesel::upsert::excluded(state::value)))
                .execute(connection)
        })
        .await?;
        Ok(())
    }

    async fn upsert_attacker(&self, known: Known) -> Result<()> {
        with(&self.writer, move |connection| {
            connection.immediate_transaction(|connection| {
                let first = attackers::table.filter(attackers::ip.eq(&known.ip));
                let present: Option<String> = first
                    .order((attackers::first_seen, attackers::uuid))
                    .select(attackers::uuid)
                    .first(connection)
                    .optional()?;
                match present {
                    Some(uuid) => diesel::update(attackers::table.find(uuid)).set(&known).execute(connection),
                    None => {
                        let new = (
                            attackers::uuid.eq(uuid::Uuid::new_v4().to_string()),
                            attackers::rotation_count.eq(0),
                            attackers::ipv6_leak_count.eq(0),
                            known,
                        );
                        diesel::insert_into(attackers::table).values(new).execute(connection)
                    }
                }
            })
        })
        .await?;
        Ok(())
    }

    async fn add_bounty(&self, new: NewBounty) -> Result<()> {
        with(&self.writer, move |connection| {
            connection.immediate_transaction(|connection| {
                let same = bounty::table
                    .filter(bounty::attacker_ip.eq(&new.attacker_ip))
                    .filter(bounty::bounty_type.eq(new.bounty_type))
                    .filter(bounty::payload.eq(&new.payload));
                let present: bool = diesel::select(diesel::dsl::exists(same)).get_result(connection)?;
                if present {
                    Ok(0)
                } else {
                    diesel::insert_into(bounty::table).values(&new).execute(connection)
                }
            })
        })
        .await?;
        Ok(())
    }
}
