//! The workload's rows as the contract takes them.

use anyhow::Result;
use decnet_db::contract::{self, NewBounty, NewLog};
use decnet_db::sql::Fields;
use decnet_db::time::Timestamp;
use decnet_db_workload::{Attacker, Bounty, Log};

fn instant(seconds: i64) -> decnet_db::Result<Timestamp> {
    Timestamp::from_microseconds(seconds * 1_000_000)
}

pub(crate) fn log(row: Log) -> Result<NewLog> {
    let fields = row.fields_json();
    Ok(NewLog::new(row.decky, row.service, row.event_type, row.attacker_ip)
        .timestamp(instant(row.seconds)?)
        .fields(fields)
        .msg(row.msg)
        .raw_line(row.raw_line))
}

pub(crate) fn logs(rows: impl Iterator<Item = Log>) -> Result<Vec<NewLog>> {
    rows.map(log).collect()
}

pub(crate) fn bounty(row: Bounty) -> Result<NewBounty> {
    Ok(NewBounty::new(row.decky, row.service, row.attacker_ip, row.bounty_type)
        .payload(row.payload)
        .timestamp(instant(row.seconds)?))
}

pub(crate) fn attacker(row: Attacker) -> Result<Changeset<contract::Attacker>> {
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let fields = Fields::new()
        .set("ip", row.ip)
        .set("first_seen", instant(row.first_seen)?)
        .set("last_seen", instant(row.last_seen)?)
        .set("event_count", number(row.event_count))
        .set("service_count", number(row.service_count))
        .set("decky_count", number(row.decky_count))
        .set("services", row.services)
        .set("deckies", row.deckies)
        .set("traversal_path", row.traversal_path)
        .set("is_traversal", row.is_traversal)
        .set("bounty_count", number(row.bounty_count))
        .set("credential_count", number(row.credential_count))
        .set("fingerprints", row.fingerprints)
        .set("commands", row.commands)
        .set("country_code", row.country_code)
        .set("country_source", row.country_source)
        .set("asn", number(row.asn))
        .set("as_name", row.as_name)
        .set("bgp_prefix", row.bgp_prefix)
        .set("asn_source", row.asn_source)
        .set("updated_at", instant(row.last_seen)?);
    Ok(fields.check()?)
}
