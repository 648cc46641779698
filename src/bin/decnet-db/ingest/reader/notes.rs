//! What the reader tells the store: lines with the record behind them, records alone, and messages.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::mpsc::error::TrySendError;

use super::super::digest::Mark;
use super::super::record::Record;
use super::super::records::Known;
use super::batch::Batch;
use super::entry::{Entry, Status};
use super::inputs::is_tip;
use super::{Commit, Message, POLL, Reader};

impl Reader {
    /// Notes where the file was seen last, when its record says something else: the next run then knows it without reading it.
    pub(super) fn remember(&mut self, place: usize, packed: bool) -> bool {
        if self.records.as_decnet {
            return true;
        }
        let takes_over = self.entries[place].legacy.take().filter(|_| self.entries[place].record.is_none());
        if let Some(legacy) = takes_over {
            let Some(record) = self.record_of(place) else { return false };
            let (end, marks) = (self.entries[place].at(), self.entries[place].marks.clone());
            let known = &mut self.records.list[record];
            (known.record.position, known.record.lines, known.record.marks) =
                (end.position, end.lines, marks);
            let legacy = self.records.legacy.get(legacy);
            known.record.sessions = legacy.and_then(|legacy| legacy.sessions.clone());
            let legacy = legacy.map(|legacy| (legacy.key.clone(), legacy.value.clone()));
            let commit = Commit { key: known.key.clone(), record: known.record.clone(), legacy };
            return self.say(Message::Known(Box::new(commit)));
        }
        let is_new = self.entries[place].record.is_none();
        if is_new && (packed || self.entries[place].at() != Mark::START) {
            return true;
        }
        // An empty file has a record too: it may be renamed before the first line is written to it.
        let record = match self.entries[place].record {
            Some(record) => record,
            None => match self.record_of(place) {
                Some(record) => record,
                None => return false,
            },
        };
        // Whoever reads the file knows where it is.
        if self.records.list[record].record.reader.is_running_beside(&self.settings.this) {
            return true;
        }
        if is_new {
            self.records.list[record].record.written = self.written(place, record);
        }
        let entry = &self.entries[place];
        let (seen, path) = (entry.seen, full_path(entry));
        // Nobody writes any more to what was renamed some time ago.
        let is_old = entry.path.as_deref().is_some_and(|path| !is_tip(path));
        let over = packed || (is_old && !is_new && !seen.is_younger_than(self.settings.keep));
        let known = &mut self.records.list[record];
        let changed = known.record.file.map(|file| file.id) != Some(seen.id)
            || known.record.path != path
            || is_new
            || (packed && known.record.file != Some(seen))
            || (over && !known.record.over);
        if !changed {
            return true;
        }
        known.record.file = Some(seen);
        known.record.path = path;
        known.record.over |= over;
        let commit = Commit { key: known.key.clone(), record: known.record.clone(), legacy: None };
        self.say(Message::Known(Box::new(commit)))
    }

    /// Sends what was read; `false` when nobody wants it any more.
    pub(super) fn send(&mut self, place: usize) -> bool {
        let entry = &mut self.entries[place];
        if entry.batch.count == 0 {
            return true;
        }
        let mut batch = std::mem::replace(&mut entry.batch, Batch::new(entry.input));
        batch.name = entry.name();
        batch.sessions = self.parser.open_sessions();
        if !entry.is_stream {
            entry.marks.thin();
            // The key of a record with lines is made of the first one: of runs that take the same lines for new ones has one it.
            let was_empty = |record: usize| self.records.list[record].record.end() == Mark::START;
            if entry.record.is_some_and(was_empty) && !self.records.as_decnet && !self.settings.again {
                if !self.is_free(place) {
                    return false;
                }
                self.entries[place].record = None;
            }
            let Some(record) = self.record_of(place) else { return false };
            let written = self.written(place, record);
            let entry = &mut self.entries[place];
            let known = &mut self.records.list[record];
            let end = entry.at();
            // Late lines of an old file say nothing about the ones after it.
            if known.record.written == 0 {
                known.record.written = written;
            }
            known.record.marks = entry.marks.clone();
            (known.record.position, known.record.lines) = (end.position, end.lines);
            (known.record.file, known.record.path) = (Some(entry.seen), full_path(entry));
            known.record.over = false;
            known.record.sessions = Some(batch.sessions.clone()).filter(|sessions| sessions.as_str() != "[]");
            let legacy = entry.legacy.take().and_then(|legacy| self.records.legacy.get(legacy));
            let legacy = legacy.map(|legacy| (legacy.key.clone(), legacy.value.clone()));
            batch.commit =
                Some(Box::new(Commit { key: known.key.clone(), record: known.record.clone(), legacy }));
        }
        self.say(Message::Batch(Box::new(batch)))
    }

