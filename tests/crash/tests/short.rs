//! A short run of the harness.

use std::process::Command;

/// Kills lose, double and tear nothing: forty of processes and four of a server.
#[test]
fn kills_lose_double_and_tear_nothing() {
    let status = Command::new(env!("CARGO_BIN_EXE_crash")).env_remove("CRASH_REPORT").status();
    assert!(status.is_ok_and(|status| status.success()), "see above");
}
