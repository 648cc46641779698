//! How far an input was read: the record that is compared and set in the commit that stores its rows.

use decnet_db::json::Json;
use decnet_db::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::digest::{Digest, Mark, Marks};
use super::identity::FileState;
use super::run::RunId;

/// What the keys of the records begin with.
pub(crate) const PREFIX: &str = "decnet-db input: ";

/// DECNET's own position (contract document 35).
pub(super) const DECNET_KEY: &str = "ingest_worker_position";

/// All that is known about one content, under whatever names it was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// The absolute path as the command line gave it, or as it was found beside that one.
    pub(crate) name: String,
    /// Where that led to.
    pub(crate) path: String,
    /// The file as it was seen last; `None` after it came from another machine or version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) file: Option<FileState>,
    /// When the file, or what was to be read after it, was last written to as its first lines were read, in microseconds since
    /// 1970; of compressed files when the one was that they follow. What is older is no later part of the rotation.
    #[serde(default)]
    pub(super) written: i64,
    /// Bytes that were read, uncompressed.
    pub(crate) position: u64,
    /// Lines in these bytes, blank ones included.
    pub(crate) lines: u64,
    /// Events that were stored of them, and lines that were rejected.
    #[serde(default)]
    pub(crate) stored: u64,
    #[serde(default)]
    pub(crate) rejected: u64,
    /// What these lines hash to.
    #[serde(default)]
    pub(super) marks: Marks,
    /// The Cowrie sessions that were open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sessions: Option<Json>,
    /// Another file has the name now, and the end of this one was read, or was reported as not found.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) over: bool,
    /// Who wrote the record, and how many times it was written: no two records are alike.
    #[serde(default)]
    pub(crate) reader: RunId,
    #[serde(default)]
    pub(super) serial: u64,
    /// When it was written.
    #[serde(default)]
    pub(crate) time: String,
}

impl Record {
    /// The record of a file of which nothing was read.
    pub(super) fn new(name: String, path: String, file: FileState) -> Self {
        Self {
            name,
            path,
            file: Some(file),
            written: 0,
            position: 0,
            lines: 0,
            stored: 0,
            rejected: 0,
            marks: Marks::default(),
            sessions: None,
            over: false,
            reader: RunId::default(),
            serial: 0,
            time: String::new(),
        }
    }

    /// The end of what was read.
    pub(super) fn end(&self) -> Mark {
        self.marks.last().copied().unwrap_or(Mark::START)
    }

    /// The record with everything behind a line's end left out.
    pub(super) fn until(&self, end: Mark) -> Self {
        let mut record = self.clone();
        record.marks.cut(end.position);
        if record.end() != end {
            record.marks.push(end);
        }
        (record.position, record.lines) = (end.position, end.lines);
        record
    }

    /// The record as it is stored: as DECNET has it, or our own.
    pub(super) fn to_json(&self, as_decnet: bool) -> Json {
        if as_decnet {
            return Json::from(serde_json::json!({"position": self.position}));
        }
        // Numbers and texts always serialise.
        Json::of(self).unwrap_or_default()
    }

    /// Stamps the record with who writes it, and when.
    pub(super) fn stamp(&mut self, reader: &RunId, serial: u64) {
        self.reader = reader.clone();
        self.serial = serial;
        self.time = Timestamp::now().to_sql_text();
    }
}

/// The key of a new record: what its first line hashes to, or its name, and a number that tells apart files with the same one. Two runs
/// that begin with one file at the same time take the same key, and one of them has it.
pub(super) fn key(first: Digest, number: usize) -> String {
    format!("{PREFIX}{}.{number}", &first.hex()[..24])
}
