//! Diesel on MySQL: diesel-async with a bb8 pool.

use std::hint::black_box;

use anyhow::Result;
use decnet_db_harness::{Layer, Search};
use decnet_db_workload as workload;
use diesel::dsl::sql;
use diesel::mysql::Mysql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use diesel_async::pooled_connection::AsyncDieselConnectionManager;
use diesel_async::pooled_connection::bb8::Pool;
use diesel_async::{AsyncConnection, AsyncMysqlConnection, RunQueryDsl};

use super::schema::{
    Attacker, Bounty, Bucket, Known, Log, NewBounty, NewLog, NewState, STATS, Stats, User, attackers, bounty,
    logs, state, users,
};

diesel::define_sql_function! { fn lower(text: Text) -> Text; }

/// diesel-async.
pub(crate) struct DieselMysql(Pool<AsyncMysqlConnection>);

fn matching(search: Option<Search>) -> logs::BoxedQuery<'static, Mysql> {
    let query = logs::table.into_boxed();
    match search {
        None => query,
        Some(Search::Members) => query
            .filter(logs::service.eq("ssh"))
            .filter(sql::<Bool>("JSON_UNQUOTE(JSON_EXTRACT(fields, '$.username')) = 'root'")),
        Some(Search::Text) => {
            // The columns' collation is binary.
            let like = "%zx9probe%";
            query.filter(
                lower(logs::raw_line)
                    .like(like)
                    .or(lower(logs::decky).like(like))
                    .or(lower(logs::service).like(like))
                    .or(lower(logs::attacker_ip).like(like)),
            )
        }
    }
}

impl Layer for DieselMysql {
    type Log = NewLog;
    type Bounty = NewBounty;
    type Attacker = Known;
    type State = NewState;

    async fn open(url: &str) -> Result<Self> {
        let manager = AsyncDieselConnectionManager::<AsyncMysqlConnection>::new(url);
        Ok(Self(Pool::builder().max_size(20).build(manager).await?))
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
        let mut connection = self.0.get().await?;
        diesel::insert_into(logs::table).values(log).execute(&mut connection).await?;
        Ok(())
    }

    async fn add_logs(&self, rows: Vec<NewLog>) -> Result<()> {
        let mut connection = self.0.get().await?;
        diesel::insert_into(logs::table).values(rows).execute(&mut connection).await?;
        Ok(())
    }

    async fn get_logs(&self, limit: u64, offset: u64, search: Option<Search>) -> Result<usize> {
        let mut connection = self.0.get().await?;
        let query = matching(search)
            .order((logs::timestamp.desc(), logs::id.desc()))
            .limit(limit as i64)
            .offset(offset as i64)
            .select(Log::as_select());
        let rows: Vec<Log> = query.load(&mut connection).await?;
        Ok(black_box(rows).len())
    }

    async fn get_total_logs(&self, search: Option<Search>) -> Result<u64> {
        let mut connection = self.0.get().await?;
        Ok(matching(search).count().get_result::<i64>(&mut connection).await? as u64)
    }

    async fn get_log_histogram(&self, minutes: i64) -> Result<usize> {
        let mut connection = self.0.get().await?;
        let text = "SELECT CAST(UNIX_TIMESTAMP(timestamp) DIV ? * ? AS SIGNED) AS bucket, COUNT(*) AS count FROM logs GROUP \
             BY bucket ORDER BY bucket";
        let query = diesel::sql_query(text).bind::<BigInt, _>(minutes * 60).bind::<BigInt, _>(minutes * 60);
        let buckets: Vec<Bucket> = query.load(&mut connection).await?;
        Ok(black_box(buckets).len())
    }

    async fn get_stats_summary(&self) -> Result<[u64; 4]> {
        let mut connection = self.0.get().await?;
        let stats: Stats = diesel::sql_query(STATS).get_result(&mut connection).await?;
        Ok([stats.total as u64, stats.sources as u64, stats.running as u64, stats.deckies as u64])
    }

