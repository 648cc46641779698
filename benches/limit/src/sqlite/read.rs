//! The reads: statements that stay prepared, columns by position.

use std::hint::black_box;

use anyhow::Result;
use decnet_db_harness::Search;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::records::{ATTACKER, Attacker, BOUNTY, Bounty, LOG, Log, User};

/// What decnet-db's statements have for `service:ssh username:root`.
const MEMBERS: &str = "service = 'ssh' AND CASE WHEN decnet_may_have(fields, '\"username\"', 'root') THEN \
     CASE WHEN json_valid(fields) THEN CASE WHEN instr(fields, char(0)) = 0 AND json_type(fields) = 'object' THEN \
     CASE json_type(fields, '$.\"username\"') WHEN 'text' THEN json_extract(fields, '$.\"username\"') IS 'root' \
     WHEN 'object' THEN 0 WHEN 'array' THEN 0 ELSE (fields -> '$.\"username\"') IS 'root' END ELSE 0 END ELSE 0 END \
     ELSE 0 END";
/// And for `zx9probe`.
const TEXT: &str = "decnet_contains('zx9probe', raw_line, decky, service, attacker_ip)";

/// The statements' texts, made once.
pub(crate) struct Texts {
    page: String,
    deep: String,
    members: String,
    text: String,
    total_members: String,
    total_text: String,
    after: String,
    bounties: String,
    attackers: String,
}

impl Texts {
    pub(crate) fn new() -> Self {
        let newest = "ORDER BY timestamp DESC, id DESC";
        Self {
            page: format!("SELECT {LOG} FROM logs {newest} LIMIT ?1"),
            // The index alone leads to the ids; only the rows that are shown are read.
            deep: format!(
                "SELECT {LOG} FROM logs WHERE id IN (SELECT id FROM logs {newest} LIMIT ?1 OFFSET ?2) {newest}"
            ),
            members: format!("SELECT {LOG} FROM logs WHERE {MEMBERS} {newest} LIMIT ?1"),
            text: format!("SELECT {LOG} FROM logs WHERE {TEXT} {newest} LIMIT ?1"),
            total_members: format!("SELECT COUNT(*) FROM logs WHERE {MEMBERS}"),
            total_text: format!("SELECT COUNT(*) FROM logs WHERE {TEXT}"),
            after: format!("SELECT {LOG} FROM logs WHERE id > ?1 ORDER BY id LIMIT ?2"),
            bounties: format!("SELECT {BOUNTY} FROM bounty {newest} LIMIT ?1"),
            attackers: format!(
                "SELECT {ATTACKER} FROM attackers ORDER BY last_seen DESC, uuid DESC LIMIT ?1"
            ),
        }
    }
}

fn log(row: &Row<'_>) -> rusqlite::Result<Log<String>> {
    Ok(Log {
        id: row.get(0)?,
        timestamp: row.get(1)?,
        decky: row.get(2)?,
        service: row.get(3)?,
        event_type: row.get(4)?,
        attacker_ip: row.get(5)?,
        raw_line: row.get(6)?,
        fields: row.get(7)?,
        msg: row.get(8)?,
        trace_id: row.get(9)?,
        span_id: row.get(10)?,
    })
}

fn bounty(row: &Row<'_>) -> rusqlite::Result<Bounty<String>> {
    Ok(Bounty {
        id: row.get(0)?,
        timestamp: row.get(1)?,
        decky: row.get(2)?,
        service: row.get(3)?,
        attacker_ip: row.get(4)?,
        bounty_type: row.get(5)?,
        payload: row.get(6)?,
    })
}

fn attacker(row: &Row<'_>) -> rusqlite::Result<Attacker<String>> {
    Ok(Attacker {
        uuid: row.get(0)?,
        ip: row.get(1)?,
        identity_id: row.get(2)?,
        first_seen: row.get(3)?,
        last_seen: row.get(4)?,
        counts: [row.get(5)?, row.get(6)?, row.get(7)?],
        services: row.get(8)?,
        deckies: row.get(9)?,
        traversal_path: row.get(10)?,
        is_traversal: row.get(11)?,
        bounty_count: row.get(12)?,
        credential_count: row.get(13)?,
        fingerprints: row.get(14)?,
        commands: row.get(15)?,
        country_code: row.get(16)?,
        country_source: row.get(17)?,
        asn: row.get(18)?,
        as_name: row.get(19)?,
        bgp_prefix: row.get(20)?,
        asn_source: row.get(21)?,
        rpki_status: row.get(22)?,
        rpki_source: row.get(23)?,
        ptr_record: row.get(24)?,
        rotation_count: row.get(25)?,
        last_rotation_at: row.get(26)?,
        ipv6_leak_count: row.get(27)?,
        last_ipv6_leak_at: row.get(28)?,
        last_ipv6_link_local: row.get(29)?,
        last_ipv6_iid_kind: row.get(30)?,
        last_ipv6_mac_oui: row.get(31)?,
        updated_at: row.get(32)?,
    })
}

