//! MySQL and MariaDB by hand: one connection for each thread, statements that stay prepared, one round trip per write.

use std::hint::black_box;

use anyhow::{Context, Result};
use decnet_db::sql::{self, Sql};
use decnet_db_harness::{Layer, Search};
use decnet_db_workload::{Attacker, Bounty, KEY_VALUE_SEARCH, Log, TOKEN};
use jiff::civil::DateTime;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, FromValueError, Opts, OptsBuilder, Params, Row, Value};
use tokio::sync::{Mutex, MutexGuard};

use crate::records::{self, ATTACKER, BOUNTY, GIVEN, LOG, NEW_LOG, User};
use crate::times::civil;

/// The time as it comes over the wire, checked by the library.
type Time = Value;

/// The engine itself.
pub(crate) struct Mysql {
    connections: Vec<Mutex<Conn>>,
    members: (String, Vec<Value>),
    text: (String, Vec<Value>),
}

/// What is bound of an attacker.
pub(crate) struct Known {
    ip: Value,
    values: Vec<Value>,
}

fn time(seconds: i64) -> Value {
    let time: DateTime = civil(seconds);
    let small = |part: i8| part.unsigned_abs();
    Value::Date(
        time.year().unsigned_abs(),
        small(time.month()),
        small(time.day()),
        small(time.hour()),
        small(time.minute()),
        small(time.second()),
        0,
    )
}

/// The conditions that decnet-db's own statements have for a search.
fn condition(build: impl FnOnce(&mut Sql<'_>)) -> Result<(String, Vec<Value>)> {
    let driver = decnet_db::drivers().iter().find(|driver| driver.name == "mysql");
    let mut sql = Sql::new(driver.and_then(|driver| driver.dialect).context("the driver shows no dialect")?);
    build(&mut sql);
    let (text, values) = sql.finish()?.into_parts();
    let values = values.into_iter().map(|value| match value {
        sql::Value::Text(text) => Ok(Value::from(text)),
        sql::Value::Int(number) => Ok(Value::from(number)),
        other => anyhow::bail!("the condition binds {}", other.kind()),
    });
    Ok((text, values.collect::<Result<_>>()?))
}

/// `rows` times the marks of `columns` columns.
fn marks(rows: usize, columns: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(", "));
    vec![row; rows].join(", ")
}

fn insert(rows: usize) -> String {
    format!("INSERT INTO logs ({NEW_LOG}) VALUES {}", marks(rows, 10))
}

const NEWEST: &str = "ORDER BY timestamp DESC, id DESC";

/// The next column.
struct Columns(Row, usize);

impl Columns {
    fn next<T: mysql_async::prelude::FromValue>(&mut self) -> Result<T, FromValueError> {
        self.1 += 1;
        self.0.take_opt(self.1 - 1).unwrap_or(Err(FromValueError(Value::NULL)))
    }
}

fn log(row: Row) -> Result<records::Log<Time>, FromValueError> {
    let mut row = Columns(row, 0);
    Ok(records::Log {
        id: row.next()?,
        timestamp: row.next()?,
        decky: row.next()?,
        service: row.next()?,
        event_type: row.next()?,
        attacker_ip: row.next()?,
        raw_line: row.next()?,
        fields: row.next()?,
        msg: row.next()?,
        trace_id: row.next()?,
        span_id: row.next()?,
    })
}

fn bounty(row: Row) -> Result<records::Bounty<Time>, FromValueError> {
    let mut row = Columns(row, 0);
    Ok(records::Bounty {
        id: row.next()?,
        timestamp: row.next()?,
        decky: row.next()?,
        service: row.next()?,
        attacker_ip: row.next()?,
        bounty_type: row.next()?,
        payload: row.next()?,
    })
}

