//! What the engine itself can do with decnet-db's tables, and how near decnet-db comes to it.
//!
//!     cargo run --release -p decnet-db-limit -- --url sqlite:////tmp/limit.db --rows 100k --against
//!
//! See README.md beside this package.

#![allow(clippy::print_stdout, reason = "a bench")]

mod mysql;
mod ours;
mod prepare;
mod records;
mod sqlite;
mod times;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use clap::{Parser, Subcommand};
use decnet_db_harness::{Comparison, Figures, OPS, Op, Outcome, Span, compare, serve, table};
use serde_json::{Map, Value, json};

use crate::prepare::Place;

#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    serve: Option<Serve>,
    /// Where databases are made: `sqlite:////folder/name.db`, or a MySQL URL whose account may create databases. Those
    /// whose names begin so are replaced.
    #[arg(long)]
    url: Option<String>,
    /// Log rows that are there before anything is measured: a number, or one with `k` or `M`.
    #[arg(long, default_value = "100k", value_parser = count)]
    rows: u64,
    /// Measure decnet-db too, in turns.
    #[arg(long)]
    against: bool,
    /// Leave out the hand-written loops.
    #[arg(long)]
    no_limit: bool,
    /// Measure another layer too: NAME=PROGRAM, with arguments separated by blanks.
    #[arg(long = "with", value_name = "NAME=PROGRAM")]
    others: Vec<String>,
    /// How often each layer gets its turn for an operation.
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// How long a turn lasts at most, in seconds.
    #[arg(long, default_value_t = 0.6)]
    seconds: f64,
    /// How many calls it has at most.
    #[arg(long, default_value_t = 3_000)]
    cap: u64,
    /// Only operations whose names begin so; several are separated by commas.
    #[arg(long, value_delimiter = ',')]
    ops: Vec<String>,
    /// Decides about the rows.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The process id of the database server on this machine, to tell its work from that of others.
    #[arg(long)]
    server_pid: Option<u32>,
    /// A folder for the result files, one per layer, in the format of the workload.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Leave the databases where they are.
    #[arg(long)]
    keep: bool,
}

#[derive(Debug, Subcommand)]
enum Serve {
    /// The program of one layer, for the comparison to start: `limit`, `limit-mysql` or `ours`.
    Serve { layer: String },
}

/// `100k` is 100,000, `1M` is 1,000,000.
fn count(text: &str) -> Result<u64, String> {
    let (digits, unit) = match text.strip_suffix('k') {
        Some(digits) => (digits, 1_000),
        None => text.strip_suffix('M').map_or((text, 1), |digits| (digits, 1_000_000)),
    };
    let number: u64 = digits.parse().map_err(|error| format!("{error}: say 10k, 100000 or 1M"))?;
    number.checked_mul(unit).ok_or_else(|| "too many".to_owned())
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    match &arguments.serve {
        Some(Serve::Serve { layer }) => match layer.as_str() {
            "limit" => serve::<sqlite::Sqlite>(),
            "limit-mysql" => serve::<mysql::Mysql>(),
            "ours" => serve::<ours::Ours>(),
            other => bail!("there is no layer {other}"),
        },
        None => run(&arguments),
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let url = arguments.url.clone().context("--url is needed")?;
    let own = std::env::current_exe()?.to_string_lossy().into_owned();
    let itself = |layer: &str| vec![own.clone(), "serve".to_owned(), layer.to_owned()];
    let mut layers = Vec::new();
    if !arguments.no_limit {
        let limit = if url.starts_with("sqlite:") { "limit" } else { "limit-mysql" };
        layers.push(("limit".to_owned(), itself(limit)));
    }
    if arguments.against {
        layers.push(("ours".to_owned(), itself("ours")));
    }
    for other in &arguments.others {
        let (name, program) = other.split_once('=').context("--with takes NAME=PROGRAM")?;
        layers.push((name.to_owned(), program.split_whitespace().map(str::to_owned).collect()));
    }
    let wanted = |op: &Op| {
        arguments.ops.is_empty() || arguments.ops.iter().any(|prefix| op.name().starts_with(prefix.as_str()))
    };
    let comparison = Comparison {
        layers,
        ops: OPS.into_iter().filter(wanted).collect(),
        rounds: arguments.rounds.max(1),
        span: Span { cap: arguments.cap, seconds: arguments.seconds },
        seed: arguments.seed,
        rows: arguments.rows,
        server: arguments.server_pid,
    };
    ensure!(!comparison.ops.is_empty(), "no operation has a name that begins so");
    let place = Place::new(url, arguments.seed, arguments.rows);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let names = || comparison.layers.iter().map(|(name, _)| name.as_str());
    runtime.block_on(place.remove(names()))?;
    let outcome = compare(&comparison, |layer, empty| runtime.block_on(place.make(layer, empty)))?;
    if !arguments.keep {
        runtime.block_on(place.remove(names()))?;
    }
    println!("{}", table(&comparison, &outcome, "ours"));
    for ((name, _), peak) in comparison.layers.iter().zip(&outcome.peak_rss_mb) {
        println!("peak memory of {name}: {:.0} MiB", peak.unwrap_or_default());
    }
    if let Some(folder) = &arguments.out {
        write(folder, &comparison, &outcome, place.backend())?;
    }
    Ok(())
}

/// One file per layer, in the format of the workload's result files.
fn write(folder: &PathBuf, comparison: &Comparison, outcome: &Outcome, backend: &str) -> Result<()> {
    fs::create_dir_all(folder)?;
    for (position, (name, _)) in comparison.layers.iter().enumerate() {
        let mut document = Map::new();
        for op in OPS {
            if let Some(layers) = outcome.samples.get(&op) {
                let figures = Figures::of(op, &layers[position]);
                document.insert(op.name().to_owned(), serde_json::to_value(figures)?);
            }
        }
        let meta: Value = json!({
            "layer": name, "backend": backend, "rows": comparison.rows, "seed": comparison.seed,
            "rounds": comparison.rounds, "seconds": comparison.span.seconds,
            "cpus": std::thread::available_parallelism()?.get(),
            "peak_rss_mb": outcome.peak_rss_mb[position], "checks": outcome.checks,
        });
        document.insert("_meta".to_owned(), meta);
        let file = folder.join(format!("{name}_{backend}_{}_s{}.json", comparison.rows, comparison.seed));
        fs::write(&file, serde_json::to_string_pretty(&document)? + "\n")
            .with_context(|| format!("writing {}", file.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn rows_may_be_thousands_and_millions() {
        assert_eq!(count("100k"), Ok(100_000));
        assert_eq!(count("2M"), Ok(2_000_000));
        assert_eq!(count("12"), Ok(12));
        assert!(count("k").is_err() && count("").is_err() && count("20000000000000M").is_err());
    }
}
