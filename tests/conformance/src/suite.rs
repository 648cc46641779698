//! Running cases.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use decnet_db_core::config::DatabaseUrl;
use decnet_db_core::registry::Registry;

use crate::case::Case;
use crate::catalogue;
use crate::harness::{Given, Harness};
use crate::report::{Finished, Report};
use crate::second_process::{Again, serve_if_asked};

/// Runs all cases in the empty database of a URL, one after the other, with the driver that is linked into this program for
/// its scheme. All tables are dropped in between and at the end. The cases that need a second database are reported as not
/// run: give [`Suite`] a [`Harness`] for those.
///
/// Some cases start this program a second time, with the same arguments: `run` ends the program there when it has done the
/// second process's work. Call it early in `main`; for `#[test]`s there is [`suite!`](crate::suite).
///
/// ```no_run
/// // use my_driver as _;
/// fn main() -> decnet_db_core::Result<()> {
///     let url = std::env::args().nth(1).unwrap_or_else(|| "tin://localhost/empty".to_owned());
///     let report = decnet_db_conformance::run(&url)?;
///     println!("{report}");
///     std::process::exit(if report.failures().is_empty() { 0 } else { 1 })
/// }
/// ```
///
/// # Errors
/// `Configuration` for a URL that does not parse, `UnknownDriver` when no driver that is linked serves it. What goes wrong
/// later is in the report.
#[track_caller]
pub fn run(url: &str) -> decnet_db_core::Result<Report> {
    let url: DatabaseUrl = url.parse()?;
    let driver = *Registry::collect(&[], &[]).find(url.scheme())?;
    Ok(Suite::new(Given::new(driver, [url])).run())
}

/// All cases or some of them, for one harness.
///
/// ```no_run
/// # use decnet_db_conformance::{Files, Suite};
/// # fn harness() -> Files { unimplemented!() }
/// let report = Suite::new(harness()).only("units::").run();
/// println!("{report}");
/// ```
pub struct Suite {
    harness: Arc<dyn Harness>,
    only: Vec<String>,
    threads: usize,
    limit: Duration,
    again: Option<Vec<String>>,
}

impl Suite {
    /// All cases.
    pub fn new(harness: impl Harness) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Self { harness: Arc::new(harness), only: Vec::new(), threads, limit: LIMIT, again: None }
    }

    /// Only cases whose names begin with this; several calls add to each other.
    #[must_use]
    pub fn only(mut self, prefix: &str) -> Self {
        self.only.push(prefix.to_owned());
        self
    }

    /// So many cases at the same time, but not more than the harness has databases; as many as there are processors
    /// otherwise.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// A case that takes longer has failed; five minutes otherwise.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// The arguments with which this program, started once more, comes to this very call of [`run`](Self::run); the same
    /// ones otherwise. In a `#[test]` of Rust's own: `["--exact", "path::of_the_test"]`.
    #[must_use]
    pub fn again(mut self, arguments: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.again = Some(arguments.into_iter().map(Into::into).collect());
        self
    }

    /// Runs them. Panics are caught: a case that panics has failed. Must not be called from async code.
    ///
    /// In a second process that a case has started this does what the case wants of it and ends the process, or returns an
    /// empty report when another suite is meant. Suites are told apart by the place of this call and the driver's name.
    #[track_caller]
    pub fn run(self) -> Report {
        let driver = self.harness.driver();
        let again = Again {
            suite: format!("{} {}", std::panic::Location::caller(), driver.name),
            arguments: self.again.clone().unwrap_or_else(|| std::env::args().skip(1).collect()),
        };
        if serve_if_asked(&self.harness, &again.suite) {
            return Report { driver, cases: Vec::new() };
        }
        let cases: Vec<&Case> = catalogue::all().filter(|case| self.wants(case.name)).collect();
        let next = AtomicUsize::new(0);
        let done = Mutex::new(Vec::with_capacity(cases.len()));
        // A case may hold two databases: with three, two at once would wait for each other.
        let threads = self.threads.clamp(1, (self.harness.databases() / 2).max(1));
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let began = Instant::now();
                        let outcome = case.execute(&self.harness, &again, self.limit, false);
                        let finished = Finished {
                            name: case.name,
                            promise: case.promise(),
                            outcome,
                            took: began.elapsed(),
                        };
                        done.lock().unwrap_or_else(PoisonError::into_inner).push(finished);
                    }
                });
            }
        });
        let mut finished = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        let position = |name: &str| cases.iter().position(|case| case.name == name);
        finished.sort_by_key(|finished: &Finished| position(finished.name));
        Report { driver, cases: finished }
    }

    /// The names and promises of all cases.
    pub fn catalogue() -> impl Iterator<Item = (&'static str, String)> {
        catalogue::all().map(|case| (case.name, case.promise()))
    }

    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|prefix| name.starts_with(prefix.as_str()))
    }
}

impl std::fmt::Debug for Suite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Suite")
            .field("driver", &self.harness.driver())
            .field("only", &self.only)
            .finish_non_exhaustive()
    }
}

/// A case that takes longer hangs.
pub(crate) const LIMIT: Duration = Duration::from_secs(300);
