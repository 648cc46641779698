//! Diesel as its documentation shows it.
//!
//! On SQLite plain Diesel with r2d2 and `spawn_blocking`; on MySQL diesel-async with its pool, which needs no C library.

mod mysql;
mod schema;
mod sqlite;

use anyhow::Result;
use decnet_db_workload as workload;

pub(crate) use self::mysql::DieselMysql;
pub(crate) use self::sqlite::DieselSqlite;
use crate::times::time;

fn new_log(log: workload::Log) -> Result<schema::NewLog> {
    Ok(schema::NewLog {
        timestamp: time(log.seconds)?,
        fields: log.fields_json(),
        decky: log.decky,
        service: log.service,
        event_type: log.event_type,
        attacker_ip: log.attacker_ip,
        raw_line: log.raw_line,
        msg: log.msg,
    })
}

fn new_bounty(row: workload::Bounty) -> Result<schema::NewBounty> {
    Ok(schema::NewBounty {
        timestamp: time(row.seconds)?,
        decky: row.decky,
        service: row.service,
        attacker_ip: row.attacker_ip,
        bounty_type: row.bounty_type,
        payload: row.payload,
    })
}

fn known(row: workload::Attacker) -> Result<schema::Known> {
    Ok(schema::Known {
        ip: row.ip,
        first_seen: time(row.first_seen)?,
        last_seen: time(row.last_seen)?,
        event_count: row.event_count as i64,
        service_count: row.service_count as i64,
        decky_count: row.decky_count as i64,
        services: row.services,
        deckies: row.deckies,
        traversal_path: row.traversal_path,
        is_traversal: row.is_traversal,
        bounty_count: row.bounty_count as i64,
        credential_count: row.credential_count as i64,
        fingerprints: row.fingerprints,
        commands: row.commands,
        country_code: row.country_code,
        country_source: row.country_source,
        asn: row.asn as i64,
        as_name: row.as_name,
        bgp_prefix: row.bgp_prefix,
        asn_source: row.asn_source,
        updated_at: time(row.last_seen)?,
    })
}