fn attacker(row: Row) -> Result<records::Attacker<Time>, FromValueError> {
    let mut row = Columns(row, 0);
    Ok(records::Attacker {
        uuid: row.next()?,
        ip: row.next()?,
        identity_id: row.next()?,
        first_seen: row.next()?,
        last_seen: row.next()?,
        counts: [row.next()?, row.next()?, row.next()?],
        services: row.next()?,
        deckies: row.next()?,
        traversal_path: row.next()?,
        is_traversal: row.next()?,
        bounty_count: row.next()?,
        credential_count: row.next()?,
        fingerprints: row.next()?,
        commands: row.next()?,
        country_code: row.next()?,
        country_source: row.next()?,
        asn: row.next()?,
        as_name: row.next()?,
        bgp_prefix: row.next()?,
        asn_source: row.next()?,
        rpki_status: row.next()?,
        rpki_source: row.next()?,
        ptr_record: row.next()?,
        rotation_count: row.next()?,
        last_rotation_at: row.next()?,
        ipv6_leak_count: row.next()?,
        last_ipv6_leak_at: row.next()?,
        last_ipv6_link_local: row.next()?,
        last_ipv6_iid_kind: row.next()?,
        last_ipv6_mac_oui: row.next()?,
        updated_at: row.next()?,
    })
}

impl Mysql {
    /// A connection that nobody uses.
    async fn connection(&self) -> MutexGuard<'_, Conn> {
        match self.connections.iter().find_map(|connection| connection.try_lock().ok()) {
            Some(connection) => connection,
            None => self.connections[0].lock().await,
        }
    }

    async fn write(&self, text: &str, values: Vec<Value>) -> Result<()> {
        Ok(self.connection().await.exec_drop(text, Params::Positional(values)).await?)
    }

    async fn collect<T: Send + 'static>(
        &self,
        text: &str,
        values: Vec<Value>,
        read: fn(Row) -> Result<T, FromValueError>,
    ) -> Result<usize> {
        let mut connection = self.connection().await;
        let mut result = connection.exec_iter(text, Params::Positional(values)).await?;
        let mut rows = Vec::new();
        while let Some(row) = result.next().await? {
            rows.push(read(row)?);
        }
        Ok(black_box(rows).len())
    }

    async fn scalar(&self, text: &str, values: Vec<Value>) -> Result<u64> {
        let mut connection = self.connection().await;
        connection.exec_first(text, Params::Positional(values)).await?.context("no row")
    }
}

impl Layer for Mysql {
    type Log = Vec<Value>;
    type Bounty = Vec<Value>;
    type Attacker = Known;
    type State = Vec<Value>;

    const GROUPS: bool = true;

    async fn open(url: &str) -> Result<Self> {
        let options = OptsBuilder::from_opts(Opts::from_url(url)?)
            .stmt_cache_size(256)
            .tcp_nodelay(true)
            .init(vec!["SET NAMES utf8mb4 COLLATE utf8mb4_bin, time_zone = '+00:00', tx_isolation = 'READ-COMMITTED'"]);
        let mut connections = Vec::new();
        for _ in 0..std::thread::available_parallelism()?.get() {
            connections.push(Mutex::new(Conn::new(options.clone()).await?));
        }
        let member = KEY_VALUE_SEARCH.rsplit_once(' ').and_then(|(_, member)| member.split_once(':'));
        let (key, value) = member.context("the search has no member")?;
        let members = condition(|sql| {
            sql.push("service = ").bind("ssh").push(" AND ");
            sql.json_member(decnet_db::contract::Log::FIELDS, key, value);
        });
        let text = condition(|sql| {
            use decnet_db::contract::Log;

            sql.push("(").contains(Log::RAW_LINE, TOKEN);
            for column in [Log::DECKY, Log::SERVICE, Log::ATTACKER_IP] {
                sql.push(" OR ").contains(column, TOKEN);
            }
            sql.push(")");
        });
        Ok(Self { connections, members: members?, text: text? })
    }

