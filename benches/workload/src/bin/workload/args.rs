//! The command line.

use std::fmt;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Parser;

use crate::ops::Selection;

/// Measures decnet-db with the workload of WORKLOAD.md. The result is JSON on standard output, progress goes to standard
/// error.
#[derive(Parser)]
#[command(name = "workload", version, max_term_width = 120)]
pub(crate) struct Arguments {
    /// The database, as sqlite:///PATH or mysql://USER:PASSWORD@HOST/DATABASE; it must be empty, and is emptied again
    #[arg(
        long,
        required_unless_present = "selftest",
        default_value_if("selftest", "true", "sqlite:///none")
    )]
    pub(crate) url: Option<String>,

    /// How many log rows are there before reads are measured: 10000, or 10k, 1M
    #[arg(long, default_value = "10k", value_parser = count)]
    pub(crate) rows: u64,

    /// What all rows follow from; the results in WORKLOAD.md are those of 1
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,

    /// Only these operations, with commas between: get_logs_page1,add_log_seq@N; `extra` and `workload` are groups
    #[arg(long, value_name = "LIST", default_value = "")]
    pub(crate) ops: Selection,

    /// Leave out the operations on empty tables
    #[arg(long)]
    pub(crate) skip_empty: bool,

    /// A file with the database server's process id, to report its CPU time and memory
    #[arg(long, value_name = "FILE")]
    server_pid: Option<PathBuf>,

    /// DELETE what the database of --url holds
    #[arg(long)]
    pub(crate) drop: bool,

    /// Leave the database as it is at the end
    #[arg(long)]
    pub(crate) keep: bool,

    /// Threads of the runtime that the concurrent operations' callers run on
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) workers: u16,

    /// Whether somebody listens to spans and metrics; `bare` leaves out the wrapper that makes them
    #[arg(long, value_enum, default_value_t = Telemetry::Off)]
    pub(crate) telemetry: Telemetry,

    /// Print digests of the rows, and fail unless they are those of WORKLOAD.md
    #[arg(long)]
    pub(crate) selftest: bool,
}

impl Arguments {
    pub(crate) fn server_pid(&self) -> Result<Option<u32>> {
        let Some(path) = &self.server_pid else { return Ok(None) };
        let text =
            std::fs::read_to_string(path).with_context(|| format!("--server-pid: {}", path.display()))?;
        let pid = text
            .trim()
            .parse()
            .with_context(|| format!("--server-pid: {} has no process id", path.display()))?;
        Ok(Some(pid))
    }
}

fn count(text: &str) -> Result<u64, String> {
    let (digits, unit) = match text.char_indices().last() {
        Some((end, 'k')) => (&text[..end], 1_000),
        Some((end, 'M')) => (&text[..end], 1_000_000),
        _ => (text, 1),
    };
    let number: u64 = digits.parse().map_err(|_| "must be a number, such as 10000, 10k or 1M".to_owned())?;
    number.checked_mul(unit).ok_or_else(|| "is too large".to_owned())
}

/// Who listens to what the library says about its calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Telemetry {
    /// The wrapper that makes spans and metrics is not there.
    Bare,
    /// Nobody listens.
    Off,
    /// A subscriber that records spans, and a recorder that sums up metrics.
    On,
}

impl fmt::Display for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bare => "bare",
            Self::Off => "off",
            Self::On => "on",
        })
    }
}
