//! SQLite by hand: one connection that writes, one for each thread that reads, all statements prepared.

mod checkpoint;
mod contains;
mod read;

use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result};
use decnet_db_harness::{Layer, Search};
use decnet_db_workload::{Attacker, Bounty, Log};
use parking_lot::{Mutex, MutexGuard};
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, params};

use self::checkpoint::Checkpointer;
use self::read::Texts;
use crate::records::{GIVEN, NEW_LOG};
use crate::times::text;

/// The engine itself.
pub(crate) struct Sqlite {
    writer: Arc<Mutex<Connection>>,
    readers: Vec<Mutex<Connection>>,
    checkpointer: Checkpointer,
    texts: Texts,
    insert: String,
    update: String,
    insert_attacker: String,
}

/// What is bound of a log row.
pub(crate) struct Row {
    timestamp: String,
    fields: String,
    log: Log,
}

/// What is bound of an attacker.
pub(crate) struct Known {
    first_seen: String,
    last_seen: String,
    attacker: Attacker,
}

/// A number that SQLite stores in 64 bits.
struct Count(u64);

impl ToSql for Count {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Integer(self.0 as i64)))
    }
}

/// The settings of decnet-db's driver: the same durability, the same caches.
fn open(path: &str, cache_kib: i64) -> Result<Connection> {
    let connection = Connection::open(path)?;
    connection.set_prepared_statement_cache_capacity(128);
    connection.execute_batch(
        "PRAGMA busy_timeout = 30000; PRAGMA synchronous = NORMAL; PRAGMA trusted_schema = OFF; PRAGMA mmap_size = 0;",
    )?;
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    contains::register(&connection)?;
    Ok(connection)
}

impl Sqlite {
    fn insert(&self, connection: &Connection, row: &Row) -> Result<()> {
        let Row { timestamp, fields, log } = row;
        let none: Option<&str> = None;
        connection.prepare_cached(&self.insert)?.execute(params![
            timestamp,
            log.decky,
            log.service,
            log.event_type,
            log.attacker_ip,
            log.raw_line,
            fields,
            log.msg,
            none,
            none,
        ])?;
        Ok(())
    }

    fn write<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let done = work(&self.writer.lock());
        self.checkpointer.grown();
        done
    }

    fn transaction<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        self.write(|connection| {
            connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
            let done = work(connection);
            let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
            connection.prepare_cached(end)?.execute([])?;
            done
        })
    }

    /// A connection that nobody uses.
    fn reader(&self) -> MutexGuard<'_, Connection> {
        let free = self.readers.iter().find_map(|reader| reader.try_lock());
        free.unwrap_or_else(|| self.readers[0].lock())
    }
}

impl Layer for Sqlite {
    type Log = Row;
    type Bounty = (String, Bounty);
    type Attacker = Known;
    type State = (String, String);

    const GROUPS: bool = true;

    async fn open(url: &str) -> Result<Self> {
        let path = url.strip_prefix("sqlite:///").context("no SQLite URL")?;
        let writer = open(path, 64 * 1024)?;
        writer.execute_batch(
            "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 67108864; \
             PRAGMA wal_autocheckpoint = 0;",
        )?;
        checkpoint::watch(&writer);
        let writer = Arc::new(Mutex::new(writer));
        let moving = open(path, 1024)?;
        moving.pragma_update(None, "wal_autocheckpoint", 0)?;
        let reader = |_| {
            let reader = open(path, 8 * 1024)?;
            reader.pragma_update(None, "query_only", true)?;
            Ok(Mutex::new(reader))
        };
        let marks = |count| vec!["?"; count].join(", ");
        let given = GIVEN.map(|column| format!("{column} = ?")).join(", ");
        Ok(Self {
            readers: (0..thread::available_parallelism()?.get()).map(reader).collect::<Result<_>>()?,
            checkpointer: Checkpointer::start(moving, writer.clone()),
            writer,
            texts: Texts::new(),
            insert: format!("INSERT INTO logs ({NEW_LOG}) VALUES ({})", marks(10)),
            update: format!("UPDATE attackers SET {given} WHERE uuid = ?"),
            insert_attacker: format!(
                "INSERT INTO attackers ({}, uuid, rotation_count, ipv6_leak_count) VALUES ({}, 0, 0)",
                GIVEN.join(", "),
                marks(GIVEN.len() + 1)
            ),
        })
    }

