//! What a database holds, read past the library.

use std::path::Path;

use mysql_async::prelude::{FromRow, Queryable};
use rusqlite::{Connection, OpenFlags};

use crate::history::Found;

/// What is looked at, the same on every engine.
const EVENTS: &str = "SELECT id, raw_line FROM logs ORDER BY id";
const BOUNTIES: &str = "SELECT payload FROM bounty";
const STATE: &str = "SELECT `key`, value FROM state WHERE `key` LIKE 'position %'";
const ATTACKERS: &str = "SELECT ip FROM attackers";
const COUNTERS: &str = "SELECT domain, count FROM smtp_targets";

/// What a SQLite file holds, nothing where nobody has initialized it yet, and what its own check says.
pub(crate) fn sqlite(path: &Path) -> anyhow::Result<(Option<Found>, Vec<String>)> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    let mut check = connection.prepare("PRAGMA integrity_check")?;
    let said = check.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    let faults = said.into_iter().filter(|line| line != "ok").map(|line| format!("integrity_check: {line}"));
    let tables = "SELECT COUNT(*) FROM sqlite_master WHERE name IN ('logs', 'bounty', 'state', 'attackers', 'smtp_targets')";
    let found = match connection.query_row(tables, [], |row| row.get::<_, i64>(0))? {
        0 => None,
        _ => Some(Found {
            events: connection
                .prepare(EVENTS)?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<Result<_, _>>()?,
            bounties: connection
                .prepare(BOUNTIES)?
                .query_map([], |row| row.get(0))?
                .collect::<Result<_, _>>()?,
            state: connection
                .prepare(STATE)?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<Result<_, _>>()?,
            attackers: connection
                .prepare(ATTACKERS)?
                .query_map([], |row| row.get(0))?
                .collect::<Result<_, _>>()?,
            counters: connection
                .prepare(COUNTERS)?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<Result<_, _>>()?,
        }),
    };
    Ok((found, faults.collect()))
}

/// What a database of a server holds, at one moment, and what the server's own check says of its tables.
pub(crate) async fn server(url: &str) -> anyhow::Result<(Found, Vec<String>)> {
    let pool = mysql_async::Pool::from_url(url)?;
    let mut connection = pool.get_conn().await?;
    let mut faults = Vec::new();
    let tables: Vec<String> = connection.query("SHOW TABLES").await?;
    if tables.len() < 39 {
        // It was killed while it made them.
        drop(connection);
        pool.disconnect().await?;
        return Ok((Found::default(), faults));
    }
    connection.query_drop("START TRANSACTION WITH CONSISTENT SNAPSHOT").await?;
    let found = Found {
        events: rows(&mut connection, EVENTS).await?,
        bounties: rows(&mut connection, BOUNTIES).await?,
        state: rows(&mut connection, STATE).await?,
        attackers: rows(&mut connection, ATTACKERS).await?,
        counters: rows(&mut connection, COUNTERS).await?,
    };
    connection.query_drop("COMMIT").await?;
    let check = "CHECK TABLE logs, bounty, state, attackers, smtp_targets";
    for (table, _, kind, text) in rows::<(String, String, String, String)>(&mut connection, check).await? {
        if kind == "error" || (kind == "status" && text != "OK") {
            faults.push(format!("CHECK TABLE {table}: {text}"));
        }
    }
    drop(connection);
    pool.disconnect().await?;
    Ok((found, faults))
}

async fn rows<T: FromRow + Send + 'static>(
    connection: &mut mysql_async::Conn,
    query: &str,
) -> anyhow::Result<Vec<T>> {
    Ok(connection.query(query).await?)
}

/// Runs a statement on a server.
pub(crate) async fn statement(url: &str, text: &str) -> anyhow::Result<()> {
    let pool = mysql_async::Pool::from_url(url)?;
    let mut connection = pool.get_conn().await?;
    connection.query_drop(text).await?;
    drop(connection);
    pool.disconnect().await?;
    Ok(())
}
