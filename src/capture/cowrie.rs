//! Cowrie's JSON log.

use decnet_db_core::contract::NewLog;

use super::members::Members;
use super::objects::{fields, text_of};
use super::sessions::Sessions;
use super::{Rejection, UNKNOWN, time};

/// The service of a line that names no protocol and belongs to no session that did.
const DEFAULT_SERVICE: &str = "ssh";

/// The members that are columns of their own (ruling R16).
const COLUMNS: [&str; 5] = ["sensor", "eventid", "src_ip", "message", "timestamp"];

/// Makes an event of a line.
pub(super) fn parse(members: &Members<'_>, line: &str, sessions: &mut Sessions) -> Result<NewLog, Rejection> {
    let event = members.needed("eventid")?;
    let event_type = event.strip_prefix("cowrie.").unwrap_or(&event);
    let sensor = members.needed("sensor")?;
    let timestamp = time(&members.needed("timestamp")?)?;
    let attacker = members.filled("src_ip")?.unwrap_or_else(|| UNKNOWN.to_owned());
    let named = match members.filled("protocol")? {
        Some(protocol) => Some(protocol),
        None => by_system(members)?,
    };
    let session =
        members.given("session").map(text_of).transpose()?.filter(|session| !session.trim().is_empty());
    let service = match (&named, &session) {
        (Some(protocol), _) => protocol.as_str(),
        (None, Some(session)) => sessions.protocol(&sensor, session).unwrap_or(DEFAULT_SERVICE),
        (None, None) => DEFAULT_SERVICE,
    };
    let mut log = NewLog::new(sensor.as_str(), service, event_type, attacker)
        .timestamp(timestamp)
        .fields(fields(members, |name| COLUMNS.contains(&name))?)
        .raw_line(line);
    log.msg = members.given("message").map(text_of).transpose()?;
    super::check(&log)?;
    // Only a line that is stored tells about its session.
    if let Some(session) = &session {
        match (event_type, &named) {
            ("session.connect", Some(protocol)) if protocol != DEFAULT_SERVICE => {
                sessions.open(&sensor, session, protocol);
            }
            ("session.connect" | "session.closed", _) => sessions.close(&sensor, session),
            _ => {}
        }
    }
    Ok(log)
}

/// The protocol that `system` tells, which Cowrie wrote until 2017 where it writes `protocol` now: the part of the program that
/// served the line, such as `CowrieTelnetTransport,5,203.0.113.7`.
fn by_system(members: &Members<'_>) -> Result<Option<String>, Rejection> {
    let Some(system) = members.given("system").map(text_of).transpose()? else { return Ok(None) };
    let part = system.split(',').next().unwrap_or_default().to_ascii_lowercase();
    Ok((part.contains("telnet") && !part.contains("ssh")).then(|| "telnet".to_owned()))
}
