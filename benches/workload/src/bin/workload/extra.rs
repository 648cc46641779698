//! What the original's workload lacks: exports, callers by number, a long mix, and reads beside writers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use decnet_db::Repository;
use decnet_db::contract::LogFilter;
use decnet_db_workload::dashboard::{READS, read_once};
use decnet_db_workload::{op_log, records, streams};
use serde_json::json;
use tokio::task::JoinSet;

use crate::database::Database;
use crate::measure::{Bench, Calls, Samples};
use crate::results::round;
use crate::{logs, system};

const PAGE: u64 = 1000;
const CALLERS: [(&str, usize); 4] = [
    ("add_log_callers_1", 1),
    ("add_log_callers_8", 8),
    ("add_log_callers_64", 64),
    ("add_log_callers_512", 512),
];
const LONG: u64 = 60_000;
const WRITERS: u64 = 64;
const WRITING: Duration = Duration::from_secs(3);
/// How often either repository has its turn in `ingest`, and for how long.
const TURNS: usize = 6;
const TURN: Duration = Duration::from_secs(1);

/// Everything by pages, each turned into JSON, as an export does it: the memory must not grow with the table.
pub(crate) async fn exports(bench: &mut Bench, repository: &Arc<dyn Repository>, rows: u64) -> Result<()> {
    if bench.wants("export_logs") {
        let (mut after, mut exported, mut bytes) = (None, 0, 0);
        let pages = rows.div_ceil(PAGE) as usize;
        let before = begin();
        bench
            .all("export_logs", Calls::batches(pages, PAGE as usize), async |_| {
                let started = Instant::now();
                let page = repository.get_logs_page(PAGE, LogFilter::all(), after.take()).await?;
                for log in &page.data {
                    bytes += serde_json::to_string(log)?.len();
                }
                exported += page.data.len() as u64;
                after = page.next;
                Ok(started.elapsed())
            })
            .await?;
        ensure!(exported == rows, "export_logs: {exported} rows instead of {rows}");
        end(bench, "export_logs", before, bytes);
    }
    if bench.wants("export_attackers") {
        let attackers = repository.get_total_attackers(Default::default()).await?;
        let (mut after, mut exported, mut bytes) = (None, 0, 0);
        let pages = attackers.div_ceil(PAGE) as usize;
        let before = begin();
        bench
            .all("export_attackers", Calls::batches(pages, PAGE.min(attackers) as usize), async |_| {
                let started = Instant::now();
                let page = repository.export_attackers(PAGE, after.take()).await?;
                for attacker in &page.data {
                    bytes += serde_json::to_string(attacker)?.len();
                }
                exported += page.data.len() as u64;
                after = page.next;
                Ok(started.elapsed())
            })
            .await?;
        ensure!(exported == attackers, "export_attackers: {exported} rows instead of {attackers}");
        end(bench, "export_attackers", before, bytes);
    }
    Ok(())
}

fn begin() -> f64 {
    system::forget_peak();
    system::rss_mb()
}

fn end(bench: &mut Bench, name: &str, rss_before: f64, bytes: usize) {
    bench.note(name, "rss_before_mb", json!(round(rss_before, 1)));
    bench.note(name, "peak_rss_mb", json!(round(system::peak_rss_mb(), 1)));
    bench.note(name, "bytes", json!(bytes));
}

/// Writes that the original's workload lacks.
pub(crate) async fn writes(bench: &mut Bench, repository: &Arc<dyn Repository>, seed: u64) -> Result<()> {
    for (name, callers) in CALLERS {
        let rows = (seed, streams::CALLERS + callers as u64);
        logs::by_callers(bench, name, repository, rows, callers, LONG).await?;
    }
    logs::mixed(bench, "mixed_c64_long", repository, (seed, streams::MIXED_LONG), LONG).await?;
    if bench.wants("reads@writing") {
        beside_writers(bench, repository, seed).await?;
    }
    Ok(())
}

