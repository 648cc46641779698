//! Measures what callers feel while the database is looked after: deleting old events, a backup, a copy, each by the
//! command-line tool in a process of its own, as an operator runs it. The result is JSON on standard output.

mod load;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Parser;
use decnet_db::Repository;
use decnet_db::config::{Config, DatabaseUrl};
use decnet_db::contract::LogFilter;
use decnet_db::time::Timestamp;
use decnet_db_workload::{Rng, SPAN_US, T0_US, preloaded_log, records};
use serde_json::{Map, Value, json};

use load::Load;

const BATCH: u64 = 5_000;
/// How often the file of SQLite's log is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// Measures what callers feel while the database is looked after.
#[derive(Parser)]
#[command(name = "maintenance", version, max_term_width = 100)]
struct Arguments {
    /// The database, as sqlite:///PATH or mysql://USER:PASSWORD@HOST/DATABASE; it is filled if it has no events
    #[arg(long)]
    url: String,

    /// How many events it is filled with
    #[arg(long, default_value_t = 100_000)]
    rows: u64,

    /// What is done meanwhile
    #[arg(long, value_enum)]
    task: Task,

    /// The share of the events that `prune` deletes, the oldest
    #[arg(long, default_value_t = 0.9)]
    share: f64,

    /// Where to: a URL for `copy`, a file for `backup`
    #[arg(long, required_if_eq("task", "copy"), required_if_eq("task", "backup"))]
    to: Option<String>,

    /// The command-line tool
    #[arg(long, value_name = "FILE", default_value = "target/release/decnet-db")]
    tool: PathBuf,

    /// How often the tool is killed, and run again
    #[arg(long, default_value_t = 0)]
    kills: u32,

    /// The longest time until the tool is killed, in milliseconds
    #[arg(long, default_value_t = 2_000)]
    kill_within: u64,

    /// Callers that add events without a pause
    #[arg(long, default_value_t = 64)]
    writers: u64,

    /// How long callers are measured alone, before the task and after it, in seconds
    #[arg(long, default_value_t = 10)]
    seconds: u64,

    /// What rows and the moments of kills follow from
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
enum Task {
    Prune,
    Backup,
    Copy,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let mut config = Config::new(arguments.url.parse::<DatabaseUrl>().context("--url")?);
    config.seed = config.seed.with_admin_password("bench-password-1");
    let repository = decnet_db::connect_with(&config).await?;
    repository.initialize().await?;
    fill(&*repository, &arguments).await?;
    let before = repository.get_total_logs(LogFilter::all()).await?;
    // What has this time or a later one stays.
    let time = Timestamp::from_microseconds(T0_US + (SPAN_US as f64 * arguments.share) as i64)?;
    let stay = repository.get_total_logs(LogFilter::all().start_time(time)).await?;

    let alone = Duration::from_secs(arguments.seconds);
    let load = Load::start(&repository, arguments.writers, arguments.seed);
    load.warm_up().await?;
    tokio::time::sleep(alone).await;
    let first = load.lap();
    eprintln!("alone: {first}");
    let logs = Logs::watch(&config);
    let began = Instant::now();
    let (kills, last) = run(&arguments, time, &load).await?;
    let took = began.elapsed();
    let log = logs.stop();
    let beside = load.lap();
    eprintln!("beside {:?} of {took:.1?}: {beside}", arguments.task);
    tokio::time::sleep(alone).await;
    let after = load.lap();
    eprintln!("alone again: {after}");
    let written = load.stop().await?;

    let expected = written + if arguments.task == Task::Prune { stay } else { before };
    let total = repository.get_total_logs(LogFilter::all()).await?;
    let figures = figures(&*repository).await?;
    repository.close().await;
    let repository = decnet_db::connect_with(&config).await?;
    let anew = self::figures(&*repository).await?;
    repository.close().await;
    ensure!(total == expected, "{total} events are there, {expected} should be");
    ensure!(figures == anew, "figures: {figures:?}, as counted anew: {anew:?}");