fn collect<T>(
    connection: &Connection,
    text: &str,
    parameters: impl rusqlite::Params,
    read: fn(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<usize> {
    let mut statement = connection.prepare_cached(text)?;
    let rows: Vec<T> = statement.query_map(parameters, read)?.collect::<rusqlite::Result<_>>()?;
    Ok(black_box(rows).len())
}

impl Texts {
    pub(crate) fn logs(
        &self,
        connection: &Connection,
        limit: i64,
        offset: i64,
        search: Option<Search>,
    ) -> Result<usize> {
        match (search, offset) {
            (None, 0) => collect(connection, &self.page, [limit], log),
            (None, _) => collect(connection, &self.deep, [limit, offset], log),
            (Some(Search::Members), _) => collect(connection, &self.members, [limit], log),
            (Some(Search::Text), _) => collect(connection, &self.text, [limit], log),
        }
    }

    pub(crate) fn total(&self, connection: &Connection, search: Option<Search>) -> Result<u64> {
        let text = match search {
            None => "SELECT COUNT(*) FROM logs",
            Some(Search::Members) => &self.total_members,
            Some(Search::Text) => &self.total_text,
        };
        Ok(connection.prepare_cached(text)?.query_row([], |row| row.get::<_, i64>(0))? as u64)
    }

    pub(crate) fn after(&self, connection: &Connection, id: i64, limit: i64) -> Result<usize> {
        collect(connection, &self.after, [id, limit], log)
    }

    pub(crate) fn bounties(&self, connection: &Connection, limit: i64) -> Result<usize> {
        collect(connection, &self.bounties, [limit], bounty)
    }

    pub(crate) fn attackers(&self, connection: &Connection, limit: i64) -> Result<usize> {
        collect(connection, &self.attackers, [limit], attacker)
    }
}

/// Plain SQL: no count is kept from one call to the next.
pub(crate) fn histogram(connection: &Connection, minutes: i64) -> Result<usize> {
    let width = minutes * 60;
    let text =
        "SELECT unixepoch(timestamp) / ?1 * ?1 AS bucket, COUNT(*) FROM logs GROUP BY bucket ORDER BY bucket";
    collect(connection, text, [width], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))
}

pub(crate) fn stats(connection: &Connection) -> Result<[u64; 4]> {
    let text = "SELECT (SELECT COUNT(*) FROM logs), (SELECT COUNT(DISTINCT attacker_ip) FROM logs), \
         (SELECT COUNT(*) FROM fleet_deckies WHERE state = 'running') + \
         (SELECT COUNT(*) FROM topology_deckies WHERE state = 'running'), \
         (SELECT COUNT(*) FROM fleet_deckies) + (SELECT COUNT(*) FROM topology_deckies)";
    let mut statement = connection.prepare_cached(text)?;
    let row: [i64; 4] =
        statement.query_row([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]))?;
    Ok(row.map(|count| count as u64))
}

pub(crate) fn user(connection: &Connection, name: &str) -> Result<bool> {
    let text = "SELECT uuid, username, password_hash, role, must_change_password, tokens_valid_from FROM users \
         WHERE username = ?1";
    let read = |row: &Row<'_>| {
        Ok(User::<String> {
            uuid: row.get(0)?,
            username: row.get(1)?,
            password_hash: row.get(2)?,
            role: row.get(3)?,
            must_change_password: row.get(4)?,
            tokens_valid_from: row.get(5)?,
        })
    };
    Ok(black_box(connection.prepare_cached(text)?.query_row(params![name], read).optional()?).is_some())
}

pub(crate) fn state(connection: &Connection, key: &str) -> Result<bool> {
    let mut statement = connection.prepare_cached("SELECT value FROM state WHERE \"key\" = ?1")?;
    let value = statement.query_row([key], |row| row.get::<_, String>(0)).optional()?;
    Ok(black_box(value).is_some())
}
