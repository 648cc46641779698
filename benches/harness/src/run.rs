//! Timing one operation for a short while.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use decnet_db_workload as workload;
use decnet_db_workload::streams;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::layer::{Layer, Search};
use crate::load::{Load, Used};
use crate::op::{Op, Phase};

/// How long a run lasts: the shorter of both.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Span {
    /// Calls.
    pub cap: u64,
    /// Seconds; three calls are made in any case.
    pub seconds: f64,
}

/// What one run of one operation showed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Sample {
    /// Calls that succeeded.
    pub n: u64,
    /// Rows that they wrote.
    pub rows: u64,
    /// Calls that failed.
    pub errors: u64,
    /// What the first one of those said.
    pub error: Option<String>,
    /// What the rate is taken from: the sum of the latencies of sequential calls, the wall time of concurrent ones.
    pub seconds: f64,
    /// Of each call, in milliseconds.
    pub latencies: Vec<f64>,
    /// Processor seconds of the layer's process.
    pub cpu: f64,
    /// Processor seconds of the database server.
    pub server_cpu: f64,
    /// Share of the machine that anything else used, times the seconds that it was watched for.
    pub other: f64,
    /// Those seconds.
    pub watched: f64,
}

/// Inputs that are made at once, so that making them is no part of what is measured.
const CHUNK: u64 = 256;
/// Callers of the concurrent operations.
const CALLERS: u64 = 64;
/// Rows of a batch.
const BATCH: u64 = 500;

/// Runs operations on one layer's database, each time with the inputs that follow those of the last run.
pub(crate) struct Runner<L: Layer> {
    pub(crate) layer: Arc<L>,
    pub(crate) seed: u64,
    pub(crate) rows: u64,
    pub(crate) server: Option<u32>,
    next: HashMap<Op, u64>,
}

/// An input of the mix.
enum Mixed<T> {
    Page,
    Add(T),
}

impl<L: Layer> Runner<L> {
    pub(crate) fn new(layer: L, seed: u64, rows: u64, server: Option<u32>) -> Self {
        Self { layer: Arc::new(layer), seed, rows, server, next: HashMap::new() }
    }

