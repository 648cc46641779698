//! The table of what was survived.

use std::fmt::Write as _;
use std::path::Path;

/// A line of it.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// What went wrong.
    pub(crate) fault: String,
    /// How that was brought about.
    pub(crate) how: String,
    /// How many times.
    pub(crate) times: u64,
    /// What is promised.
    pub(crate) promise: String,
    /// What was seen.
    pub(crate) result: String,
    /// What repeats it.
    pub(crate) seed: u64,
}

/// What other tests hold, each time that all tests run.
const ELSEWHERE: [(&str, &str, &str); 6] = [
    (
        "`ingest` is killed while it reads a capture",
        "each line is stored once, each rejected line is kept once",
        "`tests/ingest/killed.rs`",
    ),
    (
        "`copy` between databases is killed",
        "the next one completes it, nothing is there twice",
        "`tests/cli/copying.rs`, `tests/operator/faults.rs`",
    ),
    (
        "retention is killed",
        "the next one goes on; only what the policy names is gone",
        "`tests/retention/command.rs`",
    ),
    (
        "a call is dropped at any of its await points",
        "it happened whole or not at all; connections stay fit for use",
        "kit: `cancellation::every_method`",
    ),
    (
        "the MariaDB server is away, full or read-only; connections are cut",
        "no caller waits longer than the time-outs; reads go on unnoticed",
        "`drivers/mysql/tests/server/faults.rs`",
    ),
    (
        "the nodes of a cluster are killed under load",
        "as `docs/engines.md` says for each cluster",
        "`tests/clusters`",
    ),
];

/// Writes the table.
pub(crate) fn write(path: &Path, rows: &[Row]) -> anyhow::Result<()> {
    let mut text = "# Reliability\n\nWhat goes wrong, and what is there afterwards. `tests/crash/run` writes this file: it makes the \
                    faults, and compares the whole\ndatabase with every answer that callers got. The same seed chooses the same writes and moments again; \
                    how far a process is by then\nis up to the machine. A short run is part of all tests.\n\n"
        .to_owned();
    writeln!(text, "Last run: {}, {}.\n", jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC"), version())?;
    text.push_str("| fault | how it is made | times | promise | seen | seed |\n|---|---|--:|---|---|--:|\n");
    for row in rows {
        let Row { fault, how, times, promise, result, seed } = row;
        writeln!(text, "| {fault} | {how} | {times} | {promise} | {result} | {seed} |")?;
    }
    text.push_str("\nOther faults have tests of their own, part of all tests except those of clusters, which are started by hand:\n\n| fault | promise | test |\n|---|---|---|\n");
    for (fault, promise, test) in ELSEWHERE {
        writeln!(text, "| {fault} | {promise} | {test} |")?;
    }
    text.push_str(
        "\nNot shown yet: a loss of power, and I/O errors, below SQLite. A killed process loses nothing that the kernel has; what a loss of \
         power may\ntake is said in the README (`durability`).\n",
    );
    std::fs::write(path, text)?;
    Ok(())
}

fn version() -> String {
    format!("decnet-db {}, SQLite {}", env!("CARGO_PKG_VERSION"), rusqlite::version())
}
