//! Lines that are stored in one commit.

use std::ops::Range;

use decnet_db::capture::{Parser, Rejection};
use decnet_db::contract::NewLog;
use decnet_db::json::Json;

use super::super::digest::Mark;
use super::super::lines::{LONGEST_LINE, Next};
use super::super::record::Record;

/// Lines of one input, in their order.
pub(in super::super) struct Batch {
    pub(in super::super) input: usize,
    /// The name of the file, for messages.
    pub(in super::super) name: String,
    pub(in super::super) items: Vec<Item>,
    /// The lines that may have to be kept, as they came.
    pub(in super::super) lines: Vec<u8>,
    /// What the commit sets; streams have none.
    pub(in super::super) commit: Option<Box<Commit>>,
    /// The Cowrie sessions that are open behind it.
    pub(in super::super) sessions: Json,
    /// How many lines it has, blank ones included.
    pub(in super::super) count: u64,
}

/// What a commit sets beside the rows.
#[derive(Clone)]
pub(in super::super) struct Commit {
    pub(in super::super) key: String,
    /// The record behind the last line, blank ones included.
    pub(in super::super) record: Record,
    /// Where version 0.1 had left off, which this takes over.
    pub(in super::super) legacy: Option<(String, Json)>,
}

/// A line that is not blank.
pub(in super::super) struct Item {
    /// Its number in the input, from 1.
    pub(in super::super) number: u64,
    /// Its end.
    pub(in super::super) end: Mark,
    /// Where it stands in [`Batch::lines`].
    pub(in super::super) line: Range<usize>,
    pub(in super::super) parsed: Result<NewLog, Rejection>,
}

impl Batch {
    pub(super) fn new(input: usize) -> Self {
        Self {
            input,
            name: String::new(),
            items: Vec::new(),
            lines: Vec::new(),
            commit: None,
            sessions: Json::null(),
            count: 0,
        }
    }

    /// No lines, only a record.
    pub(in super::super) fn of_commit(commit: Commit) -> Self {
        Self { name: commit.record.path.clone(), commit: Some(Box::new(commit)), ..Self::new(usize::MAX) }
    }

    /// Takes a line; [`ends`](Self::ends) says where it ends.
    pub(super) fn take(&mut self, parser: &mut Parser, number: u64, next: &Next<'_>) {
        self.count += 1;
        let (line, parsed) = match next {
            Next::Line(line) => match parser.parse(line) {
                Ok(None) => return,
                Ok(Some(log)) => (*line, Ok(log)),
                Err(rejection) => (*line, Err(rejection)),
            },
            Next::TooLong(beginning, length) => {
                let reason = format!(
                    "{length} bytes, more than the {} MiB that a line may have; only its first {} bytes are kept",
                    LONGEST_LINE >> 20,
                    beginning.len()
                );
                (*beginning, Err(Rejection::new(reason)))
            }
            Next::Waiting | Next::End => return,
        };
        let start = self.lines.len();
        self.lines.extend_from_slice(line);
        self.items.push(Item { number, end: Mark::START, line: start..self.lines.len(), parsed });
    }

    /// Says where the line that was taken last ends.
    pub(super) fn ends(&mut self, at: Mark) {
        if let Some(item) = self.items.last_mut().filter(|item| item.number == at.lines) {
            item.end = at;
        }
    }
}
