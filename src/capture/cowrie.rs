//! Cowrie's JSON log.

use decnet_db_core::contract::NewLog;
use decnet_db_core::json::{Json, MapOrText};
use serde_json::value::RawValue;

use super::members::Members;
use super::sessions::Sessions;
use super::{Rejection, UNKNOWN, quoted, time};

/// The service of a line that names no protocol and belongs to no session that did.
const DEFAULT_SERVICE: &str = "ssh";

/// The members that are columns of their own (ruling R16).
const COLUMNS: [&str; 5] = ["sensor", "eventid", "src_ip", "message", "timestamp"];

/// Makes an event of a line.
pub(super) fn parse(members: &Members<'_>, line: &str, sessions: &mut Sessions) -> Result<NewLog, Rejection> {
    let event = members.required("eventid")?;
    let event_type = event.strip_prefix("cowrie.").unwrap_or(&event);
    let sensor = members.required("sensor")?;
    let timestamp = time(&members.required("timestamp")?)?;
    let attacker = members.text("src_ip")?.unwrap_or_else(|| UNKNOWN.to_owned());
    let named = members.text("protocol")?;
    let session = members.given("session").map(text_of).transpose()?;
    let service = match (&named, &session) {
        (Some(protocol), _) => protocol.as_str(),
        (None, Some(session)) => sessions.protocol(&sensor, session).unwrap_or(DEFAULT_SERVICE),
        (None, None) => DEFAULT_SERVICE,
    };
    let mut log = NewLog::new(sensor.as_str(), service, event_type, attacker)
        .timestamp(timestamp)
        .fields(fields(members)?)
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

/// The text of a value, or the compact JSON of one that is no text.
fn text_of(value: &RawValue) -> Result<String, Rejection> {
    match serde_json::from_str(value.get()) {
        Ok(text) => Ok(text),
        Err(_) => compact(value).map_err(|error| Rejection::new(error.to_string())),
    }
}

/// All members that are no columns, as one compact object.
fn fields(members: &Members<'_>) -> Result<MapOrText, Rejection> {
    let mut text = String::from("{");
    for (name, value) in members.iter().filter(|(name, _)| !COLUMNS.contains(name)) {
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(&quoted(name));
        text.push(':');
        text.push_str(value.get());
    }
    text.push('}');
    let json = Json::parse(text).map_err(|error| Rejection::new(error.to_string()))?;
    let text = match json.compact() {
        Ok(text) => text,
        // An integer beyond 64 bits, the only thing that is left to refuse.
        Err(_) => member_by_member(json.as_str())?,
    };
    Ok(MapOrText::from(text))
}

/// The compact form of an object whose integers may have any length: a member that has a long one keeps its spelling.
fn member_by_member(text: &str) -> Result<String, Rejection> {
    let members = Members::parse(text)?;
    // Of repeated members the last value stands in the place of the first, as everywhere.
    let mut order: Vec<&str> = Vec::new();
    let mut values = std::collections::HashMap::new();
    for (name, value) in members.iter() {
        if values.insert(name, value).is_none() {
            order.push(name);
        }
    }
    let mut compacted = String::with_capacity(text.len());
    compacted.push('{');
    for name in order {
        let Some(value) = values.get(name) else { continue };
        if compacted.len() > 1 {
            compacted.push(',');
        }
        compacted.push_str(&quoted(name));
        compacted.push(':');
        compacted.push_str(&compact(value).unwrap_or_else(|_| without_blanks(value.get())));
    }
    compacted.push('}');
    Ok(compacted)
}

fn compact(value: &RawValue) -> decnet_db_core::Result<String> {
    Json::parse(value.get())?.compact()
}

/// JSON without the white space between its parts.
fn without_blanks(text: &str) -> String {
    let (mut inside, mut escaped) = (false, false);
    text.chars()
        .filter(|character| {
            match character {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => inside = !inside,
                _ => {}
            }
            inside || !matches!(character, ' ' | '\t' | '\n' | '\r')
        })
        .collect()
}
