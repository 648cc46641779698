//! Committing batches: rows and position in one unit, so that each line is stored once.

use std::collections::{HashMap, VecDeque};
use std::io::Write as _;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use decnet_db::capture::Rejection;
use decnet_db::contract::NewLog;
use decnet_db::json::Json;
use decnet_db::{Error, ErrorKind, Repository};

use super::legacy::SESSIONS_KEY;
use super::reader::{Batch, Commit};
use super::record::{DECNET_KEY, Record};
use super::records::Records;
use super::rejected::Rejected;
use super::report::Report;
use super::run::RunId;
use crate::stop::Stop;

/// How long a database that is not available is waited for, unless the inputs are followed.
const PATIENCE: Duration = Duration::from_secs(30);

/// What puts batches into the database.
pub(super) struct Store {
    pub(super) repository: Arc<dyn Repository>,
    /// Which of `rejected` takes the rejected lines of each input.
    pub(super) targets: Vec<usize>,
    pub(super) rejected: Vec<Rejected>,
    pub(super) slots: HashMap<String, Slot>,
    pub(super) this: RunId,
    /// Wait for the database for as long as it takes.
    pub(super) patient: bool,
    pub(super) stop: Stop,
    pub(super) report: Report,
}

/// A record as the database has it.
#[derive(Default)]
pub(super) struct Slot {
    stored: Option<Json>,
    /// Events and rejected lines in it.
    rows: u64,
    rejected: u64,
    serial: u64,
    /// Whether this run has written it.
    ours: bool,
}

/// What came of a batch.
#[derive(PartialEq)]
pub(super) enum Stored {
    Done,
    /// The record was changed since it was read, by a run that was about to end then: it has to be read anew.
    Stale,
}

/// The records of a database as the store compares them.
pub(super) fn slots(records: &Records) -> HashMap<String, Slot> {
    let slot = |known: &super::records::Known| Slot {
        stored: known.stored.clone(),
        rows: known.record.stored,
        rejected: known.record.rejected,
        serial: known.record.serial,
        ours: false,
    };
    records.list.iter().map(|known| (known.key.clone(), slot(known))).collect()
}

