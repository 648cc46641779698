//! Descriptions of formats: which member of a JSON object becomes which column.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use decnet_db_core::contract::NewLog;
use decnet_db_core::error::{Error, Result};
use serde::Deserialize;

use super::members::Members;
use super::objects::{self, text_of};
use super::{Rejection, time};

/// A description of a format that is written as one JSON object a line.
///
/// It is TOML. Each of the columns `decky`, `service`, `event_type`, `attacker_ip`, `timestamp` and `msg` names the member that it
/// comes from, several of which the first that is there and not blank counts, or a table:
///
/// ```
/// use decnet_db::capture::{Mapping, Parser};
///
/// let mapping: Mapping = r#"
///     requires = ["peer"]                     # a line without these members is of another format
///     decky = { constant = "web-1" }          # the same for all lines
///     service = { member = "app", default = "http" }
///     event_type = { member = "status", names = { 401 = "login_failed" }, otherwise = "keep" }
///     attacker_ip = "peer.address"            # a member of a member
///     timestamp = ["time", "ts"]
/// "#.parse()?;
/// let line = br#"{"peer":{"address":"203.0.113.7"},"status":401,"ts":"2026-01-02T03:04:05Z"}"#;
/// let log = Parser::with_mapping(mapping).parse(line)?.expect("not blank");
/// assert_eq!((log.event_type.as_str(), log.attacker_ip.as_str()), ("login_failed", "203.0.113.7"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// `names` replaces values; for one that it lacks, `otherwise = "keep"` keeps the value, and else the default counts. All members
/// that are no column as a whole become `fields`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    #[serde(default)]
    requires: Vec<String>,
    decky: Column,
    service: Column,
    event_type: Column,
    attacker_ip: Column,
    timestamp: Column,
    msg: Option<Column>,
}

/// Where a column's value comes from.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "Written")]
struct Column {
    members: Vec<String>,
    constant: Option<String>,
    default: Option<String>,
    names: BTreeMap<String, String>,
    keep: bool,
}

/// A column as it is written.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    One(String),
    Several(Vec<String>),
    Table(Table),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    member: Option<OneOrSeveral>,
    constant: Option<String>,
    default: Option<String>,
    #[serde(default)]
    names: BTreeMap<String, String>,
    #[serde(default)]
    otherwise: Otherwise,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrSeveral {
    One(String),
    Several(Vec<String>),
}

#[derive(Default, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Otherwise {
    Keep,
    #[default]
    Default,
}

impl From<Written> for Column {
    fn from(written: Written) -> Self {
        let plain =
            |members| Self { members, constant: None, default: None, names: BTreeMap::new(), keep: false };
        match written {
            Written::One(member) => plain(vec![member]),
            Written::Several(members) => plain(members),
            Written::Table(table) => Self {
                members: match table.member {
                    Some(OneOrSeveral::One(member)) => vec![member],
                    Some(OneOrSeveral::Several(members)) => members,
                    None => Vec::new(),
                },
                constant: table.constant,
                default: table.default,
                keep: table.names.is_empty() || table.otherwise == Otherwise::Keep,
                names: table.names,
            },
        }
    }
}

impl std::str::FromStr for Mapping {
    type Err = Error;

    /// Takes TOML.
    fn from_str(text: &str) -> Result<Self> {
        toml::from_str(text)
            .map_err(|error| Error::invalid_input("mapping", error.to_string().trim().replace('\n', " ")))
    }
}

impl Column {
    fn value(&self, members: &Members<'_>) -> std::result::Result<Option<String>, Rejection> {
        if let Some(constant) = &self.constant {
            return Ok(Some(constant.clone()));
        }
        for path in &self.members {
            let Some(text) = member(members, path)?.filter(|text| !text.trim().is_empty()) else { continue };
            if let Some(name) = self.names.get(&text) {
                return Ok(Some(name.clone()));
            }
            return Ok(if self.keep || self.names.is_empty() { Some(text) } else { self.default.clone() });
        }
        Ok(self.default.clone())
    }
}

/// The text of a member, or of a member of a member.
fn member(members: &Members<'_>, path: &str) -> std::result::Result<Option<String>, Rejection> {
    if let Some(value) = members.given(path) {
        return text_of(value).map(Some);
    }
    let Some((outer, inner)) = path.split_once('.') else { return Ok(None) };
    match members.given(outer).map(serde_json::value::RawValue::get) {
        Some(text) if text.starts_with('{') => member(&Members::parse(text)?, inner),
        _ => Ok(None),
    }
}

impl Mapping {
    /// Whether an object has the members that the format's have.
    pub(super) fn fits(&self, members: &Members<'_>) -> bool {
        self.requires.iter().all(|name| members.get(name).is_some())
    }

