//! The model catches wrong drivers that it was not written for, and shows each by a short history.

use decnet_db_conformance::Outcome;

use crate::faults::*;
use crate::run;
use crate::wrapper::Fault;

const CASE: &str = "model::histories::every_history_ends_as_the_model";

/// The most operations of a history that shows a fault.
const SHORT: usize = 4;

fn is_shown_by_a_short_history<F: Fault>() {
    let report = run::<F>(&[CASE]);
    let finished = report.cases.iter().find(|finished| finished.name == CASE).expect("it ran");
    let Outcome::Failed { message } = &finished.outcome else {
        panic!("{} is not caught: {:?}", std::any::type_name::<F>(), finished.outcome);
    };
    println!("{message}\n");
    let operations = message.lines().filter(|line| line.starts_with("  ")).count();
    assert!((1..=SHORT).contains(&operations), "{operations} operations: {message}");
}

macro_rules! caught {
    ($($test:ident: $module:ident::$fault:ident,)+) => {
        $(#[test]
        fn $test() {
            is_shown_by_a_short_history::<$module::$fault>();
        })+
    };
}

caught! {
    reverses_ties: reads::ReversesTies,
    orders_by_id_alone: reads::OrdersByIdAlone,
    takes_wildcards: search::TakesWildcards,
    minds_case: search::MindsCase,
    compares_keys_in_any_case: search::ComparesKeysInAnyCase,
    compares_without_trailing_blanks: search::ComparesWithoutTrailingBlanks,
    loses_the_last_row: writes::LosesTheLastRow,
    upserts_only_new_rows: writes::UpsertsOnlyNewRows,
    always_leaves_duplicates_out: writes::AlwaysLeavesDuplicatesOut,
    ignores_rollback: units::IgnoresRollback,
    commits_each_step: units::CommitsEachStep,
    stops_halfway_when_dropped: units::StopsHalfwayWhenDropped,
    ignores_expectations: units::IgnoresExpectations,
    loses_the_latest_on_closing: lifecycle::LosesTheLatestOnClosing,
    does_not_count_attempts: domains::DoesNotCountAttempts,
}
