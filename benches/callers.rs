//! How the rate of single-row writes grows with the number of callers, and what reads cost meanwhile.
//!
//!     cargo bench --bench callers [URL]
//!
//! Without a URL: a new SQLite file in the folder for temporary files. With one: that database, which gets the rows.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs, reason = "a bench")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use decnet_db::Repository;
use decnet_db::config::{Config, DatabaseUrl};
use decnet_db::contract::{LogQuery, NewLog};

const SPAN: Duration = Duration::from_secs(2);
const ROUNDS: usize = 3;

fn event(number: u64) -> NewLog {
    NewLog::new(
        format!("decky-{:02}", number % 50),
        "ssh",
        "login_attempt",
        format!("203.0.113.{}", number % 250),
    )
    .raw_line(format!(
        "<134>1 2026-01-01T00:00:00Z decky ssh - login_attempt [relay@55555 n=\"{number}\"] {}",
        "x".repeat(100)
    ))
    .fields(serde_json::json!({"username": "root", "session": number}))
}

/// Writes per second with so many callers; each waits for its own commit.
async fn writes(repository: &Arc<dyn Repository>, callers: usize) -> f64 {
    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let started = Instant::now();
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let (repository, stop, done) = (repository.clone(), stop.clone(), done.clone());
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    repository.add_log(event(done.fetch_add(1, Ordering::Relaxed))).await.unwrap();
                }
            })
        })
        .collect();
    tokio::time::sleep(SPAN).await;
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.unwrap();
    }
    done.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64()
}

/// The times of first pages read one after another until stopped.
async fn pages(repository: Arc<dyn Repository>, stop: Arc<AtomicBool>) -> Vec<Duration> {
    let mut times = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let started = Instant::now();
        repository.get_logs(LogQuery::newest()).await.unwrap();
        times.push(started.elapsed());
    }
    times.sort();
    times
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let url: DatabaseUrl = match std::env::args().skip(1).find(|argument| argument.contains("://")) {
        Some(url) => url.parse().unwrap(),
        None => DatabaseUrl::sqlite(folder.path().join("bench.db")).unwrap(),
    };
    let repository = decnet_db::connect_with(&Config::new(url)).await.unwrap();
    repository.initialize().await.unwrap();
    writes(&repository, 8).await;
    println!("{:>8} {:>12} {:>8}", "callers", "writes/s", "ratio");
    // Alternating, so that a noisy neighbour disturbs all of them.
    let counts = [1_usize, 8, 64, 512];
    let mut rates = vec![Vec::new(); counts.len()];
    for _ in 0..ROUNDS {
        for (position, callers) in counts.into_iter().enumerate() {
            rates[position].push(writes(&repository, callers).await);
        }
    }
    let median = |rates: &mut Vec<f64>| {
        rates.sort_by(f64::total_cmp);
        rates[ROUNDS / 2]
    };
    let rates: Vec<f64> = rates.iter_mut().map(median).collect();
    for (callers, rate) in counts.iter().zip(&rates) {
        println!("{callers:>8} {rate:>12.0} {:>8.2}", rate / rates[0]);
    }
    let stop = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn(pages(repository.clone(), stop.clone()));
    let rate = writes(&repository, 64).await;
    stop.store(true, Ordering::Relaxed);
    let times = reader.await.unwrap();
    let at = |share: f64| times[((times.len() as f64 * share) as usize).min(times.len() - 1)];
    println!(
        "beside 64 writers ({rate:.0}/s): {} first pages, p50 {:?}, p99 {:?}",
        times.len(),
        at(0.5),
        at(0.99)
    );
    repository.close().await;
}
