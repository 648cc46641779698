//! The search language over one row in memory, written from contract document 30 and ruling R5 alone.

use std::collections::BTreeMap;
use std::net::IpAddr;

use decnet_db_core::contract::Log;
use serde_json::value::RawValue;

/// Whether the row matches all tokens of the search text.
pub(crate) fn matches(log: &Log, search: &str) -> bool {
    tokens(search).iter().all(|token| token_matches(log, token))
}

fn token_matches(log: &Log, token: &str) -> bool {
    if token.parse::<IpAddr>().is_ok() {
        return occurs(log, token);
    }
    let Some(colon) = token.find(':') else { return occurs(log, token) };
    let (key, value) = (&token[..colon], &token[colon + 1..]);
    match key {
        "decky" => log.decky == value,
        "service" => log.service == value,
        "event" => log.event_type == value,
        "attacker" | "attacker-ip" | "attacker_ip" => log.attacker_ip == value,
        _ if is_key(key) && !value.starts_with("//") => member_is(&log.fields, key, value),
        _ => occurs(log, token),
    }
}

fn is_key(key: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    match key.as_bytes() {
        [first, rest @ ..] => {
            letter(*first) && rest.iter().all(|&byte| letter(byte) || byte.is_ascii_digit() || byte == b'-')
        }
        [] => false,
    }
}

fn occurs(log: &Log, text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    [&log.raw_line, &log.decky, &log.service, &log.attacker_ip]
        .iter()
        .any(|column| column.to_ascii_lowercase().contains(&text))
}

fn member_is(fields: &str, key: &str, text: &str) -> bool {
    let Ok(members) = serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(fields) else { return false };
    let Some(value) = members.get(key).map(|value| value.get()) else { return false };
    match value.as_bytes()[0] {
        b'"' => serde_json::from_str::<String>(value).is_ok_and(|value| value == text),
        b'{' | b'[' => false,
        _ => value == text,
    }
}

/// Tokens by a table of states: outside, in single quotes, in double quotes.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut token = String::new();
    let (mut open, mut quote, mut escaped) = (false, None, false);
    for character in text.chars() {
        match (quote, escaped, character) {
            (Some('"'), true, '"' | '\\') | (None, true, _) => {
                token.push(character);
                escaped = false;
            }
            (Some(_), true, _) => {
                token.push('\\');
                token.push(character);
                escaped = false;
            }
            (None | Some('"'), false, '\\') => (open, escaped) = (true, true),
            (None, false, '\'' | '"') => (open, quote) = (true, Some(character)),
            (Some(opening), false, _) if character == opening => quote = None,
            (None, false, ' ' | '\t' | '\r' | '\n') => {
                if open {
                    tokens.push(std::mem::take(&mut token));
                }
                open = false;
            }
            (_, false, _) => {
                open = true;
                token.push(character);
            }
        }
    }
    if quote.is_some() || escaped {
        return text.split(char::is_whitespace).filter(|part| !part.is_empty()).map(str::to_owned).collect();
    }
    if open {
        tokens.push(token);
    }
    tokens
}