    fn log(log: Log) -> Result<Row> {
        Ok(Row { timestamp: text(log.seconds), fields: log.fields_json(), log })
    }

    fn bounty(row: Bounty) -> Result<Self::Bounty> {
        Ok((text(row.seconds), row))
    }

    fn attacker(attacker: Attacker) -> Result<Known> {
        Ok(Known { first_seen: text(attacker.first_seen), last_seen: text(attacker.last_seen), attacker })
    }

    fn state(key: String, value: String) -> Result<Self::State> {
        Ok((key, value))
    }

    async fn add_log(&self, log: Row) -> Result<()> {
        self.write(|connection| self.insert(connection, &log))
    }

    async fn add_logs(&self, logs: Vec<Row>) -> Result<()> {
        self.transaction(|connection| logs.iter().try_for_each(|log| self.insert(connection, log)))
    }

    async fn get_logs(&self, limit: u64, offset: u64, search: Option<Search>) -> Result<usize> {
        self.texts.logs(&self.reader(), limit as i64, offset as i64, search)
    }

    async fn get_total_logs(&self, search: Option<Search>) -> Result<u64> {
        self.texts.total(&self.reader(), search)
    }

    async fn get_log_histogram(&self, minutes: i64) -> Result<usize> {
        read::histogram(&self.reader(), minutes)
    }

    async fn get_stats_summary(&self) -> Result<[u64; 4]> {
        read::stats(&self.reader())
    }

    async fn get_logs_after_id(&self, id: i64, limit: u64) -> Result<usize> {
        self.texts.after(&self.reader(), id, limit as i64)
    }

    async fn get_bounties(&self, limit: u64) -> Result<usize> {
        self.texts.bounties(&self.reader(), limit as i64)
    }

    async fn get_attackers(&self, limit: u64) -> Result<usize> {
        self.texts.attackers(&self.reader(), limit as i64)
    }

    async fn get_user_by_username(&self, name: &str) -> Result<bool> {
        read::user(&self.reader(), name)
    }

    async fn get_state(&self, key: &str) -> Result<bool> {
        read::state(&self.reader(), key)
    }

    async fn set_state(&self, (key, value): Self::State) -> Result<()> {
        self.write(|connection| {
            let text = "INSERT INTO state (\"key\", value) VALUES (?1, ?2) ON CONFLICT (\"key\") DO UPDATE SET value = \
                 excluded.value";
            connection.prepare_cached(text)?.execute([&key, &value])?;
            Ok(())
        })
    }

    async fn upsert_attacker(&self, known: Known) -> Result<()> {
        let Known { first_seen, last_seen, attacker } = &known;
        let count = |count| Count(count);
        self.transaction(|connection| {
            let find = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
            let text = "SELECT uuid FROM attackers WHERE ip = ?1 ORDER BY first_seen, uuid LIMIT 1";
            let present = connection.prepare_cached(text)?.query_row([&attacker.ip], find).optional()?;
            let text = if present.is_some() { &self.update } else { &self.insert_attacker };
            let uuid = present.unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
            connection.prepare_cached(text)?.execute(params![
                attacker.ip,
                first_seen,
                last_seen,
                count(attacker.event_count),
                count(attacker.service_count),
                count(attacker.decky_count),
                attacker.services,
                attacker.deckies,
                attacker.traversal_path,
                attacker.is_traversal,
                count(attacker.bounty_count),
                count(attacker.credential_count),
                attacker.fingerprints,
                attacker.commands,
                attacker.country_code,
                attacker.country_source,
                count(attacker.asn),
                attacker.as_name,
                attacker.bgp_prefix,
                attacker.asn_source,
                last_seen,
                uuid,
            ])?;
            Ok(())
        })
    }

    async fn add_bounty(&self, (timestamp, row): Self::Bounty) -> Result<()> {
        self.write(|connection| {
            // One statement is one transaction. `+` keeps the planner from the index on the six types.
            let text = "INSERT INTO bounty (timestamp, decky, service, attacker_ip, bounty_type, payload) \
                 SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE NOT EXISTS (SELECT 1 FROM bounty WHERE attacker_ip = ?4 AND \
                 +bounty_type = ?5 AND payload = ?6)";
            connection.prepare_cached(text)?.execute(params![
                timestamp,
                row.decky,
                row.service,
                row.attacker_ip,
                row.bounty_type,
                row.payload,
            ])?;
            Ok(())
        })
    }
}
