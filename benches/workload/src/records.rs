//! The workload's rows as the contract takes them.

use crate::{Attacker, Bounty, Log};
use anyhow::Result;
use decnet_db::contract::{self, NewBounty, NewLog};
use decnet_db::sql::Changeset;
use decnet_db::time::Timestamp;

fn instant(seconds: i64) -> decnet_db::Result<Timestamp> {
    Timestamp::from_microseconds(seconds * 1_000_000)
}

/// A log row.
///
/// # Errors
/// What making the record meets: nothing, of the workload's rows.
pub fn log(row: Log) -> Result<NewLog> {
    let fields = row.fields_json();
    Ok(NewLog::new(row.decky, row.service, row.event_type, row.attacker_ip)
        .timestamp(instant(row.seconds)?)
        .fields(fields)
        .msg(row.msg)
        .raw_line(row.raw_line))
}

/// Log rows.
///
/// # Errors
/// As [`log`].
pub fn logs(rows: impl Iterator<Item = Log>) -> Result<Vec<NewLog>> {
    rows.map(log).collect()
}

/// A bounty.
///
/// # Errors
/// As [`log`].
pub fn bounty(row: Bounty) -> Result<NewBounty> {
    Ok(NewBounty::new(row.decky, row.service, row.attacker_ip, row.bounty_type)
        .payload(row.payload)
        .timestamp(instant(row.seconds)?))
}

/// An attacker.
///
/// # Errors
/// As [`log`].
pub fn attacker(row: Attacker) -> Result<Changeset<contract::Attacker>> {
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let fields = Changeset::new()
        .set(contract::Attacker::IP, row.ip)
        .set(contract::Attacker::FIRST_SEEN, instant(row.first_seen)?)
        .set(contract::Attacker::LAST_SEEN, instant(row.last_seen)?)
        .set(contract::Attacker::EVENT_COUNT, number(row.event_count))
        .set(contract::Attacker::SERVICE_COUNT, number(row.service_count))
        .set(contract::Attacker::DECKY_COUNT, number(row.decky_count))
        .set(contract::Attacker::SERVICES, row.services)
        .set(contract::Attacker::DECKIES, row.deckies)
        .set(contract::Attacker::TRAVERSAL_PATH, row.traversal_path)
        .set(contract::Attacker::IS_TRAVERSAL, row.is_traversal)
        .set(contract::Attacker::BOUNTY_COUNT, number(row.bounty_count))
        .set(contract::Attacker::CREDENTIAL_COUNT, number(row.credential_count))
        .set(contract::Attacker::FINGERPRINTS, row.fingerprints)
        .set(contract::Attacker::COMMANDS, row.commands)
        .set(contract::Attacker::COUNTRY_CODE, row.country_code)
        .set(contract::Attacker::COUNTRY_SOURCE, row.country_source)
        .set(contract::Attacker::ASN, number(row.asn))
        .set(contract::Attacker::AS_NAME, row.as_name)
        .set(contract::Attacker::BGP_PREFIX, row.bgp_prefix)
        .set(contract::Attacker::ASN_SOURCE, row.asn_source)
        .set(contract::Attacker::UPDATED_AT, instant(row.last_seen)?);
    Ok(fields.check()?)
}
