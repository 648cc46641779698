//! What came of the cases.

use std::fmt;
use std::time::Duration;

use decnet_db_core::driver::{Capability, Driver};

/// What came of one case.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The promise is kept.
    Passed,
    /// The driver declares that its engine can't keep the promise, and what the contract has instead was seen to hold.
    Excused {
        /// What the engine lacks.
        capability: Capability,
        /// The driver's reason.
        reason: String,
    },
    /// The harness can't provide what the case needs.
    NotRun {
        /// What it needs, and how to provide it.
        needs: String,
    },
    /// The promise is not kept.
    Failed {
        /// What was found.
        message: String,
    },
}

/// One case that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finished {
    /// Its name: `logs::order::ties_are_broken_by_descending_id`.
    pub name: &'static str,
    /// What it tests, in one sentence.
    pub promise: String,
    /// What came of it.
    pub outcome: Outcome,
    /// How long it took, its database's creation and removal included.
    pub took: Duration,
}

/// What came of all cases. `Display` shows it for reading.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Report {
    /// The driver that was tested.
    pub driver: Driver,
    /// The cases, in the order of the catalogue.
    pub cases: Vec<Finished>,
}

impl Report {
    /// Whether every case ran, and none failed: what a driver shows before it is published.
    pub fn is_green(&self) -> bool {
        self.cases.iter().all(|case| matches!(case.outcome, Outcome::Passed | Outcome::Excused { .. }))
    }

    /// The cases that failed.
    pub fn failed(&self) -> impl Iterator<Item = &Finished> {
        self.cases.iter().filter(|case| matches!(case.outcome, Outcome::Failed { .. }))
    }

    /// The names of the cases that failed.
    pub fn failures(&self) -> Vec<&'static str> {
        self.failed().map(|case| case.name).collect()
    }

    /// Panics with the whole report unless it is green: for a `#[test]` around [`run`](crate::run).
    #[track_caller]
    pub fn assert_green(&self) {
        assert!(self.is_green(), "{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count =
            |wanted: fn(&Outcome) -> bool| self.cases.iter().filter(|case| wanted(&case.outcome)).count();
        for case in &self.cases {
            match &case.outcome {
                Outcome::Passed => writeln!(f, "ok       {}", case.name)?,
                Outcome::Excused { capability, reason } => {
                    writeln!(f, "excused  {}\n         lacks {capability}: {reason}", case.name)?;
                }
                Outcome::NotRun { needs } => writeln!(f, "not run  {}\n         needs {needs}", case.name)?,
                Outcome::Failed { message } => {
                    let message = message.trim_end().replace('\n', "\n         ");
                    writeln!(f, "FAILED   {}\n         {}\n         {message}", case.name, case.promise)?;
                }
            }
        }
        write!(
            f,
            "{:?}: {} cases, {} passed, {} excused, {} not run, {} failed",
            self.driver,
            self.cases.len(),
            count(|outcome| matches!(outcome, Outcome::Passed)),
            count(|outcome| matches!(outcome, Outcome::Excused { .. })),
            count(|outcome| matches!(outcome, Outcome::NotRun { .. })),
            count(|outcome| matches!(outcome, Outcome::Failed { .. })),
        )
    }
}
