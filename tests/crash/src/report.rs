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

const HEAD: &str =
    "| fault | how it is made | times | promise | seen | seed | when |\n|---|---|--:|---|---|--:|---|\n";

/// Writes the table; of faults that were not made this time, the lines stay as they are.
pub(crate) fn write(path: &Path, rows: &[Row]) -> anyhow::Result<()> {
    let mut text = "# Reliability\n\nWhat goes wrong, and what is there afterwards. `tests/crash/run` writes this file: it makes the \
                    faults, and compares the whole\ndatabase with every answer that callers got. The same seed chooses the same writes and moments again; \
                    how far a process is by then\nis up to the machine. A short run is part of all tests.\n\n"
        .to_owned();
    text.push_str(HEAD);
    let now = format!("{}, {}", jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC"), version());
    let mut lines: Vec<(String, String)> = Vec::new();
    for Row { fault, how, times, promise, result, seed } in rows {
        lines.push((
            fault.clone(),
            format!("| {fault} | {how} | {times} | {promise} | {result} | {seed} | {now} |\n"),
        ));
    }
    let before = std::fs::read_to_string(path).unwrap_or_default();
    let before = before.split_once(HEAD).map_or("", |(_, rows)| rows);
    for line in before.lines().take_while(|line| line.starts_with('|')) {
        let fault = line.trim_start_matches('|').split('|').next().unwrap_or_default().trim();
        if lines.iter().all(|(known, _)| known != fault) {
            lines.push((fault.to_owned(), format!("{line}\n")));
        }
    }
    lines.sort_by_key(|(fault, _)| place(fault));
    text.extend(lines.into_iter().map(|(_, line)| line));
    text.push_str("\nOther faults have tests of their own, part of all tests except those of clusters, which are started by hand:\n\n| fault | promise | test |\n|---|---|---|\n");
    for (fault, promise, test) in ELSEWHERE {
        writeln!(text, "| {fault} | {promise} | {test} |")?;
    }
    text.push_str(BELOW);
    std::fs::write(path, text)?;
    Ok(())
}

/// Where a fault's line stands, whichever of them were made last.
fn place(fault: &str) -> usize {
    ["the process", "the server", "the power", "input and", "the network", "many processes"]
        .iter()
        .position(|begin| fault.starts_with(begin))
        .unwrap_or(usize::MAX)
}

/// What the losses of power show, and what they don't.
const BELOW: &str = "
The power fails only in the harness: the program's own `open`, `write`, `fsync` and so on stand before those of the C library and note what SQLite
and the driver do to the files; from that the files are rebuilt as a loss of power may leave them. What was synced is there; of the rest, names of
files included, anything may be there or not. Not shown: a disk that lies about syncs, and one that spoils what it has stored.
";

fn version() -> String {
    format!("{}, SQLite {}", env!("CARGO_PKG_VERSION"), rusqlite::version())
}