    async fn get_logs_after_id(&self, id: i64, limit: u64) -> Result<usize> {
        let mut connection = self.0.get().await?;
        let query = logs::table.filter(logs::id.gt(id)).order(logs::id).limit(limit as i64);
        let rows: Vec<Log> = query.select(Log::as_select()).load(&mut connection).await?;
        Ok(black_box(rows).len())
    }

    async fn get_bounties(&self, limit: u64) -> Result<usize> {
        let mut connection = self.0.get().await?;
        let query = bounty::table.order((bounty::timestamp.desc(), bounty::id.desc())).limit(limit as i64);
        let rows: Vec<Bounty> = query.select(Bounty::as_select()).load(&mut connection).await?;
        Ok(black_box(rows).len())
    }

    async fn get_attackers(&self, limit: u64) -> Result<usize> {
        let mut connection = self.0.get().await?;
        let query = attackers::table.order((attackers::last_seen.desc(), attackers::uuid.desc()));
        let rows: Vec<Attacker> =
            query.limit(limit as i64).select(Attacker::as_select()).load(&mut connection).await?;
        Ok(black_box(rows).len())
    }

    async fn get_user_by_username(&self, name: &str) -> Result<bool> {
        let mut connection = self.0.get().await?;
        let query = users::table.filter(users::username.eq(name)).select(User::as_select());
        let user: Option<User> = query.first(&mut connection).await.optional()?;
        Ok(black_box(user).is_some())
    }

    async fn get_state(&self, key: &str) -> Result<bool> {
        let mut connection = self.0.get().await?;
        let query = state::table.find(key).select(state::value);
        let value: Option<String> = query.first(&mut connection).await.optional()?;
        Ok(black_box(value).is_some())
    }

    async fn set_state(&self, new: NewState) -> Result<()> {
        let mut connection = self.0.get().await?;
        // Diesel has no typed upsert that takes what was to be inserted for MySQL: the value is bound twice.
        let value = new.value.clone();
        diesel::insert_into(state::table)
            .values(&new)
            .on_conflict(diesel::dsl::DuplicatedKeys)
            .do_update()
            .set(state::value.eq(value))
            .execute(&mut connection)
            .await?;
        Ok(())
    }

    async fn upsert_attacker(&self, known: Known) -> Result<()> {
        let mut connection = self.0.get().await?;
        connection
            .transaction::<_, diesel::result::Error, _>(async |connection| {
                let first = attackers::table.filter(attackers::ip.eq(&known.ip));
                let first = first.order((attackers::first_seen, attackers::uuid)).select(attackers::uuid);
                let present: Option<String> = first.first(connection).await.optional()?;
                match present {
                    Some(uuid) => {
                        diesel::update(attackers::table.find(uuid)).set(&known).execute(connection).await
                    }
                    None => {
                        let new = (
                            attackers::uuid.eq(uuid::Uuid::new_v4().to_string()),
                            attackers::rotation_count.eq(0),
                            attackers::ipv6_leak_count.eq(0),
                            &known,
                        );
                        diesel::insert_into(attackers::table).values(new).execute(connection).await
                    }
                }
            })
            .await?;
        Ok(())
    }

    async fn add_bounty(&self, new: NewBounty) -> Result<()> {
        let mut connection = self.0.get().await?;
        connection
            .transaction::<_, diesel::result::Error, _>(async |connection| {
                let same = bounty::table
                    .filter(bounty::attacker_ip.eq(&new.attacker_ip))
                    .filter(bounty::bounty_type.eq(new.bounty_type))
                    .filter(bounty::payload.eq(&new.payload));
                let present: bool = diesel::select(diesel::dsl::exists(same)).get_result(connection).await?;
                if present {
                    return Ok(0);
                }
                diesel::insert_into(bounty::table).values(&new).execute(connection).await
            })
            .await?;
        Ok(())
    }
}