    fn log(log: Log) -> Result<Self::Log> {
        let fields = log.fields_json();
        Ok(vec![
            time(log.seconds),
            log.decky.into(),
            log.service.into(),
            log.event_type.into(),
            log.attacker_ip.into(),
            log.raw_line.into(),
            fields.into(),
            log.msg.into(),
            Value::NULL,
            Value::NULL,
        ])
    }

    fn bounty(row: Bounty) -> Result<Self::Bounty> {
        let key: [Value; 3] = [row.attacker_ip.into(), row.bounty_type.into(), row.payload.into()];
        let mut values = vec![time(row.seconds), row.decky.into(), row.service.into()];
        values.extend(key.iter().cloned());
        values.extend(key);
        Ok(values)
    }

    fn attacker(row: Attacker) -> Result<Known> {
        Ok(Known {
            ip: row.ip.as_str().into(),
            values: vec![
                row.ip.into(),
                time(row.first_seen),
                time(row.last_seen),
                row.event_count.into(),
                row.service_count.into(),
                row.decky_count.into(),
                row.services.into(),
                row.deckies.into(),
                row.traversal_path.into(),
                row.is_traversal.into(),
                row.bounty_count.into(),
                row.credential_count.into(),
                row.fingerprints.into(),
                row.commands.into(),
                row.country_code.into(),
                row.country_source.into(),
                row.asn.into(),
                row.as_name.into(),
                row.bgp_prefix.into(),
                row.asn_source.into(),
                time(row.last_seen),
            ],
        })
    }

    fn state(key: String, value: String) -> Result<Self::State> {
        Ok(vec![key.into(), value.into()])
    }

    async fn add_log(&self, log: Self::Log) -> Result<()> {
        self.write(&insert(1), log).await
    }

    /// One statement is one transaction and one round trip.
    async fn add_logs(&self, logs: Vec<Self::Log>) -> Result<()> {
        self.write(&insert(logs.len()), logs.into_iter().flatten().collect()).await
    }

    async fn get_logs(&self, limit: u64, offset: u64, search: Option<Search>) -> Result<usize> {
        let (text, values) = match (search, offset) {
            (None, 0) => (format!("SELECT {LOG} FROM logs {NEWEST} LIMIT ?"), vec![limit.into()]),
            // The index alone leads to the ids; only the rows that are shown are read.
            (None, _) => (
                format!(
                    "SELECT {LOG} FROM logs JOIN (SELECT id FROM logs {NEWEST} LIMIT ? OFFSET ?) AS page USING (id) {NEWEST}"
                ),
                vec![limit.into(), offset.into()],
            ),
            (Some(search), _) => {
                let (condition, values) = if search == Search::Text { &self.text } else { &self.members };
                let mut values = values.clone();
                values.push(limit.into());
                (format!("SELECT {LOG} FROM logs WHERE {condition} {NEWEST} LIMIT ?"), values)
            }
        };
        self.collect(&text, values, log).await
    }

    async fn get_total_logs(&self, search: Option<Search>) -> Result<u64> {
        match search {
            None => self.scalar("SELECT COUNT(*) FROM logs", Vec::new()).await,
            Some(search) => {
                let (condition, values) = if search == Search::Text { &self.text } else { &self.members };
                let text = format!("SELECT COUNT(*) FROM logs WHERE {condition}");
                self.scalar(&text, values.clone()).await
            }
        }
    }

    async fn get_log_histogram(&self, minutes: i64) -> Result<usize> {
        let width = minutes * 60;
        // The session's time zone is UTC.
        let text = "SELECT UNIX_TIMESTAMP(timestamp) DIV ? AS bucket, COUNT(*) FROM logs GROUP BY bucket ORDER BY bucket";
        let read = |row: Row| {
            let mut row = Columns(row, 0);
            Ok((row.next::<i64>()?, row.next::<u64>()?))
        };
        self.collect(text, vec![width.into()], read).await
    }