    /// Makes an event of an object.
    pub(super) fn parse(&self, members: &Members<'_>, line: &str) -> std::result::Result<NewLog, Rejection> {
        if let Some(name) = self.requires.iter().find(|name| members.get(name).is_none()) {
            return Err(Rejection::new(format!("{name}: is missing")));
        }
        let needed = |name: &str, column: &Column| {
            let from = if column.members.is_empty() { name.to_owned() } else { column.members.join(", ") };
            column.value(members)?.ok_or_else(|| Rejection::new(format!("{name}: is missing ({from})")))
        };
        let timestamp = time(&needed("timestamp", &self.timestamp)?)?;
        let mut log = NewLog::new(
            needed("decky", &self.decky)?,
            needed("service", &self.service)?,
            needed("event_type", &self.event_type)?,
            needed("attacker_ip", &self.attacker_ip)?,
        )
        .timestamp(timestamp)
        .fields(objects::fields(members, |name| self.is_column(name))?)
        .raw_line(line);
        log.msg = self.msg.as_ref().map(|column| column.value(members)).transpose()?.flatten();
        Ok(log)
    }

    /// Whether a member is a column as it is.
    fn is_column(&self, name: &str) -> bool {
        let columns = [&self.decky, &self.attacker_ip, &self.timestamp].into_iter().chain(&self.msg);
        let whole: BTreeSet<&str> =
            columns.flat_map(|column| column.members.iter().map(String::as_str)).collect();
        whole.contains(name)
    }
}

fn built_in(text: &str) -> Option<Mapping> {
    text.parse().ok()
}

/// OpenCanary's log.
pub(super) static OPENCANARY: LazyLock<Option<Mapping>> =
    LazyLock::new(|| built_in(include_str!("formats/opencanary.toml")));

/// Dionaea's log.
pub(super) static DIONAEA: LazyLock<Option<Mapping>> =
    LazyLock::new(|| built_in(include_str!("formats/dionaea.toml")));

#[cfg(test)]
mod tests {
    use super::super::{Format, Parser};
    use super::*;

    #[test]
    fn the_built_in_descriptions_are_well_formed() {
        assert!(OPENCANARY.is_some() && DIONAEA.is_some());
    }

    #[test]
    fn lines_of_opencanary_and_dionaea_are_known() {
        let opencanary = r#"{"dst_host":"192.0.2.1","dst_port":22,"local_time":"2026-01-02 03:04:05.000001","logdata":{"PASSWORD":"x"},"logtype":4002,"node_id":"canary-1","src_host":"203.0.113.7","src_port":1,"utc_time":"2026-01-02 02:04:05.000001"}"#;
        let dionaea = r#"{"connection":{"protocol":"smbd","transport":"tcp","type":"accept"},"dst_ip":"192.0.2.1","dst_port":445,"src_hostname":"","src_ip":"203.0.113.8","src_port":2,"timestamp":"2026-01-02T03:04:05.000001"}"#;
        for format in [None, Some(Format::OpenCanary)] {
            let log = Parser::new(format).parse(opencanary.as_bytes()).unwrap().unwrap();
            assert_eq!(
                [&log.decky, &log.service, &log.event_type, &log.attacker_ip].map(String::as_str),
                ["canary-1", "ssh", "login_attempt", "203.0.113.7"]
            );
            assert_eq!(log.timestamp.unwrap().to_sql_text(), "2026-01-02 02:04:05.000001");
        }
        let log = Parser::new(None).parse(dionaea.as_bytes()).unwrap().unwrap();
        assert_eq!(
            [&log.decky, &log.service, &log.event_type, &log.attacker_ip].map(String::as_str),
            ["dionaea", "smbd", "accept", "203.0.113.8"]
        );
        let other = opencanary.replace("4002", "1001").replace("203.0.113.7", "");
        let log = Parser::new(None).parse(other.as_bytes()).unwrap().unwrap();
        assert_eq!(
            [&log.service, &log.event_type, &log.attacker_ip].map(String::as_str),
            ["opencanary", "1001", "Unknown"]
        );
    }

    #[test]
    fn a_wrong_description_is_refused_with_its_place() {
        for (text, reason) in
            [("decky = 1", "decky"), ("what = 'x'", "what"), ("decky = 'x'", "service"), ("[", "TOML")]
        {
            let error = text.parse::<Mapping>().unwrap_err().to_string();
            assert!(error.starts_with("mapping: ") && error.contains(reason), "{error}");
        }
    }

    #[test]
    fn wrapped_lines_are_unwrapped() {
        let inner = r#"{"eventid":"cowrie.x","sensor":"s","timestamp":"2026-01-01T00:00:00Z"}"#;
        let docker = format!(
            r#"{{"log":{},"stream":"stdout","time":"2026-01-01T00:00:01Z"}}"#,
            serde_json::to_string(&format!("{inner}\n")).unwrap()
        );
        for line in [
            docker,
            format!("Apr  3 00:00:01 host cowrie[12]: {inner}"),
            format!("2026-01-01T00:00:01.000Z host cowrie: {inner}"),
            format!("<134>Apr  3 00:00:01 host cowrie: {inner}"),
        ] {
            let log = Parser::new(None).parse(line.as_bytes()).unwrap().unwrap();
            assert_eq!((log.decky.as_str(), log.raw_line.as_str()), ("s", line.as_str()));
        }
        for line in ["x: {", "rubbish {\"a\":1}", r#"{"log":"{","stream":"s","time":"t"}"#] {
            assert!(Parser::new(None).parse(line.as_bytes()).is_err(), "{line}");
        }
    }
}
