//! Committing batches: rows and position in one unit, so that each line is stored once.

use std::collections::VecDeque;
use std::io::Write as _;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use decnet_db::capture::Rejection;
use decnet_db::contract::NewLog;
use decnet_db::json::Json;
use decnet_db::{Error, ErrorKind, Repository};

use super::position::{Position, SESSIONS_KEY};
use super::reader::Batch;
use super::rejected::Rejected;
use super::report::Report;

/// How long a database that is not available is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// An input as the store knows it.
pub(super) struct Target {
    /// Its name in messages.
    pub(super) name: String,
    /// The key of its position; standard input has none.
    pub(super) key: Option<String>,
    /// The key that every commit of its lines writes too: see [`settle`].
    pub(super) latch: Option<String>,
    /// Lines that earlier runs read.
    pub(super) already: u64,
    /// Which of [`Store::rejected`] takes its rejected lines.
    pub(super) rejected: usize,
}

/// What puts batches into the database.
pub(super) struct Store {
    pub(super) repository: Arc<dyn Repository>,
    pub(super) targets: Vec<Target>,
    pub(super) rejected: Vec<Rejected>,
    pub(super) as_decnet: bool,
    pub(super) stop: Arc<AtomicBool>,
    pub(super) report: Report,
    /// The open sessions as they were stored last.
    pub(super) sessions: Json,
}

impl Store {
    /// Stores a batch. A row that the database refuses is rejected like a line that can't be parsed; the others are stored.
    pub(super) async fn store(&mut self, mut batch: Batch) -> decnet_db::Result<()> {
        let mut parts = VecDeque::from_iter(std::iter::once(0..batch.items.len()));
        while let Some(part) = parts.pop_front() {
            let last = part.end == batch.items.len();
            match self.store_part(&batch, part.clone(), last).await {
                Ok(()) => self.count(&batch, &part),
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
        self.report.lines += batch.count;
        Ok(())
    }

    /// Commits some of a batch's lines; `last` when none follow.
    async fn store_part(&mut self, batch: &Batch, part: Range<usize>, last: bool) -> decnet_db::Result<()> {
        let items = &batch.items[part];
        let position = match items.last() {
            Some(item) if !last => Position::new(item.end, item.number, &batch.head, &batch.sessions),
            _ => batch.end.clone(),
        };
        let position = position.to_json(self.as_decnet);
        let place = self.targets[batch.input].rejected;
        if items.iter().any(|item| item.parsed.is_err()) {
            self.open_rejected(place).await?;
        }
        let started = Instant::now();
        let (mut wait, mut waits) = (Duration::from_millis(100), false);
        loop {
            let lines = items.iter().filter(|item| item.parsed.is_err());
            let lines = lines.map(|item| &batch.lines[item.line.clone()]);
            let kept = self.rejected[place].write(lines).unwrap_or_else(|error| {
                self.report.lost(&self.rejected[place], &error);
                None
            });
            let rows: Vec<NewLog> =
                items.iter().filter_map(|item| item.parsed.as_ref().ok()).cloned().collect();
            let Target { key, latch, .. } = &self.targets[batch.input];
            let mut unit = self.repository.unit();
            if let Some(latch) = latch {
                unit = unit.set_state(latch, Json::null());
            }
            unit = unit.add_logs(rows);
            if let Some(key) = key {
                unit = unit.set_state(key, position.clone());
            }
            if let Some((key, length)) = kept {
                unit = unit.set_state(&key, length);
            }
            if last && batch.sessions != self.sessions {
                unit = unit.set_state(SESSIONS_KEY, batch.sessions.clone());
            }
            let error = match unit.commit().await {
                Ok(()) => break,
                Err(error) => error,
            };
            let in_time = started.elapsed() + wait < PATIENCE && !self.stop.load(Ordering::Relaxed);
            match error.kind() {
                ErrorKind::Unavailable if in_time => {
                    if !std::mem::replace(&mut waits, true) {
                        self.report.tell(&format!("{error}; trying again for {} s", PATIENCE.as_secs()));
                    }
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(Duration::from_secs(5));
                }
                ErrorKind::UnknownOutcome if key.is_some() => {
                    if self.is_stored(batch.input, &position, started).await? {
                        break;
                    }
                }
                _ => return Err(error),
            }
        }
        self.rejected[place].committed();
        if last {
            self.sessions = batch.sessions.clone();
        }
        Ok(())
    }

    /// Whether a commit whose outcome got lost has happened: then the database has the position that it set.
    async fn is_stored(&self, input: usize, position: &Json, started: Instant) -> decnet_db::Result<bool> {
        let Target { key: Some(key), latch, .. } = &self.targets[input] else { return Ok(false) };
        loop {
            let found = match settle(&*self.repository, latch.as_deref()).await {
                Ok(()) => self.repository.get_state(key).await,
                Err(error) => Err(error),
            };
            match found {
                Ok(found) => return Ok(found.as_ref() == Some(position)),
                // Writing the latch anew, and reading, do no harm however often they happen.
                Err(error)
                    if (error.is_retryable() || error.kind() == ErrorKind::UnknownOutcome)
                        && started.elapsed() < PATIENCE =>
                {
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn open_rejected(&mut self, place: usize) -> decnet_db::Result<()> {
        if let Some(error) = self.rejected[place].open(&*self.repository).await? {
            self.report.lost(&self.rejected[place], &error);
        }
        Ok(())
    }

    /// Counts what was committed.
    fn count(&mut self, batch: &Batch, part: &Range<usize>) {
        for item in &batch.items[part.clone()] {
            match &item.parsed {
                Ok(log) => self.report.stored(log),
                Err(rejection) => {
                    self.report.rejected(&self.targets[batch.input].name, item.number, rejection);
                }
            }
        }
    }
}

fn has_row(batch: &Batch, part: &Range<usize>) -> bool {
    batch.items[part.clone()].iter().any(|item| item.parsed.is_ok())
}

/// Says something on standard error, above the progress bar if there is one.
pub(super) fn say(bar: &indicatif::ProgressBar, line: &str) {
    // Where standard error is gone nobody is left to be told.
    bar.suspend(|| drop(writeln!(std::io::stderr().lock(), "{line}")));
}

/// Waits for a commit that a server got and has not finished, from a run that was killed or a connection that was lost.
///
/// Each commit of an input's lines writes the input's latch, so writing it waits until none is under way, and the position
/// read after that is the one that counts.
pub(super) async fn settle(repository: &dyn Repository, latch: Option<&str>) -> decnet_db::Result<()> {
    match latch {
        Some(latch) => repository.set_state(latch, Json::null()).await,
        None => Ok(()),
    }
}

/// The key under which the position of an input is stored is unknown to DECNET's own worker, unless it was asked for.
pub(super) async fn position_of(
    repository: &dyn Repository,
    key: &str,
) -> decnet_db::Result<Option<Position>> {
    let Some(record) = repository.get_state(key).await? else { return Ok(None) };
    if record.is_null() {
        return Ok(None);
    }
    record.decode().map(Some).map_err(|error| {
        let reason = format!("the state {key:?} is no position ({error}); delete it to start anew");
        Error::configuration(reason)
    })
}