    async fn get_stats_summary(&self) -> Result<[u64; 4]> {
        let text = "SELECT (SELECT COUNT(*) FROM logs), (SELECT COUNT(DISTINCT attacker_ip) FROM logs), \
             (SELECT COUNT(*) FROM fleet_deckies WHERE state = 'running') + \
             (SELECT COUNT(*) FROM topology_deckies WHERE state = 'running'), \
             (SELECT COUNT(*) FROM fleet_deckies) + (SELECT COUNT(*) FROM topology_deckies)";
        let row: Option<(u64, u64, u64, u64)> = self.connection().await.exec_first(text, ()).await?;
        row.map(Into::into).context("no row")
    }

    async fn get_logs_after_id(&self, id: i64, limit: u64) -> Result<usize> {
        let text = format!("SELECT {LOG} FROM logs WHERE id > ? ORDER BY id LIMIT ?");
        self.collect(&text, vec![id.into(), limit.into()], log).await
    }

    async fn get_bounties(&self, limit: u64) -> Result<usize> {
        let text = format!("SELECT {BOUNTY} FROM bounty {NEWEST} LIMIT ?");
        self.collect(&text, vec![limit.into()], bounty).await
    }

    async fn get_attackers(&self, limit: u64) -> Result<usize> {
        let text = format!("SELECT {ATTACKER} FROM attackers ORDER BY last_seen DESC, uuid DESC LIMIT ?");
        self.collect(&text, vec![limit.into()], attacker).await
    }

    async fn get_user_by_username(&self, name: &str) -> Result<bool> {
        let text = "SELECT uuid, username, password_hash, role, must_change_password, tokens_valid_from FROM users WHERE \
             username = ?";
        let read = |row: Row| {
            let mut row = Columns(row, 0);
            Ok(User::<Time> {
                uuid: row.next()?,
                username: row.next()?,
                password_hash: row.next()?,
                role: row.next()?,
                must_change_password: row.next()?,
                tokens_valid_from: row.next()?,
            })
        };
        Ok(self.collect(text, vec![name.into()], read).await? > 0)
    }

    async fn get_state(&self, key: &str) -> Result<bool> {
        let read = |row: Row| Columns(row, 0).next::<String>();
        Ok(self.collect("SELECT value FROM state WHERE `key` = ?", vec![key.into()], read).await? > 0)
    }

    async fn set_state(&self, state: Self::State) -> Result<()> {
        let text =
            "INSERT INTO state (`key`, value) VALUES (?, ?) ON DUPLICATE KEY UPDATE value = VALUES(value)";
        self.write(text, state).await
    }

    async fn upsert_attacker(&self, known: Known) -> Result<()> {
        let Known { ip, mut values } = known;
        let mut connection = self.connection().await;
        // No unique key tells that an address is there: the look-up decides, and one writer at a time needs no lock.
        let text = "SELECT uuid FROM attackers WHERE ip = ? ORDER BY first_seen, uuid LIMIT 1";
        let present: Option<String> = connection.exec_first(text, (ip,)).await?;
        let text = if present.is_some() {
            let given = GIVEN.map(|column| format!("{column} = ?")).join(", ");
            format!("UPDATE attackers SET {given} WHERE uuid = ?")
        } else {
            let columns = GIVEN.join(", ");
            let marks = vec!["?"; GIVEN.len() + 1].join(", ");
            format!(
                "INSERT INTO attackers ({columns}, uuid, rotation_count, ipv6_leak_count) VALUES ({marks}, 0, 0)"
            )
        };
        values.push(present.unwrap_or_else(|| uuid::Uuid::new_v4().to_string()).into());
        Ok(connection.exec_drop(text, Params::Positional(values)).await?)
    }

    async fn add_bounty(&self, row: Self::Bounty) -> Result<()> {
        let text = "INSERT INTO bounty (timestamp, decky, service, attacker_ip, bounty_type, payload) SELECT ?, ?, ?, ?, ?, ? \
             FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM bounty WHERE attacker_ip = ? AND bounty_type = ? AND payload = ?)";
        self.write(text, row).await
    }
}