/// 64 callers that add rows without a pause.
struct Writers {
    stop: Arc<AtomicBool>,
    began: Instant,
    tasks: JoinSet<Result<Samples>>,
}

impl Writers {
    /// Starts them; `next` is the number of the next row.
    fn start(repository: &Arc<dyn Repository>, seed: u64, next: &Arc<AtomicU64>) -> Self {
        let (stop, mut tasks) = (Arc::new(AtomicBool::new(false)), JoinSet::new());
        for _ in 0..WRITERS {
            let (repository, stop, next) = (repository.clone(), stop.clone(), next.clone());
            tasks.spawn(async move {
                let mut samples = Samples::default();
                while !stop.load(Ordering::Relaxed) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let row = records::log(op_log(seed, streams::BESIDE, number))?;
                    let began = Instant::now();
                    samples.add(repository.add_log(row).await, began.elapsed());
                }
                anyhow::Ok(samples)
            });
        }
        Self { stop, began: Instant::now(), tasks }
    }

    /// What they did, and in how many seconds.
    async fn end(mut self) -> Result<(Samples, f64)> {
        self.stop.store(true, Ordering::Relaxed);
        let mut written = Samples::default();
        while let Some(writer) = self.tasks.join_next().await {
            written.append(writer??);
        }
        Ok((written, self.began.elapsed().as_secs_f64()))
    }
}

/// 64 callers add rows without a pause, while one caller reads all that a dashboard shows, one after another.
async fn beside_writers(bench: &mut Bench, repository: &Arc<dyn Repository>, seed: u64) -> Result<()> {
    let writers = Writers::start(repository, seed, &Arc::default());
    let reader = repository.clone();
    let reading = tokio::spawn(async move {
        // A dashboard polls all the time: what the first answers cost, many rows after the last ones, is not what it sees.
        for read in READS {
            read_once(&*reader, read).await?;
        }
        anyhow::Ok(read_in_turn(&*reader, WRITING).await)
    });
    let samples = reading.await??;
    let (written, wall) = writers.end().await?;
    for (name, samples) in READS.iter().zip(samples) {
        bench.put_beside(&format!("{name}@writing"), samples.outcome(None));
    }
    bench.put_beside("add_log_c64@reading", written.outcome(Some(wall)));
    Ok(())
}

/// What ingesting costs because of what is known of events: the same callers through a repository that was just opened and knows
/// nothing, and through the one that knows all that it can, in turn.
pub(crate) async fn ingest(
    bench: &mut Bench,
    database: &Database,
    known: &Arc<dyn Repository>,
    seed: u64,
) -> Result<()> {
    if !bench.wants("ingest@known") {
        return Ok(());
    }
    let next = Arc::new(AtomicU64::new(2_000_000));
    let mut sums: [(Samples, f64); 2] = Default::default();
    for turn in 0..TURNS {
        let unknown = database.open().await?;
        // Who comes first changes, since the table grows.
        for which in [turn % 2, 1 - turn % 2] {
            let repository = [&unknown, known][which];
            let writers = Writers::start(repository, seed, &next);
            tokio::time::sleep(TURN).await;
            let (written, wall) = writers.end().await?;
            sums[which].0.append(written);
            sums[which].1 += wall;
        }
        unknown.close().await;
    }
    for (name, (written, wall)) in ["ingest@unknown", "ingest@known"].into_iter().zip(sums) {
        bench.put_beside(name, written.outcome(Some(wall)));
    }
    Ok(())
}

/// All that a dashboard shows, one read after another, again and again for so long.
pub(crate) async fn read_in_turn(repository: &dyn Repository, time: Duration) -> [Samples; READS.len()] {
    let mut samples: [Samples; READS.len()] = Default::default();
    let first = Instant::now();
    for read in (0..READS.len()).cycle() {
        let began = Instant::now();
        if began - first >= time {
            break;
        }
        let result = read_once(repository, READS[read]).await;
        samples[read].add(result, began.elapsed());
    }
    samples
}
