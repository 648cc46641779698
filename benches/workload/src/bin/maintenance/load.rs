//! Callers that write without a pause, and one that reads what a dashboard shows.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use decnet_db::Repository;
use decnet_db_workload::dashboard::{READS, read_once};
use decnet_db_workload::{op_log, records, streams};
use serde_json::{Value, json};
use tokio::task::JoinSet;

const WRITE: &str = "add_log";
/// A dashboard asks again and again, but not without a pause.
const PAUSE: Duration = Duration::from_millis(5);

/// What the callers share.
#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    written: AtomicU64,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// The seconds of each call.
    calls: BTreeMap<&'static str, Vec<f64>>,
    error: Option<String>,
}

impl Shared {
    fn note(&self, name: &'static str, began: Instant, result: decnet_db::Result<()>) {
        let seconds = began.elapsed().as_secs_f64();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match result {
            Ok(()) => seen.calls.entry(name).or_default().push(seconds),
            Err(error) => seen.error = Some(format!("{name}: {error}")),
        }
    }
}

/// Callers at work.
pub(crate) struct Load {
    shared: Arc<Shared>,
    callers: JoinSet<Result<()>>,
    since: Mutex<Instant>,
}

impl Load {
    pub(crate) fn start(repository: &Arc<dyn Repository>, writers: u64, seed: u64) -> Self {
        let shared = Arc::new(Shared::default());
        let mut callers = JoinSet::new();
        let next = Arc::new(AtomicU64::new(0));
        for _ in 0..writers {
            let (repository, shared, next) = (repository.clone(), shared.clone(), next.clone());
            callers.spawn(async move {
                while !shared.stop.load(Ordering::Relaxed) {
                    let row = op_log(seed, streams::BESIDE, next.fetch_add(1, Ordering::Relaxed));
                    let row = records::log(row)?;
                    let began = Instant::now();
                    let result = repository.add_log(row).await;
                    shared.written.fetch_add(u64::from(result.is_ok()), Ordering::Relaxed);
                    shared.note(WRITE, began, result);
                }
                Ok(())
            });
        }
        let (repository, reading) = (repository.clone(), shared.clone());
        callers.spawn(async move {
            for name in READS.into_iter().cycle() {
                if reading.stop.load(Ordering::Relaxed) {
                    break;
                }
                let began = Instant::now();
                reading.note(name, began, read_once(&*repository, name).await);
                tokio::time::sleep(PAUSE).await;
            }
            Ok(())
        });
        Self { shared, callers, since: Mutex::new(Instant::now()) }
    }

    /// Waits until each read was answered once, and forgets what was measured.
    pub(crate) async fn warm_up(&self) -> Result<()> {
        loop {
            self.check()?;
            let seen = self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner).calls.len();
            if seen > READS.len() {
                self.lap();
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// What was measured since the last time.
    pub(crate) fn lap(&self) -> Lap {
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        let seconds = std::mem::replace(&mut *since, Instant::now()).elapsed().as_secs_f64();
        let mut seen = self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let calls = std::mem::take(&mut seen.calls);
        let calls = calls.into_iter().map(|(name, mut calls)| {
            calls.sort_by(f64::total_cmp);
            (name, calls)
        });
        Lap { seconds, calls: calls.collect() }
    }

    /// Fails if a call has failed.
    pub(crate) fn check(&self) -> Result<()> {
        let seen = self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.error.as_ref().map_or(Ok(()), |error| Err(anyhow!("{error}")))
    }

    /// Ends the callers. Returns how many events they have stored.
    pub(crate) async fn stop(mut self) -> Result<u64> {
        self.shared.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.callers.join_next().await {
            ended??;
        }
        self.check()?;
        Ok(self.shared.written.load(Ordering::Relaxed))
    }
}

/// What was measured in a while.
pub(crate) struct Lap {
    seconds: f64,
    calls: BTreeMap<&'static str, Vec<f64>>,
}

/// Milliseconds of the smallest that is not below a share of them.
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).map_or(0.0, |seconds| (seconds * 1e5).round() / 1e2)
}

impl Lap {
    pub(crate) fn json(&self) -> Value {
        let calls = self.calls.iter().map(|(name, calls)| {
            let figures = json!({
                "n": calls.len(),
                "per_second": (calls.len() as f64 / self.seconds).round(),
                "p50_ms": percentile(calls, 0.5),
                "p99_ms": percentile(calls, 0.99),
                "max_ms": percentile(calls, 1.0),
            });
            ((*name).to_owned(), figures)
        });
        Value::Object(calls.collect())
    }
}

impl fmt::Display for Lap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, calls) in &self.calls {
            let rate = calls.len() as f64 / self.seconds;
            let [p50, p99, max] = [0.5, 0.99, 1.0].map(|share| percentile(calls, share));
            write!(f, "\n  {name:18} {rate:>9.0}/s  p50 {p50:>8} ms  p99 {p99:>8} ms  max {max:>8} ms")?;
        }
        Ok(())
    }
}
