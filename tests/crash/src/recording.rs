//! What a program did to its files and was answered, and whether what is found after a loss of power agrees with it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use decnet_db_interpose::{Entry, What};

use crate::database;
use crate::history::{End, History, no_faults};
use crate::operation::Operation;

/// The database's name in the folder that is recorded.
pub(crate) const DATABASE: &str = "power.db";

/// What a program did, and what it was answered.
pub(crate) struct Recording {
    pub(crate) entries: Vec<Entry>,
    pub(crate) notes: Vec<(Note, Operation)>,
}

/// What happened to an operation. Marks among the entries are positions among the notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Note {
    /// It begins.
    Begun,
    /// It ended so.
    Ended(End),
}

/// The mark of a database that has its schema.
pub(crate) const INITIALIZED: u64 = u64::MAX;

/// Takes notes, in the order of the marks.
#[derive(Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<Vec<(Note, Operation)>>>);

impl Notes {
    pub(crate) fn note(&self, note: Note, operation: &Operation) {
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        decnet_db_interpose::mark(notes.len() as u64);
        notes.push((note, operation.clone()));
    }

    pub(crate) fn take(&self) -> Vec<(Note, Operation)> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What was lost, as it may be.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Seen {
    /// Whether something acknowledged was.
    pub(crate) is_incomplete: bool,
    /// How long before the loss the oldest of it was acknowledged.
    pub(crate) oldest: Duration,
}

impl Recording {
    /// Where among the entries an operation was answered otherwise than that it is done.
    pub(crate) fn not_done(&self) -> impl Iterator<Item = usize> {
        let is_not_done = |entry: &Entry| match entry.what {
            What::Mark(number) => {
                let note = usize::try_from(number).ok().and_then(|number| self.notes.get(number));
                matches!(note, Some((Note::Ended(End::Nothing | End::Open), _)))
            }
            _ => false,
        };
        self.entries.iter().enumerate().filter(move |(_, entry)| is_not_done(entry)).map(|(at, _)| at)
    }

    /// Compares what is there with what was answered before the loss.
    pub(crate) fn look(&self, point: usize, bound: Duration, folder: &Path) -> anyhow::Result<Seen> {
        let before = Before::new(self, point);
        let path = folder.join(DATABASE);
        let found = if path.exists() { Some(database::sqlite(&path)?) } else { None };
        // A schema that was acknowledged is there; what it is before is one transaction.
        let (found, mut faults) = match found {
            Some((Some(found), faults)) => (found, faults),
            Some((None, faults)) if !before.initialized => (Default::default(), faults),
            None if !before.initialized => return Ok(Seen::default()),
            _ => anyhow::bail!("the schema was acknowledged and is gone"),
        };
        let shown = History::shown(&found);
        // Where a write is, everything is that was acknowledged before it began.
        let latest =
            shown.iter().filter_map(|operation| before.begun.get(operation)).max().copied().unwrap_or(0);
        let due = before.lost_at.saturating_sub(bound);
        let is_due = |at: usize| bound.is_zero() || self.entries[at].at <= due;
        let mut history = History::default();
        let mut seen = Seen::default();
        for operation in before.begun.keys() {
            let end = match before.ended.get(operation) {
                Some((at, End::Done)) if *at > latest && !is_due(*at) => {
                    if operation.has_rows() && !shown.contains(operation) {
                        seen.is_incomplete = true;
                        seen.oldest = seen.oldest.max(before.lost_at.saturating_sub(self.entries[*at].at));
                    }
                    End::Open
                }
                Some((_, end)) => *end,
                None => End::Open,
            };
            history.note(operation.clone(), end);
        }
        faults.extend(history.faults(&found));
        let holes = found.events.iter().zip(1..).find(|((id, _), expected)| id != expected);
        faults.extend(
            holes.map(|((id, _), expected)| format!("event {expected} is missing before event {id}")),
        );
        no_faults(&faults)?;
        Ok(seen)
    }
}

/// What was known when the power failed.
struct Before {
    initialized: bool,
    /// The latest moment at which the loss may have been.
    lost_at: Duration,
    begun: BTreeMap<Operation, usize>,
    ended: BTreeMap<Operation, (usize, End)>,
}

impl Before {
    fn new(recording: &Recording, point: usize) -> Self {
        let entries = &recording.entries;
        let lost_at = entries.get(point).or(entries.last()).map_or(Duration::ZERO, |entry| entry.at);
        let mut before = Self { initialized: false, lost_at, begun: BTreeMap::new(), ended: BTreeMap::new() };
        for (at, entry) in entries.iter().enumerate().take(point) {
            match entry.what {
                What::Mark(INITIALIZED) => before.initialized = true,
                What::Mark(number) => {
                    let Some((note, operation)) = recording.notes.get(number as usize) else { continue };
                    match note {
                        Note::Begun => drop(before.begun.insert(operation.clone(), at)),
                        Note::Ended(end) => drop(before.ended.insert(operation.clone(), (at, *end))),
                    }
                }
                _ => {}
            }
        }
        before
    }
}