impl Store {
    /// Stores a batch. A row that the database refuses is rejected like a line that can't be parsed; the others are stored.
    pub(super) async fn store(&mut self, mut batch: Batch) -> decnet_db::Result<Stored> {
        let mut parts = VecDeque::from_iter(std::iter::once(0..batch.items.len()));
        while let Some(part) = parts.pop_front() {
            let last = part.end == batch.items.len();
            match self.store_part(&batch, part.clone(), last).await {
                Ok(Stored::Done) => self.count(&batch, &part),
                Ok(Stored::Stale) => return Ok(Stored::Stale),
                Err(error) if error.kind() == ErrorKind::InvalidInput && has_row(&batch, &part) => {
                    if part.len() > 1 {
                        let middle = part.start + part.len() / 2;
                        parts.push_front(middle..part.end);
                        parts.push_front(part.start..middle);
                    } else {
                        batch.items[part.start].parsed = Err(Rejection::new(error.to_string()));
                        parts.push_front(part);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        self.report.read(batch.input, batch.count);
        Ok(Stored::Done)
    }

    /// Stores a record without rows.
    pub(super) async fn note(&mut self, commit: Commit) -> decnet_db::Result<Stored> {
        let batch = Batch::of_commit(commit);
        self.store_part(&batch, 0..0, true).await
    }

    /// Commits some of a batch's lines; `last` when none follow.
    async fn store_part(
        &mut self,
        batch: &Batch,
        part: Range<usize>,
        last: bool,
    ) -> decnet_db::Result<Stored> {
        let items = &batch.items[part];
        let refused = items.iter().filter(|item| item.parsed.is_err()).count() as u64;
        let change = batch.commit.as_ref().map(|commit| {
            let record = match items.last() {
                Some(item) if !last => commit.record.until(item.end),
                _ => commit.record.clone(),
            };
            self.change(&commit.key, record, items.len() as u64 - refused, refused)
        });
        let place = self.targets.get(batch.input).copied().unwrap_or_default();
        let started = Instant::now();
        let mut wait = Duration::from_millis(100);
        let mut waits = false;
        loop {
            let lines = items.iter().filter(|item| item.parsed.is_err());
            let lines = lines.map(|item| &batch.lines[item.line.clone()]);
            let outcome = self
                .attempt(batch, items, last, change.as_ref(), (refused > 0).then_some(place), lines)
                .await;
            let Err(error) = outcome else { break };
            let kind = error.kind();
            if let (Some(change), ErrorKind::UnknownOutcome | ErrorKind::Conflict) = (&change, kind) {
                match self.is_stored(change, started).await {
                    Ok(true) => break,
                    Ok(false) if kind == ErrorKind::UnknownOutcome => continue,
                    Ok(false) => {
                        self.undo(refused > 0, place);
                        if !self.slots.get(&change.key).is_some_and(|slot| slot.ours) {
                            return Ok(Stored::Stale);
                        }
                        return Err(self.taken(&change.key, &batch.name).await);
                    }
                    Err(error) => {
                        self.undo(refused > 0, place);
                        return Err(error);
                    }
                }
            }
            self.undo(refused > 0, place);
            let in_time = self.patient || started.elapsed() + wait < PATIENCE;
            if kind != ErrorKind::Unavailable || !in_time || self.stop.is_set() {
                return Err(error);
            }
            if !std::mem::replace(&mut waits, true) {
                let how_long = match self.patient {
                    true => "; waiting for the database".to_owned(),
                    false => format!("; trying again for {} s", PATIENCE.as_secs()),
                };
                self.report.tell(&format!("{error}{how_long}"));
            }
            self.report.beat();
            self.stop.sleep(wait).await;
            wait = (wait * 2).min(Duration::from_secs(5));
        }
        if waits && self.patient {
            self.report.tell("the database is there again");
        }
        if refused > 0 {
            self.rejected[place].committed();
        }
        if let Some(change) = change {
            let slot = self.slots.entry(change.key).or_default();
            (slot.rows, slot.rejected) = (change.record.stored, change.record.rejected);
            (slot.serial, slot.stored, slot.ours) = (change.record.serial, Some(change.value), true);
            if slot.rows > 0 {
                self.report.recognised(batch.input);
            }
        }
        Ok(Stored::Done)
    }

    /// Commits once.
    async fn attempt<'a>(
        &mut self,
        batch: &Batch,
        items: &[super::reader::Item],
        last: bool,
        change: Option<&Change>,
        place: Option<usize>,
        lines: impl Iterator<Item = &'a [u8]>,
    ) -> decnet_db::Result<()> {
        let kept = match place {
            Some(place) => {
                Some(self.stop.unless(self.rejected[place].append(&*self.repository, lines)).await?)
            }
            None => None,
        };
        let rows: Vec<NewLog> = items.iter().filter_map(|item| item.parsed.as_ref().ok()).cloned().collect();
        let mut unit = self.repository.unit();
        if let Some(change) = change {
            unit = unit.compare_and_set_state(
                &change.key,
                change.expected.as_ref(),
                change.value.clone(),
                TAKEN,
            );
        }
        unit = unit.add_logs(rows);
        if let Some((key, _)) = batch.commit.as_ref().and_then(|commit| commit.legacy.as_ref()) {
            unit = unit.set_state(key, Json::null());
        }
        if let Some(kept) = kept {
            unit = unit.compare_and_set_state(&kept.key, Some(&kept.expected), kept.length, TAKEN);
        }
        if last && change.is_none() && !batch.sessions.is_null() {
            unit = unit.set_state(SESSIONS_KEY, batch.sessions.clone());
        }
        self.stop.unless(unit.commit()).await
    }

    /// Whether a record was there when the records were read.
    pub(super) fn has_record(&self, key: &str) -> bool {
        self.slots.get(key).is_some_and(|slot| slot.stored.is_some())
    }

    fn undo(&mut self, appended: bool, place: usize) {
        if appended {
            self.rejected[place].undo();
        }
    }

    /// What a commit does to a record.
    fn change(&self, key: &str, mut record: Record, rows: u64, rejected: u64) -> Change {
        let none = Slot::default();
        let slot = self.slots.get(key).unwrap_or(&none);
        (record.stored, record.rejected) = match record.marks.last() {
            Some(_) => (slot.rows + rows, slot.rejected + rejected),
            None => (rows, rejected),
        };
        record.stamp(&self.this, slot.serial + 1);
        let value = record.to_json(key == DECNET_KEY);
        Change { key: key.to_owned(), expected: slot.stored.clone(), value, record }
    }

    /// Whether a commit has happened whose outcome got lost: then the database has what it set.
    async fn is_stored(&self, change: &Change, started: Instant) -> decnet_db::Result<bool> {
        loop {
            let error = match self.stop.unless(self.repository.get_state(&change.key)).await {
                Ok(found) => return Ok(found.as_ref() == Some(&change.value)),
                Err(error) => error,
            };
            let in_time = self.patient || started.elapsed() < PATIENCE;
            let passes = error.is_retryable() || error.kind() == ErrorKind::UnknownOutcome;
            if !passes || !in_time || self.stop.is_set() {
                return Err(error);
            }
            self.stop.sleep(Duration::from_millis(500)).await;
        }
    }

    /// Why a commit was refused: another run has the file.
    pub(super) async fn taken(&self, key: &str, name: &str) -> Error {
        let found = self.repository.get_state(key).await.ok().flatten();
        let record = found.and_then(|value| value.decode::<Record>().ok());
        let who = record.map_or_else(
            || "another program".to_owned(),
            |record| format!("{}, which has read it to byte {}", record.reader, record.position),
        );
        Error::conflict(format!(
            "{name} is being read by {who}; this run stored {} events until then, none of them twice, and stops",
            self.report.stored_so_far()
        ))
    }

    /// Counts what was committed.
    fn count(&mut self, batch: &Batch, part: &Range<usize>) {
        for item in &batch.items[part.clone()] {
            match &item.parsed {
                Ok(log) => self.report.stored(batch.input, log),
                Err(rejection) => self.report.rejected(batch.input, &batch.name, item.number, rejection),
            }
        }
    }
}

/// What a compare-and-set says; the user is told more.
const TAKEN: &str = "another run has changed it";

/// A record to be stored in place of the one that was read.
struct Change {
    key: String,
    expected: Option<Json>,
    value: Json,
    record: Record,
}

fn has_row(batch: &Batch, part: &Range<usize>) -> bool {
    batch.items[part.clone()].iter().any(|item| item.parsed.is_ok())
}

/// Says something on standard error, above the progress bar if there is one.
pub(super) fn say(bar: &indicatif::ProgressBar, line: &str) {
    // Where standard error is gone nobody is left to be told.
    bar.suspend(|| drop(writeln!(std::io::stderr().lock(), "{line}")));
}
