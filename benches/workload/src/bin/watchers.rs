//! Measures how long events take to reach many watchers of one repository. The result is JSON on standard output.

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use decnet_db::Repository;
use decnet_db::config::{Config, DatabaseUrl};
use decnet_db::contract::LogFilter;
use decnet_db::watch::{Watch, watch};
use decnet_db_workload::{preloaded_log, records};
use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

/// How many events are stored at a time.
const BATCH: u64 = 100;
/// How long a watcher waits for its events when all are stored.
const PATIENCE: Duration = Duration::from_secs(60);

/// Measures how long events take to reach many watchers.
#[derive(Parser)]
#[command(name = "watchers", version, max_term_width = 100)]
struct Arguments {
    /// The database, as sqlite:///PATH or mysql://USER:PASSWORD@HOST/DATABASE; it must have no events
    #[arg(long)]
    url: String,

    #[arg(long, default_value_t = 1_000)]
    watchers: u64,

    /// How many different filters they have: each looks for an address
    #[arg(long, default_value_t = 1_000)]
    filters: u64,

    /// Events that are stored a second
    #[arg(long, default_value_t = 10_000)]
    rate: u64,

    /// For how long, in seconds
    #[arg(long, default_value_t = 10)]
    seconds: u64,
}

/// The address that the filter looks for. None is the beginning of another.
fn address(filter: u64) -> String {
    format!("198.{}.{}.77", 18 + filter / 250, filter % 250)
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    ensure!(
        (1..=arguments.watchers).contains(&arguments.filters),
        "--filters: from 1 to as many as watchers"
    );
    let mut config = Config::new(arguments.url.parse::<DatabaseUrl>().context("--url")?);
    config.seed = config.seed.with_admin_password("bench-password-1");
    let repository = decnet_db::connect_with(&config).await?;
    repository.initialize().await?;
    ensure!(repository.get_total_logs(LogFilter::all()).await? == 0, "{} has events", config.url);

    let batches = (arguments.rate * arguments.seconds).div_ceil(BATCH);
    let events = batches * BATCH;
    let begun = Instant::now();
    let mut tasks = Vec::new();
    for watcher in 0..arguments.watchers {
        let filter = watcher % arguments.filters;
        let expected = (filter..events).step_by(arguments.filters as usize).count();
        tasks.push(receive(&repository, filter, expected, begun).await?);
    }
    let cpu = cpu();
    let started = Instant::now();
    store(&*repository, &arguments, batches, begun).await?;
    let stored = started.elapsed();
    let mut lags = Vec::new();
    for task in tasks {
        lags.extend(task.await??);
    }
    let (cpu, took) = (self::cpu() - cpu, started.elapsed());
    repository.close().await;

    lags.sort_unstable();
    let at = |share: f64| {
        let place = ((lags.len() as f64 * share).ceil() as usize).clamp(1, lags.len().max(1)) - 1;
        lags.get(place).map(|lag| (lag.as_secs_f64() * 10_000.0).round() / 10.0)
    };
    let result = json!({
        "backend": config.url.scheme(),
        "watchers": arguments.watchers,
        "filters": arguments.filters,
        "events_per_s": (events as f64 / stored.as_secs_f64()).round(),
        "delivered": lags.len(),
        "lag_ms": {"p50": at(0.5), "p99": at(0.99), "max": at(1.0)},
        "processors_busy": ((cpu.as_secs_f64() / took.as_secs_f64()) * 100.0).round() / 100.0,
    });
    writeln!(std::io::stdout().lock(), "{}", serde_json::to_string_pretty(&result)?)?;
    Ok(())
}

/// The CPU time of this process.
fn cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// A watcher that receives so many events; how long each took since its batch was to be stored.
async fn receive(
    repository: &Arc<dyn Repository>,
    filter: u64,
    expected: usize,
    begun: Instant,
) -> Result<JoinHandle<Result<Vec<Duration>>>> {
    let mut watcher = watch(repository, Watch::new().search(address(filter))).await?;
    Ok(tokio::spawn(async move {
        let mut lags = Vec::with_capacity(expected);
        while lags.len() < expected {
            let event =
                tokio::time::timeout(PATIENCE, watcher.next()).await.context("an event did not come")?;
            let event = event.context("the repository was closed")??;
            let stored: u64 = event.msg.as_deref().unwrap_or_default().parse().context("msg")?;
            lags.push(begun.elapsed() - Duration::from_nanos(stored));
        }
        Ok(lags)
    }))
}

/// Stores the events at the rate; each says in `msg` when that was, in nanoseconds.
async fn store(
    repository: &dyn Repository,
    arguments: &Arguments,
    batches: u64,
    begun: Instant,
) -> Result<()> {
    let mut ticks = interval(Duration::from_secs_f64(BATCH as f64 / arguments.rate as f64));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for batch in 0..batches {
        let rows = batch * BATCH..(batch + 1) * BATCH;
        let mut logs = records::logs(rows.clone().map(|row| preloaded_log(1, row, batches * BATCH)))?;
        ticks.tick().await;
        let now = begun.elapsed().as_nanos().to_string();
        for (log, row) in logs.iter_mut().zip(rows) {
            log.attacker_ip = address(row % arguments.filters);
            log.msg = Some(now.clone());
        }
        repository.add_logs(logs).await?;
    }
    Ok(())
}
