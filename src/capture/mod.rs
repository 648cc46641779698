//! How a line that a honeypot wrote becomes an event.
//!
//! Five [formats](Format) are read: DECNET's own records, the syslog lines that they were made from (contract document
//! 35), and the JSON logs of Cowrie, OpenCanary and Dionaea; others are described by a [`Mapping`]. Lines that docker's
//! json-file or a syslog daemon wrapped are unwrapped. A [`Parser`] takes line after line and tells the formats apart by themselves, so a file may
//! mix them. It does no I/O, keeps nothing but the protocols of open Cowrie sessions, and takes whatever bytes an attacker
//! could make a honeypot write, in time proportional to their number.
//!
//! ```
//! use decnet_db::capture::Parser;
//!
//! let mut parser = Parser::new(None);
//! let line = br#"<134>1 2026-01-02T03:04:05Z decky-01 ssh - login_attempt [relay@55555 src_ip="203.0.113.7"]"#;
//! let log = parser.parse(line)?.expect("the line is not blank");
//! assert_eq!((log.service.as_str(), log.attacker_ip.as_str()), ("ssh", "203.0.113.7"));
//! assert_eq!(parser.parse(b"what?").unwrap_err().to_string(), "neither a JSON object nor an RFC 5424 line");
//! # Ok::<(), decnet_db::capture::Rejection>(())
//! ```

mod address;
mod cowrie;
mod excerpt;
mod json_record;
mod mapping;
mod members;
mod objects;
mod rfc5424;
mod sessions;
#[cfg(test)]
mod tests;
mod wrapped;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use decnet_db_core::contract::NewLog;
use decnet_db_core::json::Json;
use decnet_db_core::sql::{Insertable, Value};
use decnet_db_core::time::Timestamp;

pub use self::mapping::Mapping;

use self::members::Members;
use self::sessions::Sessions;

/// What a line is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// DECNET's records, one JSON object per line with the members `timestamp`, `decky`, `service`, `event_type`,
    /// `attacker_ip`, `fields`, `msg`, `raw_line` and, when traced, `trace_id` and `span_id` (contract document 35).
    /// Other members are ignored. A record without `timestamp` happens when it is stored (document 30).
    Decnet,
    /// The syslog lines of RFC 5424 that DECNET's deckies emit (contract document 35).
    Rfc5424,
    /// Cowrie's JSON log.
    ///
    /// `decky` is `sensor`; `service` is `protocol`, else `telnet` where `system` says so, else the one that the line's session
    /// was opened with, else `ssh`;
    /// `event_type` is `eventid` without `cowrie.`; `attacker_ip` is `src_ip`, else `Unknown`; `msg` is `message`;
    /// `fields` has all other members but `timestamp` as compact JSON, integers of any length included.
    Cowrie,
    /// OpenCanary's JSON log, as `formats/opencanary.toml` describes it.
    OpenCanary,
    /// Dionaea's `log_json`, as `formats/dionaea.toml` describes it.
    Dionaea,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 5] = [Self::Decnet, Self::Rfc5424, Self::Cowrie, Self::OpenCanary, Self::Dionaea];

    /// The name: `decnet`, `rfc5424`, `cowrie`, `opencanary` or `dionaea`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Decnet => "decnet",
            Self::Rfc5424 => "rfc5424",
            Self::Cowrie => "cowrie",
            Self::OpenCanary => "opencanary",
            Self::Dionaea => "dionaea",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Format {
    type Err = decnet_db_core::Error;

    /// Takes a [name](Self::as_str).
    fn from_str(name: &str) -> decnet_db_core::Result<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str).join(", ");
            let reason = format!("{} is not one of {names}", excerpt::excerpt(name));
            decnet_db_core::Error::invalid_input("format", reason)
        })
    }
}

/// Why a line is no event: one readable line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
#[non_exhaustive]
pub struct Rejection {
    /// The reason, without line breaks and control characters.
    pub reason: String,
}

impl Rejection {
    /// A line that is refused for this reason; control characters are escaped, a long text is cut.
    pub fn new(reason: impl AsRef<str>) -> Self {
        Self { reason: excerpt::readable(reason.as_ref()) }
    }
}

/// Makes events of lines.
///
/// Lines of one source come in their order, because Cowrie names a session's protocol only when it opens. The protocols
/// of open sessions can be kept across runs: [`open_sessions`](Self::open_sessions) and
/// [`resume_sessions`](Self::resume_sessions).
#[derive(Debug, Clone, Default)]
pub struct Parser {
    format: Option<Format>,
    mapping: Option<Arc<Mapping>>,
    sessions: Sessions,
}

impl Parser {
    /// A parser for one format, or for all of them: then each line's is found out from the line itself. A JSON object with
    /// a member `decky` is DECNET's, any other with a member `eventid` is Cowrie's, one with `node_id` and `logtype`
    /// OpenCanary's, one with `connection` and `src_ip` Dionaea's, and `<PRI>1 ` begins a syslog line.
    pub fn new(format: Option<Format>) -> Self {
        Self { format, ..Self::default() }
    }

    /// A parser for a format that a description tells.
    pub fn with_mapping(mapping: Mapping) -> Self {
        Self { mapping: Some(Arc::new(mapping)), ..Self::default() }
    }

