//! The syslog lines that deckies emit.

use decnet_db_core::contract::NewLog;
use decnet_db_core::json::{Json, MapOrText};
use decnet_db_core::time::Timestamp;

use super::{Rejection, address, quoted, time};

/// The element whose parameters are the fields.
const ELEMENT: &str = "relay@55555";

/// What RFC 5424 writes for a value that is not there.
const NIL: &str = "-";

/// Parameters in their order.
pub(super) type Parameters = Vec<(String, String)>;

/// The parts of a line that are used, from HOSTNAME on.
struct Parts<'a> {
    hostname: &'a str,
    app_name: &'a str,
    msgid: &'a str,
    /// `None` for `-`.
    data: Option<Parameters>,
    message: &'a str,
}

/// Makes an event of `text`; `line` is what came, blanks around it included.
pub(super) fn parse(text: &str, line: &str) -> Result<NewLog, Rejection> {
    let (timestamp, rest) = header(text).ok_or_else(|| {
        Rejection::new(
            "not an RFC 5424 line, which begins as <134>1 2026-01-02T03:04:05Z decky-01 ssh - connect -",
        )
    })?;
    let mut parts = parts(rest)?;
    if parts.msgid == NIL
        && parts.data.is_none()
        && let Some(inner) = wrapped(parts.message)
    {
        parts = inner;
    }
    let timestamp = time(timestamp)?;
    let command = parts.msgid == NIL && parts.message.starts_with("CMD ");
    let mut fields = parts.data.unwrap_or_default();
    let attacker = address::who(&mut fields, parts.message);
    Ok(NewLog::new(parts.hostname, parts.app_name, if command { "command" } else { parts.msgid }, attacker)
        .timestamp(timestamp)
        .fields(object(&fields)?)
        .msg(parts.message)
        .raw_line(line))
}

/// TIMESTAMP, and what follows it.
fn header(text: &str) -> Option<(&str, &str)> {
    let (priority, rest) = text.strip_prefix('<')?.split_once(">1 ")?;
    if !(1..=3).contains(&priority.len()) || !priority.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    word(rest)
}

/// The text up to the next blank, and what follows the blank.
fn word(text: &str) -> Option<(&str, &str)> {
    text.split_once(' ').filter(|(word, _)| !word.is_empty())
}

/// Everything from HOSTNAME on.
fn parts(text: &str) -> Result<Parts<'_>, Rejection> {
    let header = || {
        let (hostname, rest) = word(text)?;
        let (app_name, rest) = word(rest)?;
        let (_procid, rest) = word(rest)?;
        let (msgid, rest) = word(rest)?;
        Some((hostname, app_name, msgid, rest))
    };
    let (hostname, app_name, msgid, rest) = header().ok_or_else(|| {
        Rejection::new("not an RFC 5424 line: fewer parts than TIMESTAMP HOSTNAME APP-NAME PROCID MSGID DATA")
    })?;
    let (data, message) = structured_data(rest).ok_or_else(|| {
        Rejection::new("not an RFC 5424 line: malformed structured data after the message id")
    })?;
    Ok(Parts { hostname, app_name, msgid, data, message: message.trim() })
}

/// The line inside a message that a container's log driver wrapped: it begins with a time of its own.
fn wrapped(message: &str) -> Option<Parts<'_>> {
    let (timestamp, rest) = word(message)?;
    // A message may well begin with a number; only date and time are a line's beginning.
    let is_dated = timestamp.get(4..5) == Some("-") && timestamp.get(10..11) == Some("T");
    if is_dated && Timestamp::parse(timestamp).is_ok() { parts(rest).ok() } else { None }
}

/// Reads `-` or the elements, and gives what follows them.
fn structured_data(text: &str) -> Option<(Option<Parameters>, &str)> {
    if let Some(rest) = text.strip_prefix(NIL) {
        return (rest.is_empty() || rest.starts_with(char::is_whitespace)).then_some((None, rest));
    }
    let mut parameters = Parameters::new();
    let mut rest = text;
    while let Some(element) = rest.strip_prefix('[') {
        rest = self::element(element, &mut parameters)?;
    }
    (rest.len() < text.len()).then_some((Some(parameters), rest))
}

/// Reads an element after its `[`, and gives what follows its `]`.
fn element<'a>(text: &'a str, parameters: &mut Parameters) -> Option<&'a str> {
    let (id, mut rest) = name(text)?;
    loop {
        let trimmed = rest.trim_start_matches(' ');
        if let Some(after) = trimmed.strip_prefix(']') {
            return Some(after);
        }
        if trimmed.len() == rest.len() {
            return None;
        }
        let (name, value) = name(trimmed)?;
        let (value, after) = quoted_value(value.strip_prefix("=\"")?)?;
        if id == ELEMENT {
            parameters.push((name.to_owned(), value));
        }
        rest = after;
    }
}

/// The name at the beginning, and what follows it.
fn name(text: &str) -> Option<(&str, &str)> {
    let end = text.find(['=', ' ', ']', '"'])?;
    (end > 0).then(|| text.split_at(end))
}

/// The value up to its closing quote, and what follows that. Only `"`, `\` and `]` are escaped; any other backslash is one.
fn quoted_value(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut rest = text;
    loop {
        let at = rest.find(['"', '\\'])?;
        value.push_str(&rest[..at]);
        let escaped = rest.as_bytes().get(at + 1).copied();
        match (rest.as_bytes()[at], escaped) {
            (b'\\', Some(byte @ (b'"' | b'\\' | b']'))) => {
                value.push(char::from(byte));
                rest = &rest[at + 2..];
            }
            (b'\\', _) => {
                value.push('\\');
                rest = &rest[at + 1..];
            }
            _ => return Some((value, &rest[at + 1..])),
        }
    }
}

/// The parameters as compact JSON; of repeated ones the last value stands in the place of the first.
fn object(parameters: &Parameters) -> Result<MapOrText, Rejection> {
    let mut text = String::from("{");
    for (name, value) in parameters {
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(&quoted(name));
        text.push(':');
        text.push_str(&quoted(value));
    }
    text.push('}');
    let mut names: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    if names.windows(2).all(|pair| pair[0] != pair[1]) {
        return Ok(MapOrText::from(text));
    }
    Json::parse(text)
        .and_then(|json| MapOrText::from_json(&json))
        .map_err(|error| Rejection::new(error.within("fields").to_string()))
}