    /// Runs the operation; the first time with its warm-up calls before.
    pub(crate) async fn run(&mut self, op: Op, span: Span) -> Result<Sample> {
        let warm = if self.next.contains_key(&op) { 0 } else { op.warm() };
        let from = self.next.get(&op).copied().unwrap_or_default();
        let (seed, rows) = (self.seed, self.rows);
        let sequential = Sequential { server: self.server, layer: &*self.layer, op, from, warm, span };
        let sample = match op {
            Op::AddLogSeq(phase) => {
                let stream = if phase == Phase::Empty { streams::SEQ_EMPTY } else { streams::SEQ };
                sequential.run(|k| L::log(workload::op_log(seed, stream, k)), L::add_log).await
            }
            Op::AddLogs500(phase) => {
                let stream = if phase == Phase::Empty { streams::BATCH_EMPTY } else { streams::BATCH };
                let batch = |k: u64| {
                    let rows = BATCH * k..BATCH * (k + 1);
                    rows.map(|row| L::log(workload::op_log(seed, stream, row))).collect::<Result<Vec<_>>>()
                };
                sequential.run(batch, L::add_logs).await
            }
            Op::GetLogsPage1 => sequential.read(async |layer: &L| layer.get_logs(50, 0, None).await).await,
            Op::GetLogsDeep => {
                sequential.read(async |layer: &L| layer.get_logs(50, rows * 9 / 10, None).await).await
            }
            Op::GetLogsSearchKv => {
                sequential.read(async |layer: &L| layer.get_logs(50, 0, Some(Search::Members)).await).await
            }
            Op::GetLogsSearchText => {
                sequential.read(async |layer: &L| layer.get_logs(50, 0, Some(Search::Text)).await).await
            }
            Op::GetTotalLogs => sequential.read(async |layer: &L| layer.get_total_logs(None).await).await,
            Op::GetTotalLogsSearchText => {
                sequential.read(async |layer: &L| layer.get_total_logs(Some(Search::Text)).await).await
            }
            Op::GetLogHistogram => sequential.read(async |layer: &L| layer.get_log_histogram(15).await).await,
            Op::GetStatsSummary => sequential.read(async |layer: &L| layer.get_stats_summary().await).await,
            Op::GetLogsAfterId => {
                let id = |k| Ok(workload::after_id(seed, k, rows) as i64);
                sequential.run(id, async |layer: &L, id| layer.get_logs_after_id(id, 500).await).await
            }
            Op::GetBountiesPage1 => sequential.read(async |layer: &L| layer.get_bounties(50).await).await,
            Op::GetAttackersPage1 => sequential.read(async |layer: &L| layer.get_attackers(50).await).await,
            Op::GetUserByUsername => {
                sequential.read(async |layer: &L| layer.get_user_by_username(workload::SEED_USER).await).await
            }
            Op::SetState => {
                let state = |k| L::state(workload::state_key(k), workload::state_value(k));
                sequential.run(state, L::set_state).await
            }
            Op::GetState => {
                sequential
                    .run(
                        |k| Ok(workload::state_key(k)),
                        async |layer: &L, key: String| layer.get_state(&key).await,
                    )
                    .await
            }
            Op::UpsertAttackerNew => {
                sequential.run(|k| L::attacker(workload::new_attacker(seed, k)), L::upsert_attacker).await
            }
            Op::UpsertAttackerExisting => {
                let attackers = workload::preloaded_attackers(rows);
                let attacker = |k| L::attacker(workload::existing_attacker(seed, k, attackers));
                sequential.run(attacker, L::upsert_attacker).await
            }
            Op::AddBountyNew => {
                sequential.run(|k| L::bounty(workload::new_bounty(seed, k)), L::add_bounty).await
            }
            Op::AddBountyDup => {
                let bounties = workload::preloaded_bounties(rows);
                let bounty = |k| {
                    let index = workload::Rng::at(seed, streams::DUPLICATE_BOUNTY, k).below(bounties);
                    L::bounty(workload::preloaded_bounty(seed, index, bounties))
                };
                sequential.run(bounty, L::add_bounty).await
            }
            Op::AddLogC64(_) | Op::MixedC64 => self.concurrent(op, from, warm, span).await,
        }?;
        // Calls that failed took inputs too; those of concurrent ones are not used twice either.
        let used = match op {
            Op::AddLogC64(_) | Op::MixedC64 => warm + span.cap,
            _ => warm + sample.n + sample.errors,
        };
        self.next.insert(op, from + used);
        Ok(sample)
    }

    async fn concurrent(&self, op: Op, from: u64, warm: u64, span: Span) -> Result<Sample> {
        let seed = self.seed;
        let (stream, mixed) = match op {
            Op::AddLogC64(Phase::Empty) => (streams::C64_EMPTY, false),
            Op::AddLogC64(Phase::Full) => (streams::C64, false),
            _ => (streams::MIXED, true),
        };
        let input = |k| {
            Ok(if mixed && workload::mixed_reads(seed, k) {
                Mixed::Page
            } else {
                Mixed::Add(L::log(workload::op_log(seed, stream, k))?)
            })
        };
        let all: Vec<_> = (from..from + warm + span.cap).map(input).collect::<Result<_>>()?;
        let mut all = all.into_iter();
        let first: Vec<_> = all.by_ref().take(warm as usize).collect();
        let cores = std::thread::available_parallelism().map_or(1, Into::into) as u64;
        // A layer that stands for the engine writes groups; the mix is divided among as many threads as there are processors.
        let (callers, lot) = match (L::GROUPS, mixed) {
            (true, true) => (cores, CALLERS),
            (true, false) => (1, CALLERS),
            (false, _) => (CALLERS, 1),
        };
        let endless = Span { cap: span.cap, seconds: f64::MAX };
        self.callers(first.into_iter(), callers, lot, endless).await?;
        let before = Load::now(self.server);
        let began = Instant::now();
        let mut sample = self.callers(all, callers, lot, span).await?;
        sample.seconds = began.elapsed().as_secs_f64();
        sample.note(before.until(Load::now(self.server)), sample.seconds);
        Ok(sample)
    }