    let mut result = Map::new();
    result.insert("task".into(), json!(format!("{:?}", arguments.task).to_lowercase()));
    result.insert("backend".into(), json!(config.url.scheme()));
    result.insert("rows".into(), json!(before));
    result.insert("rows_left".into(), json!(total));
    result.insert("seconds".into(), json!((took.as_secs_f64() * 10.0).round() / 10.0));
    result.insert("kills".into(), json!(kills));
    result.insert("largest_log_mib".into(), log.map_or(Value::Null, |bytes| json!(bytes >> 20)));
    result.insert("alone".into(), first.json());
    result.insert("beside".into(), beside.json());
    result.insert("alone_again".into(), after.json());
    result.insert("tool".into(), last);
    writeln!(std::io::stdout().lock(), "{}", serde_json::to_string_pretty(&result)?)?;
    Ok(())
}

/// Events as the workload has them, unless there are some.
async fn fill(repository: &dyn Repository, arguments: &Arguments) -> Result<()> {
    if repository.get_total_logs(LogFilter::all()).await? > 0 {
        return Ok(());
    }
    let rows = arguments.rows;
    for start in (0..rows).step_by(BATCH as usize) {
        let batch = (start..(start + BATCH).min(rows)).map(|row| preloaded_log(arguments.seed, row, rows));
        repository.add_logs(records::logs(batch)?).await?;
    }
    eprintln!("filled with {rows} events");
    Ok(())
}

/// What the figures say: events, sources, and events by buckets of a day.
async fn figures(repository: &dyn Repository) -> Result<(u64, u64, Vec<u64>)> {
    let stats = repository.get_stats_summary().await?;
    let days = repository.get_log_histogram(LogFilter::all(), 1_440).await?;
    Ok((stats.total_logs, stats.unique_attackers, days.into_iter().map(|day| day.count).collect()))
}

/// Runs the tool until it succeeds, and kills it as often as was asked for. Returns how often it was killed, and what it printed.
async fn run(arguments: &Arguments, time: Timestamp, load: &Load) -> Result<(u32, Value)> {
    let to = arguments.to.as_deref().unwrap_or_default();
    let mut command = tokio::process::Command::new(&arguments.tool);
    command.env_clear().stdout(Stdio::piped()).kill_on_drop(true).arg("--json");
    match arguments.task {
        Task::Prune => {
            command.args(["--url", &arguments.url, "prune", "--yes", "--older-than", &time.to_string()]);
        }
        Task::Backup => {
            command.args(["--url", &arguments.url, "backup", "--overwrite", to]);
        }
        Task::Copy => {
            command.args(["copy", "--live", "--from", &arguments.url, "--to", to]);
        }
    }
    let mut moments = Rng::at(arguments.seed, 0, 0);
    let mut kills = 0;
    loop {
        let child = command.spawn().with_context(|| arguments.tool.display().to_string())?;
        let done = child.wait_with_output();
        let output = if kills < arguments.kills {
            let moment = Duration::from_millis(1 + moments.below(arguments.kill_within.max(1)));
            // Dropping the child kills it, with SIGKILL.
            match tokio::time::timeout(moment, done).await {
                Ok(output) => output?,
                Err(_) => {
                    kills += 1;
                    continue;
                }
            }
        } else {
            done.await?
        };
        load.check()?;
        let text = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            bail!("the tool ended with {}: {text}", output.status);
        }
        return Ok((kills, serde_json::from_str(&text).unwrap_or(Value::Null)));
    }
}

/// Looks at the size of SQLite's log again and again.
struct Logs {
    stop: Arc<AtomicBool>,
    largest: Arc<AtomicU64>,
    known: bool,
}

impl Logs {
    fn watch(config: &Config) -> Self {
        let known = config.url.scheme() == "sqlite";
        let (stop, largest) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        if known {
            let file = format!("{}-wal", config.url.database());
            let (stop, largest) = (Arc::clone(&stop), Arc::clone(&largest));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let bytes = std::fs::metadata(Path::new(&file)).map_or(0, |file| file.len());
                    largest.fetch_max(bytes, Ordering::Relaxed);
                    tokio::time::sleep(LOOK).await;
                }
            });
        }
        Self { stop, largest, known }
    }

    /// The largest size, in bytes; none of a server.
    fn stop(self) -> Option<u64> {
        self.stop.store(true, Ordering::Relaxed);
        self.known.then(|| self.largest.load(Ordering::Relaxed))
    }
}
