//! What a run did: as it goes on standard error, and at its end as text or JSON.

mod summary;

use std::time::{Duration, Instant};

use decnet_db::capture::Rejection;
use decnet_db::contract::NewLog;
use decnet_db::time::Timestamp;
use indicatif::ProgressBar;

pub(super) use self::summary::Summary;

use self::summary::{grouped, shown};
use super::store::say;
use super::tally::Tally;

/// How many rejected lines are reported one by one.
const DETAILS: u64 = 20;

/// What a run did.
pub(super) struct Report {
    pub(super) bar: ProgressBar,
    started: Instant,
    quiet: bool,
    /// Lines read, blank ones included.
    lines: u64,
    stored: u64,
    rejected: u64,
    inputs: Vec<InputReport>,
    /// Names of files, and the bytes of the unfinished line at their end.
    unfinished: Vec<(String, u64)>,
    /// When the last sign of life was given, and what was stored by then.
    beat: (Instant, u64),
    pub(super) interrupted: bool,
    attackers: Tally,
    services: Tally,
    events: Tally,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
}

/// What was done with one input.
#[derive(Default, serde::Serialize)]
pub(super) struct InputReport {
    name: String,
    /// Lines.
    read: u64,
    stored: u64,
    /// Lines of earlier runs.
    already_there: u64,
    rejected: u64,
    /// Bytes of lines without line break at the end.
    waiting: u64,
    /// Bytes that were written and are not found any more, as far as they are known; and how many times that was.
    not_found: u64,
    losses: u64,
    /// Whether it has a line that is an event, in this run or an earlier one.
    #[serde(skip)]
    recognised: bool,
}

/// How often a run that goes on gives a sign of life.
pub(super) const BEAT: Duration = Duration::from_secs(60);

impl Report {
    pub(super) fn new(bar: ProgressBar, quiet: bool, names: Vec<String>) -> Self {
        let inputs = names.into_iter().map(|name| InputReport { name, ..InputReport::default() });
        Self {
            inputs: inputs.collect(),
            beat: (Instant::now(), 0),
            bar,
            started: Instant::now(),
            quiet,
            lines: 0,
            stored: 0,
            rejected: 0,
            unfinished: Vec::new(),
            interrupted: false,
            attackers: Tally::default(),
            services: Tally::default(),
            events: Tally::default(),
            first: None,
            last: None,
        }
    }

    /// Says something on standard error.
    pub(super) fn tell(&self, text: &str) {
        say(&self.bar, &format!("decnet-db: {}", shown(text)));
    }

    /// Says what may help, unless only errors are wanted.
    pub(super) fn hint(&self, text: &str) {
        if !self.quiet {
            say(&self.bar, &format!("hint: {}", shown(text)));
        }
    }

    fn input(&mut self, input: usize) -> Option<&mut InputReport> {
        self.inputs.get_mut(input)
    }

    /// Counts lines that were read and committed.
    pub(super) fn read(&mut self, input: usize, lines: u64) {
        self.lines += lines;
        if let Some(input) = self.input(input) {
            input.read += lines;
        }
    }

    /// Counts lines of earlier runs; takes some back where their file turns out to be gone.
    pub(super) fn already(&mut self, input: usize, lines: i64) {
        if let Some(input) = self.input(input) {
            input.already_there = input.already_there.saturating_add_signed(lines);
        }
    }

    /// Notes an unfinished line.
    pub(super) fn waiting(&mut self, input: usize, name: String, bytes: u64) {
        if let Some(input) = self.input(input) {
            input.waiting += bytes;
        }
        self.unfinished.push((name, bytes));
    }

    /// Counts and reports what is not found any more.
    pub(super) fn not_found(&mut self, input: usize, text: &str, bytes: u64) {
        self.tell(text);
        if let Some(input) = self.input(input) {
            input.not_found += bytes;
            input.losses += 1;
        }
    }

    /// An input has lines that are events.
    pub(super) fn recognised(&mut self, input: usize) {
        if let Some(input) = self.input(input) {
            input.recognised = true;
        }
    }

    /// The inputs of which lines were read, and none of them, now or earlier, was an event.
    pub(super) fn unrecognised(&self) -> Vec<&str> {
        let strange = self.inputs.iter().filter(|input| input.rejected > 0 && !input.recognised);
        strange.map(|input| input.name.as_str()).collect()
    }

    /// How many times something was not found, and its bytes.
    pub(super) fn losses(&self) -> (u64, u64) {
        let sum = |of: fn(&InputReport) -> u64| self.inputs.iter().map(of).sum();
        (sum(|input| input.losses), sum(|input| input.not_found))
    }

    pub(super) fn stored_so_far(&self) -> u64 {
        self.stored
    }

    /// The inputs are begun anew.
    pub(super) fn begin_anew(&mut self) {
        for input in &mut self.inputs {
            (input.already_there, input.waiting) = (0, 0);
        }
        self.unfinished.clear();
    }

    /// Gives a sign of life, at most one a minute.
    pub(super) fn beat(&mut self) {
        let (last, stored) = self.beat;
        if last.elapsed() < BEAT {
            return;
        }
        self.beat = (Instant::now(), self.stored);
        let text = format!(
            "{} events stored, {} in the last minute",
            grouped(self.stored),
            grouped(self.stored - stored)
        );
        if !self.quiet {
            self.tell(&text);
        }
        // Nobody may be there to be told.
        drop(sd_notify::notify(
            false,
            &[sd_notify::NotifyState::Status(&text), sd_notify::NotifyState::Watchdog],
        ));
    }

    /// Counts a row.
    pub(super) fn stored(&mut self, input: usize, log: &NewLog) {
        self.stored += 1;
        if let Some(input) = self.input(input) {
            input.stored += 1;
            input.recognised = true;
        }
        self.attackers.add(&log.attacker_ip);
        self.services.add(&log.service);
        self.events.add(&log.event_type);
        let time = log.timestamp.unwrap_or_else(Timestamp::now);
        self.first = Some(self.first.map_or(time, |first| first.min(time)));
        self.last = Some(self.last.map_or(time, |last| last.max(time)));
    }

    /// Counts and reports a rejected line.
    pub(super) fn rejected(&mut self, input: usize, name: &str, number: u64, rejection: &Rejection) {
        self.rejected += 1;
        if let Some(input) = self.input(input) {
            input.rejected += 1;
        }
        if self.rejected <= DETAILS && !self.quiet {
            self.tell(&format!("{name}:{number}: rejected: {rejection}"));
        } else if self.rejected == DETAILS + 1 && !self.quiet {
            self.tell("more lines are rejected; from here on they are only counted and kept");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_of_life_comes_once_a_minute() {
        let mut report = Report::new(ProgressBar::hidden(), true, Vec::new());
        let begin = report.beat.0;
        report.beat();
        assert_eq!(report.beat.0, begin, "a minute has not passed");
        let earlier = begin.checked_sub(BEAT).unwrap();
        (report.beat, report.stored) = ((earlier, 3), 5);
        report.beat();
        assert!(report.beat.0 >= begin && report.beat.1 == 5);
        let last = report.beat.0;
        report.beat();
        assert_eq!(report.beat.0, last, "it was given just now");
    }
}
