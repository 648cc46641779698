//! Searches: rare, absent and common needles, the first time and again; and a dashboard beside a foreign writer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use decnet_db::Repository;
use decnet_db::contract::{LogFilter, LogQuery};
use decnet_db_workload::dashboard::{READS, read_once};
use decnet_db_workload::{TOKEN, op_log, records, streams};
use serde_json::json;

use crate::extra::read_in_turn;
use crate::measure::{Bench, Calls};
use crate::results::round;
use crate::system;

/// A word in every line.
const COMMON: &str = "src_port";
/// How many rows come between two searches of `search_rare_1000_new`.
const NEW: u64 = 1_000;
/// The longest time for each row that the first searches wait for what makes them fast.
const READY: Duration = Duration::from_micros(50);
/// How often the foreign program adds a row, and for how long it is read beside it.
const FOREIGN_PAUSE: Duration = Duration::from_millis(10);
const FOREIGN: Duration = Duration::from_secs(3);

/// The same search as another text, so that nothing is known of it: blanks at the end mean nothing.
fn another(text: &str, number: u64) -> String {
    format!("{text}{}", " ".repeat(number as usize + 1))
}

/// How often each search is timed.
const fn few(most: usize) -> Calls {
    Calls::new(0, most)
}

/// Searches of phase B.
pub(crate) async fn run(bench: &mut Bench, repository: &Arc<dyn Repository>, rows: u64) -> Result<()> {
    let repository = &**repository;
    let total = async |text: String| repository.get_total_logs(LogFilter::all().search(text)).await;
    let page = async |text: String| repository.get_logs(LogQuery::new().search(text).limit(50)).await;
    let names = ["search_rare_first", "search_rare_page_first", "search_absent_first"];
    if names.iter().any(|name| bench.wants(name)) {
        let rss = system::rss_mb();
        let ready = until_ready(&total, rows).await?;
        bench.about("searches_ready_ms", json!(round(ready.as_secs_f64() * 1e3, 1)));
        bench.about("searches_rss_mb", json!(round(system::rss_mb() - rss, 1)));
    }
    bench.sequential("search_rare_first", few(100), |k| Ok(another(TOKEN, k)), total).await?;
    bench.sequential("search_rare_page_first", few(100), |k| Ok(another(TOKEN, 1_000 + k)), page).await?;
    bench.sequential("search_absent_first", few(1_000), |k| Ok(format!("absent-{k:05}-")), total).await?;
    bench.sequential("search_common_first", few(20), |k| Ok(another(COMMON, k)), total).await?;
    bench.sequential("search_rare_again", Calls::new(3, 2_000), |_| Ok(TOKEN.to_owned()), total).await
}

/// The same search again, each time after so many new rows.
pub(crate) async fn with_new_rows(
    bench: &mut Bench,
    repository: &Arc<dyn Repository>,
    seed: u64,
) -> Result<()> {
    let name = "search_rare_1000_new";
    if !bench.wants(name) {
        return Ok(());
    }
    let total = async || repository.get_total_logs(LogFilter::all().search(TOKEN)).await;
    total().await?;
    bench
        .all(name, few(20), async |call| {
            let from = call as u64 * NEW;
            let rows = (from..from + NEW).map(|row| records::log(op_log(seed, streams::BESIDE, row)));
            repository.add_logs(rows.collect::<Result<_>>()?).await?;
            let started = Instant::now();
            total().await?;
            Ok(started.elapsed())
        })
        .await
}

/// Searches for what is absent until that is fast, and says how long it was not. With few rows it is fast from the beginning.
async fn until_ready(total: &impl AsyncFn(String) -> decnet_db::Result<u64>, rows: u64) -> Result<Duration> {
    let most = Duration::from_secs(2) + READY * u32::try_from(rows)?;
    let began = Instant::now();
    let mut slowest = Duration::ZERO;
    for number in 0.. {
        let started = Instant::now();
        total(format!("nowhere-{number}-")).await?;
        slowest = slowest.max(started.elapsed());
        if started.elapsed() < slowest / 10 || began.elapsed() > most {
            break;
        }
    }
    Ok(began.elapsed())
}

/// What a dashboard reads while another program, which this repository knows nothing of, adds a row each 10 ms.
pub(crate) async fn beside_foreign(
    bench: &mut Bench,
    repository: &Arc<dyn Repository>,
    foreign: Arc<dyn Repository>,
    seed: u64,
) -> Result<()> {
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = stop.clone();
    let writer = tokio::spawn(async move {
        let mut ticks = tokio::time::interval(FOREIGN_PAUSE);
        let mut row = 1_000_000;
        while !stopped.load(Ordering::Relaxed) {
            ticks.tick().await;
            foreign.add_log(records::log(op_log(seed, streams::BESIDE, row))?).await?;
            row += 1;
        }
        foreign.close().await;
        anyhow::Ok(())
    });
    for _ in 0..3 {
        for read in READS {
            read_once(&**repository, read).await?;
        }
    }
    let samples = read_in_turn(&**repository, FOREIGN).await;
    stop.store(true, Ordering::Relaxed);
    writer.await??;
    for (name, samples) in READS.iter().zip(samples) {
        bench.put_beside(&format!("{name}@foreign"), samples.outcome(None));
    }
    Ok(())
}