    /// When the file was written to that the first lines were read from. Compressing takes its time: a compressed file was written
    /// when the one was that it follows. What waits to be read after this one may be older: late lines come to old files.
    fn written(&self, place: usize, record: usize) -> i64 {
        let entry = &self.entries[place];
        let waits = |other: &&Entry| {
            other.input == entry.input
                && !other.is_stream
                && other.record.is_none()
                && matches!(other.status, Status::Unplaced | Status::Reading)
        };
        let waiting = self.entries.iter().filter(waits).map(|other| other.seen.modified);
        let modified = waiting.fold(entry.seen.modified, i64::min);
        if !entry.source.as_ref().is_some_and(|source| source.ends) {
            return modified;
        }
        let name = &self.records.list[record].record.name;
        let others = self.records.list.iter().map(|known| &known.record).filter(|known| known.name == *name);
        let before = others.map(|known| known.written).max().unwrap_or(0);
        if before > 0 { before.min(modified) } else { modified }
    }

    /// The record of a file, made where there is none yet. Another run may read the file.
    fn record_of(&mut self, place: usize) -> Option<usize> {
        let entry = &self.entries[place];
        let record = if let Some(record) = entry.record {
            if !self.is_free(place) {
                return None;
            }
            record
        } else if self.records.as_decnet {
            0
        } else {
            let first = entry.marks.first().copied().unwrap_or(Mark::START);
            let record = Record::new(self.lineage(place), full_path(entry), entry.seen);
            match self.spent(&record).filter(|_| first == Mark::START) {
                Some(spent) => {
                    self.records.list[spent].record = record;
                    spent
                }
                None => {
                    let key = self.records.new_key(&first, &record.name);
                    self.records.list.push(Known { key, stored: None, record });
                    self.records.list.len() - 1
                }
            }
        };
        self.entries[place].record = Some(record);
        Some(record)
    }

    /// Whether no other run reads a file; says so if one does.
    fn is_free(&mut self, place: usize) -> bool {
        let Some(record) = self.entries[place].record else { return true };
        let reader = &self.records.list[record].record.reader;
        if !reader.is_running_beside(&self.settings.this) {
            return true;
        }
        let text = format!("{} is read by {reader}, which has not ended", self.entries[place].name());
        self.say(Message::Busy(text));
        false
    }

    /// A record of a file of that name that was empty, and that another record has taken the place of.
    fn spent(&self, new: &Record) -> Option<usize> {
        let latest = self.records.latest_of(&new.name);
        (0..self.records.list.len()).find(|place| {
            let record = &self.records.list[*place].record;
            record.name == new.name
                && record.end() == Mark::START
                && Some(*place) != latest
                && !record.reader.is_running_beside(&self.settings.this)
                && self.entries.iter().all(|entry| entry.record != Some(*place))
        })
    }

    /// Sends a message. While the database is busy, files that appear are opened, so that nobody can take them away.
    pub(super) fn say(&mut self, message: Message) -> bool {
        let mut message = message;
        let mut waited = 0_u32;
        loop {
            match self.out.try_send(message) {
                Ok(()) => return true,
                Err(TrySendError::Closed(_)) => return false,
                Err(TrySendError::Full(back)) => message = back,
            }
            if self.stop.load(Ordering::Relaxed) && waited > 100 {
                return false;
            }
            waited += 1;
            std::thread::sleep(Duration::from_millis(if waited < 100 { 1 } else { 20 }));
            if self.settings.follow && self.scanned.is_none_or(|at| at.elapsed() >= POLL) {
                self.scan();
            }
        }
    }
}

/// Where an entry's name leads to.
fn full_path(entry: &Entry) -> String {
    let Some(path) = &entry.path else { return String::new() };
    std::fs::canonicalize(path).unwrap_or_else(|_| path.clone()).to_string_lossy().into_owned()
}
