//! Short runs of the harness.

use std::process::Command;

fn holds(part: &str) {
    let status = Command::new(env!("CARGO_BIN_EXE_crash")).arg(part).env_remove("CRASH_REPORT").status();
    assert!(status.is_ok_and(|status| status.success()), "see above");
}

/// Kills lose, double and tear nothing: forty of processes and four of a server.
#[test]
fn kills_lose_double_and_tear_nothing() {
    holds("kills");
}

/// Four hundred losses of power corrupt and tear nothing, and lose what may be lost.
#[test]
fn losses_of_power_take_what_they_may_and_corrupt_nothing() {
    holds("power");
}

/// Sixty I/O errors are answered with the truth, and losses of power after them take what they may.
#[test]
fn io_errors_are_answered_with_the_truth_and_corrupt_nothing() {
    holds("io-errors");
}

/// Sixty faults of the network double and tear nothing, and keep nobody waiting.
#[test]
fn faults_of_the_network_keep_nobody_waiting_and_double_nothing() {
    holds("network");
}

/// Many processes at once, for three seconds on each engine, get true answers.
#[test]
fn many_processes_at_once_get_true_answers() {
    holds("contention");
}
