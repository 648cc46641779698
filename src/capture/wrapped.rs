//! Lines that something put into lines of its own.

use super::Rejection;
use super::members::Members;

/// The longest prefix that a syslog daemon writes.
const PREFIX: usize = 256;

/// The object behind what a syslog daemon wrote before it: a time, a host, a program, as in
/// `Apr  3 00:00:01 host cowrie[12]: {…}`.
pub(super) fn behind_prefix(text: &str) -> Option<&str> {
    let place = text.find('{')?;
    let prefix = &text[..place];
    let is_prefix = (2..=PREFIX).contains(&prefix.len()) && prefix.ends_with(": ") && !prefix.contains('"');
    is_prefix.then(|| &text[place..])
}

/// The line in an object of docker's json-file, which has it beside the name of the stream and a time.
pub(super) fn in_json_file(members: &Members<'_>) -> Result<Option<String>, Rejection> {
    let mut names = members.iter().map(|(name, _)| name);
    if !names.all(|name| matches!(name, "log" | "stream" | "time" | "attrs"))
        || members.get("stream").is_none()
    {
        return Ok(None);
    }
    members.text("log")
}