    /// Makes an event of a line, or `None` of one that is blank.
    ///
    /// Bytes that are not UTF-8, and halves of surrogate pairs in JSON, become U+FFFD; NUL characters stay. A line break at
    /// the end is not part of the line. What is returned can be stored: its members are checked as
    /// [`add_logs`](decnet_db_core::contract::Logs::add_logs) does.
    ///
    /// # Errors
    /// The reason why the line is no event: another shape, not JSON or nested deeper than 128 levels, a missing member or
    /// one of the wrong type, a time that doesn't parse or lies outside years 0001 to 9999, more than 255 characters for
    /// decky, service, event type or address.
    pub fn parse(&mut self, line: &[u8]) -> Result<Option<NewLog>, Rejection> {
        let line = String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(line));
        // Only the first line of a file can begin with a byte order mark.
        let text = line.strip_prefix('\u{feff}').unwrap_or(&line).trim_ascii();
        if text.trim().is_empty() {
            return Ok(None);
        }
        let log = self.event(text, &line, true)?;
        check(&log)?;
        Ok(Some(log))
    }

    /// Makes an event of `text`, which is `line` or what was wrapped in it.
    fn event(&mut self, text: &str, line: &str, may_be_wrapped: bool) -> Result<NewLog, Rejection> {
        if self.format == Some(Format::Rfc5424) {
            return rfc5424::parse(text, line);
        }
        if !text.starts_with('{') {
            let inner = if may_be_wrapped { wrapped::behind_prefix(text) } else { None };
            let parsed = match self.format {
                None if self.mapping.is_none() && text.starts_with('<') => rfc5424::parse(text, line),
                None if self.mapping.is_none() => {
                    Err(Rejection::new("neither a JSON object nor an RFC 5424 line"))
                }
                _ => Err(Rejection::new("not a JSON object")),
            };
            // What is wrong with the line as it is tells more than what is wrong with a part of it.
            return match (parsed, inner) {
                (Err(rejection), Some(inner)) => self.event(inner, line, false).map_err(|_| rejection),
                (parsed, _) => parsed,
            };
        }
        let text = members::mend(text);
        let members = Members::parse(&text)?;
        if may_be_wrapped && let Some(inner) = wrapped::in_json_file(&members)? {
            return self.event(inner.trim_ascii(), line, false);
        }
        if let Some(mapping) = &self.mapping {
            return mapping.parse(&members, line);
        }
        match self.format.map_or_else(|| detect(&members), Ok)? {
            Format::Cowrie => cowrie::parse(&members, line, &mut self.sessions),
            Format::OpenCanary => described(mapping::OPENCANARY.as_ref(), &members, line),
            Format::Dionaea => described(mapping::DIONAEA.as_ref(), &members, line),
            Format::Decnet | Format::Rfc5424 => json_record::parse(&members),
        }
    }

    /// The protocols of the Cowrie sessions that are open, as JSON: a list of `[sensor, session, protocol]`, oldest first.
    ///
    /// Sessions over `ssh` are not in it, since that is what a session without protocol has. At most a thousand sessions
    /// and 48 KiB are remembered, the oldest are forgotten first.
    pub fn open_sessions(&self) -> Json {
        self.sessions.export()
    }

    /// Adds what [`open_sessions`](Self::open_sessions) returned. Anything else is ignored.
    pub fn resume_sessions(&mut self, sessions: &Json) {
        self.sessions.import(sessions);
    }

    /// Changes whenever the answer of [`open_sessions`](Self::open_sessions) does.
    pub fn sessions_version(&self) -> u64 {
        self.sessions.version()
    }
}

fn described(mapping: Option<&Mapping>, members: &Members<'_>, line: &str) -> Result<NewLog, Rejection> {
    // The descriptions are compiled in, and a test reads them.
    mapping.ok_or_else(|| Rejection::new("this program lacks the format's description"))?.parse(members, line)
}

fn detect(members: &Members<'_>) -> Result<Format, Rejection> {
    if members.get("decky").is_some() {
        Ok(Format::Decnet)
    } else if members.get("eventid").is_some() {
        Ok(Format::Cowrie)
    } else if mapping::OPENCANARY.as_ref().is_some_and(|mapping| mapping.fits(members)) {
        Ok(Format::OpenCanary)
    } else if mapping::DIONAEA.as_ref().is_some_and(|mapping| mapping.fits(members)) {
        Ok(Format::Dionaea)
    } else {
        Err(Rejection::new(
            "a JSON object with neither \"decky\" (a DECNET record) nor \"eventid\" (Cowrie's log)",
        ))
    }
}

/// Refuses what the table can't hold, so that one line never makes the database refuse a whole batch.
fn check(log: &NewLog) -> Result<(), Rejection> {
    let table = NewLog::TABLE;
    let texts = [
        ("decky", &log.decky),
        ("service", &log.service),
        ("event_type", &log.event_type),
        ("attacker_ip", &log.attacker_ip),
    ];
    let optional = [("trace_id", &log.trace_id), ("span_id", &log.span_id)];
    let optional = optional.into_iter().filter_map(|(name, text)| Some((name, text.as_ref()?)));
    for (name, text) in texts.into_iter().chain(optional) {
        let Some(column) = table.column(name) else { continue };
        // Bytes bound characters from above: short text, which nearly all is, needs no copy.
        if table.max_chars(column).is_some_and(|limit| text.len() > limit) {
            table
                .check(column, &Value::Text(text.clone()))
                .map_err(|error| Rejection::new(error.to_string()))?;
        }
    }
    Ok(())
}

/// The time of a line.
fn time(text: &str) -> Result<Timestamp, Rejection> {
    Timestamp::parse(text).map_err(|error| Rejection::new(error.within("timestamp").to_string()))
}

/// What is not known about who did it.
const UNKNOWN: &str = "Unknown";

/// A text as JSON.
fn quoted(text: &str) -> Cow<'static, str> {
    // Serialising text can't fail; an empty string is what would stand there if it did.
    serde_json::to_string(text).map_or(Cow::Borrowed("\"\""), Cow::Owned)
}