    async fn callers(
        &self,
        inputs: std::vec::IntoIter<Mixed<L::Log>>,
        callers: u64,
        lot: u64,
        span: Span,
    ) -> Result<Sample> {
        let inputs = Arc::new(Mutex::new(inputs));
        let began = Instant::now();
        let tasks: Vec<_> = (0..callers)
            .map(|_| {
                let (layer, inputs) = (self.layer.clone(), inputs.clone());
                tokio::spawn(async move {
                    let mut sample = Sample::default();
                    while began.elapsed().as_secs_f64() < span.seconds {
                        let taken: Vec<_> = inputs.lock().await.by_ref().take(lot as usize).collect();
                        if taken.is_empty() {
                            break;
                        }
                        let calls = taken.len() as u64;
                        let from = Instant::now();
                        let done = serve_lot(&*layer, taken).await;
                        sample.count(calls, from.elapsed(), done);
                    }
                    sample
                })
            })
            .collect();
        let mut sample = Sample::default();
        for task in tasks {
            sample.add(task.await?);
        }
        Ok(sample)
    }
}

async fn serve_lot<L: Layer>(layer: &L, mut lot: Vec<Mixed<L::Log>>) -> Result<()> {
    if !L::GROUPS {
        return match lot.pop() {
            Some(Mixed::Page) => layer.get_logs(50, 0, None).await.map(drop),
            Some(Mixed::Add(log)) => layer.add_log(log).await,
            None => Ok(()),
        };
    }
    let mut adds = Vec::with_capacity(lot.len());
    for input in lot {
        match input {
            Mixed::Page => drop(layer.get_logs(50, 0, None).await?),
            Mixed::Add(log) => adds.push(log),
        }
    }
    if adds.is_empty() { Ok(()) } else { layer.add_group(adds).await }
}

/// One call after the other.
struct Sequential<'a, L> {
    layer: &'a L,
    server: Option<u32>,
    op: Op,
    from: u64,
    warm: u64,
    span: Span,
}

impl<'a, L: Layer> Sequential<'a, L> {
    async fn read<T>(self, call: impl AsyncFn(&'a L) -> Result<T>) -> Result<Sample> {
        self.run(|_| Ok(()), async |layer, ()| call(layer).await).await
    }

    async fn run<I, T>(
        self,
        input: impl Fn(u64) -> Result<I>,
        call: impl AsyncFn(&'a L, I) -> Result<T>,
    ) -> Result<Sample> {
        let mut sample = Sample::default();
        let mut k = self.from;
        for _ in 0..self.warm {
            call(self.layer, input(k)?).await?;
            k += 1;
        }
        // Batches are large and few: making 256 of them would need their memory.
        let chunk = if self.op.rows() > 1 { 8 } else { CHUNK };
        let end = k + self.span.cap;
        let enough = |sample: &Sample| sample.seconds >= self.span.seconds && sample.n + sample.errors >= 3;
        while k < end && !enough(&sample) {
            let inputs: Vec<I> = (k..end.min(k + chunk)).map(&input).collect::<Result<_>>()?;
            let (before, watched) = (Load::now(self.server), Instant::now());
            for input in inputs {
                let from = Instant::now();
                let done = call(self.layer, input).await;
                let took = from.elapsed();
                k += 1;
                sample.seconds += took.as_secs_f64();
                sample.count(1, took, done.map(drop));
                if enough(&sample) {
                    break;
                }
            }
            sample.note(before.until(Load::now(self.server)), watched.elapsed().as_secs_f64());
        }
        sample.rows = sample.n * self.op.rows();
        Ok(sample)
    }
}

impl Sample {
    fn count(&mut self, calls: u64, took: Duration, done: Result<()>) {
        match done {
            Ok(()) => {
                self.n += calls;
                self.latencies.push(took.as_secs_f64() * 1e3);
            }
            Err(error) => {
                self.errors += calls;
                self.error.get_or_insert_with(|| format!("{error:#}"));
            }
        }
    }

    fn note(&mut self, used: Used, seconds: f64) {
        self.cpu += used.own;
        self.server_cpu += used.server;
        self.other += used.other * seconds;
        self.watched += seconds;
    }

    /// Adds what another run, or another caller, showed.
    pub(crate) fn add(&mut self, other: Self) {
        self.n += other.n;
        self.rows += other.rows;
        self.errors += other.errors;
        self.error = self.error.take().or(other.error);
        self.seconds += other.seconds;
        self.latencies.extend(other.latencies);
        self.cpu += other.cpu;
        self.server_cpu += other.server_cpu;
        self.other += other.other;
        self.watched += other.watched;
    }

    /// Calls a second.
    pub fn rate(&self) -> f64 {
        if self.seconds > 0.0 { self.n as f64 / self.seconds } else { 0.0 }
    }
}
