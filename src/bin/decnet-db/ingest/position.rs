//! How far a file was read: the record that is committed together with the rows.

use std::path::Path;

use decnet_db::json::Json;
use serde::{Deserialize, Serialize};

use super::lines::HEAD;

/// DECNET's own position (contract document 35).
pub(super) const DECNET_KEY: &str = "ingest_worker_position";

/// The open Cowrie sessions of all files: a session that one file opened goes on in the next.
pub(super) const SESSIONS_KEY: &str = "decnet-db ingest: open sessions";

/// The longest key that the table holds, in characters.
const LONGEST_KEY: usize = 255;

/// How far a file was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Position {
    /// Bytes, uncompressed.
    pub(super) position: u64,
    /// Lines in these bytes.
    #[serde(default)]
    pub(super) lines: u64,
    /// What the first bytes hash to, at most [`HEAD`] and at most those that were read: another file that took the name may be
    /// longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) head: Option<String>,
    /// The Cowrie sessions that were open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sessions: Option<Json>,
}

impl Position {
    /// The record of a file whose first bytes are `head`.
    pub(super) fn new(position: u64, lines: u64, head: &[u8], sessions: &Json) -> Self {
        let sessions = Some(sessions.clone()).filter(|sessions| sessions.as_str() != "[]");
        Self { position, lines, head: Some(hash(covered(head, position))), sessions }
    }

    /// The record as DECNET has it, or our own.
    pub(super) fn to_json(&self, as_decnet: bool) -> Json {
        if as_decnet {
            return Json::from(serde_json::json!({"position": self.position}));
        }
        // Numbers and texts always serialise.
        Json::of(self).unwrap_or_default()
    }

    /// Whether a file that begins with `head` is the one that was read. DECNET's own records don't tell.
    pub(super) fn fits(&self, head: &[u8]) -> bool {
        let covered = covered(head, self.position);
        let complete = covered.len() as u64 == self.position.min(HEAD as u64);
        complete && self.head.as_ref().is_none_or(|head| *head == hash(covered))
    }
}

/// The part of a file's first bytes that counts at a position.
fn covered(head: &[u8], position: u64) -> &[u8] {
    let length = usize::try_from(position).unwrap_or(usize::MAX).min(HEAD).min(head.len());
    &head[..length]
}

/// The key of a file's record: a file is known by its path (ruling R16).
pub(super) fn key(purpose: &str, path: &Path) -> String {
    let path =
        std::fs::canonicalize(path).or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.into());
    let bytes = path.as_os_str().as_encoded_bytes();
    match std::str::from_utf8(bytes).map(|path| format!("decnet-db {purpose}: {path}")) {
        Ok(key) if key.chars().count() <= LONGEST_KEY => key,
        _ => format!("decnet-db {purpose}: #{}{}", hash(bytes), hash(&[bytes, b"\0"].concat())),
    }
}

/// FNV-1a: short, the same on every machine, and nobody gains by a collision.
fn hash(bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_fits_the_file_that_it_was_made_of_and_its_continuation() {
        let none = Json::parse("[]").unwrap();
        let record = Position::new(3, 1, b"ab\ncd", &none);
        assert!(record.fits(b"ab\n") && record.fits(b"ab\nxyz"));
        assert!(!record.fits(b"ab") && !record.fits(b"xb\ncd") && !record.fits(b""));
        let long = Position::new(5000, 9, &[7; HEAD], &none);
        assert!(long.fits(&[7; HEAD]) && !long.fits(&[7; HEAD - 1]) && !long.fits(&[8; HEAD]));
        assert!(Position::new(0, 0, b"", &none).fits(b"anything"));
    }

    #[test]
    fn records_survive_json_and_decnets_are_understood() {
        let sessions = Json::parse(r#"[["s","1","telnet"]]"#).unwrap();
        let record = Position::new(3, 1, b"ab\n", &sessions);
        assert_eq!(record.to_json(false).decode::<Position>().unwrap(), record);
        assert_eq!(record.to_json(true).as_str(), r#"{"position":3}"#);
        let foreign: Position = Json::parse(r#"{"position":3}"#).unwrap().decode().unwrap();
        assert!(foreign.fits(b"xyz") && !foreign.fits(b"xy"));
    }

    #[test]
    fn keys_are_absolute_and_short_enough() {
        let here = std::env::current_dir().unwrap();
        assert_eq!(key("ingest", Path::new("Cargo.toml")), key("ingest", &here.join("./Cargo.toml")));
        let long = key("ingest", &Path::new("/nowhere").join("é".repeat(300)));
        assert!(
            long.len() < 80 && long != key("ingest", &Path::new("/nowhere").join("é".repeat(301))),
            "{long}"
        );
    }
}
