//! The kit bites: drivers with one deliberate fault each, on real SQLite files, and the case that catches each of them.
#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by a panic")]
#![allow(clippy::print_stdout, reason = "what each case found is shown with --nocapture")]

mod faults;
mod list;
mod model;
mod rewrite;
mod wrapper;

use std::io::Write as _;
use std::time::Duration;

use decnet_db_conformance::{Files, Outcome, Report, Suite};
use decnet_db_core::config::DatabaseUrl;

use crate::list::WRONG_DRIVERS;
use crate::wrapper::{Fault, driver};

/// What hangs is caught too, but not by what a case asserts.
const LIMIT: Duration = Duration::from_secs(60);

/// Runs these cases on the SQLite driver with this fault.
fn run<F: Fault>(cases: &[&str]) -> Report {
    let suite = Suite::new(Files::new(driver::<F>(), |folder| DatabaseUrl::sqlite(folder.join("decnet.db"))));
    let report = cases.iter().fold(suite.limit(LIMIT), |suite, case| suite.only(case)).run();
    for case in cases {
        assert!(report.cases.iter().any(|finished| finished.name == *case), "the kit has no case {case}");
    }
    report
}

/// The named case fails, by what it asserts.
fn is_caught<F: Fault>(case: &str) {
    let report = run::<F>(&[case]);
    let finished = report.cases.iter().find(|finished| finished.name == case).expect("it ran");
    match &finished.outcome {
        Outcome::Failed { message } => {
            assert!(!message.contains("not ended within"), "{case} only hangs: {message}");
            println!("{case}: {message}");
        }
        outcome => panic!("{} is not caught by {case}: {outcome:?}", std::any::type_name::<F>()),
    }
}

#[derive(Debug, Default)]
struct NoFault;

impl Fault for NoFault {}

#[test]
fn without_a_fault_the_same_cases_pass() {
    let mut cases: Vec<_> = WRONG_DRIVERS.iter().map(|(_, case)| *case).collect();
    cases.sort_unstable();
    cases.dedup();
    run::<NoFault>(&cases).assert_green();
}

#[test]
fn the_readme_lists_them() {
    let mut table = String::from("| A driver that … | is caught by |\n|---|---|\n");
    for (fault, case) in WRONG_DRIVERS {
        table.push_str(&format!("| {} | `{case}` |\n", fault.trim().trim_end_matches('.')));
    }
    // Past the capture of the test harness: this is what a reader of the log wants to see.
    writeln!(std::io::stderr(), "{table}").expect("standard error is open");
    let readme = include_str!("../../README.md");
    assert!(readme.contains(&table), "the table in README.md is another one than this:\n{table}");
}
