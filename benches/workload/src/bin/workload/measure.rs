//! How an operation is measured: one call after another, or many callers at once.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::ops::Selection;
use crate::results::{Outcome, Pairs, Report, milliseconds, percentile, round};
use crate::system;

/// An operation takes no more than this, give or take a call.
const BUDGET: Duration = Duration::from_secs(3);
/// … unless it has fewer than three calls by then; then it has so long.
const HARD_LIMIT: Duration = Duration::from_secs(60);
/// After so many failures an operation is given up.
const FAILURES: usize = 20;
/// So many inputs are made at a time, and then used without a pause: making one costs more than some calls.
const BLOCK: usize = 64;

/// How often an operation is called.
pub(crate) struct Calls {
    pub(crate) cap: usize,
    pub(crate) warm: usize,
    /// How many rows a call writes, for batches.
    pub(crate) rows: Option<usize>,
}

impl Calls {
    pub(crate) const fn new(warm: usize, cap: usize) -> Self {
        Self { cap, warm, rows: None }
    }

    /// So many batches, none of them a warm-up.
    pub(crate) const fn batches(count: usize, rows: usize) -> Self {
        Self { cap: count, warm: 0, rows: Some(rows) }
    }
}

/// What the clocks said when an operation began.
struct Snapshot {
    at: Instant,
    own: f64,
    server: f64,
    machine: Option<f64>,
}

/// The latencies and failures of an operation.
#[derive(Default)]
pub(crate) struct Samples {
    seconds: Vec<f64>,
    errors: Pairs<u64>,
}

impl Samples {
    pub(crate) fn add(&mut self, result: Result<(), decnet_db::Error>, elapsed: Duration) {
        match result {
            Ok(()) => self.seconds.push(elapsed.as_secs_f64()),
            Err(error) => {
                let text: String = format!("{:?}: {error}", error.kind()).chars().take(160).collect();
                match self.errors.0.iter_mut().find(|(known, _)| *known == text) {
                    Some((_, count)) => *count += 1,
                    None => self.errors.0.push((text, 1)),
                }
            }
        }
    }

    fn failures(&self) -> usize {
        self.errors.0.iter().map(|(_, count)| *count as usize).sum()
    }

    pub(crate) fn append(&mut self, other: Self) {
        self.seconds.extend(other.seconds);
        for (text, count) in other.errors.0 {
            let known = self.errors.0.iter().find(|(known, _)| *known == text).map_or(0, |(_, count)| *count);
            self.errors.set(&text, known + count);
        }
    }

    fn total(&self) -> f64 {
        self.seconds.iter().sum()
    }

    /// Rate and percentiles; the rate is by the sum of the latencies unless the time that passed is given.
    pub(crate) fn outcome(mut self, elapsed: Option<f64>) -> Outcome {
        let n = self.seconds.len();
        let elapsed = elapsed.unwrap_or_else(|| self.total());
        self.seconds.sort_by(f64::total_cmp);
        Outcome {
            ops_per_s: if n > 0 && elapsed > 0.0 { round(n as f64 / elapsed, 2) } else { 0.0 },
            p50_ms: percentile(&self.seconds, 0.5).map(|seconds| milliseconds(seconds, 4)),
            p99_ms: percentile(&self.seconds, 0.99).map(|seconds| milliseconds(seconds, 4)),
            n,
            max_ms: self.seconds.last().map(|seconds| milliseconds(*seconds, 3)),
            errors: self.errors,
            ..Outcome::default()
        }
    }
}

/// All results of a run.
pub(crate) struct Bench {
    ops: Selection,
    server: Option<u32>,
    outcomes: Pairs<Outcome>,
    about: Pairs<Value>,
}

impl Bench {
    pub(crate) fn new(ops: Selection, server: Option<u32>) -> Self {
        Self { ops, server, outcomes: Pairs::default(), about: Pairs::default() }
    }

    /// Whether the operation is to be measured; `name@when` for those that are measured more than once.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.ops.wants(name)
    }

    /// Notes something about the run as a whole.
    pub(crate) fn about(&mut self, name: &str, value: Value) {
        self.about.set(name, value);
    }

    pub(crate) fn phase(&self, name: &str) {
        eprintln!("{name}");
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot {
            own: system::cpu_seconds(),
            server: self.server.map_or(0.0, system::cpu_seconds_of),
            machine: system::machine_cpu_seconds(),
            at: Instant::now(),
        }
    }

    fn put(&mut self, name: &str, mut outcome: Outcome, before: &Snapshot, cpu: f64, rows: Option<usize>) {
        let wall = before.at.elapsed().as_secs_f64();
        let calls = outcome.n.max(1) as f64;
        let own = system::cpu_seconds() - before.own;
        let server = self.server.map_or(0.0, system::cpu_seconds_of) - before.server;
        outcome.cpu_ms_per_op = Some(milliseconds(cpu / calls, 4));
        outcome.server_cpu_ms_per_op = self.server.map(|_| milliseconds(server / calls, 4));
        if let (Some(now), Some(then)) = (system::machine_cpu_seconds(), before.machine) {
            // What neither this process nor the server used.
            let other = (now - then - own - server) / (wall * system::processors() as f64);
            outcome.other_load = Some(round(other.max(0.0), 2));
        }
        outcome.rows_per_s = rows.map(|rows| round(outcome.ops_per_s * rows as f64, 1));
        Self::show(name, &outcome);
        self.outcomes.set(name, outcome);
    }

    fn show(name: &str, outcome: &Outcome) {
        let ms = |figure: Option<f64>| figure.map_or_else(|| "-".to_owned(), |ms| format!("{ms:.4}"));
        eprintln!(
            "  {name:28} {:>12.1} op/s  p50 {:>10}  p99 {:>10}  n {:>6}  other {:.2}{}{}",
            outcome.ops_per_s,
            ms(outcome.p50_ms),
            ms(outcome.p99_ms),
            outcome.n,
            outcome.other_load.unwrap_or(0.0),
            if outcome.errors.is_empty() { "" } else { "  ERRORS: " },
            outcome.errors.0.iter().map(|(text, n)| format!("{n} x {text}")).collect::<Vec<_>>().join("; "),
        );
    }

    /// Adds to what was reported of an operation.
    pub(crate) fn note(&mut self, name: &str, member: &str, value: Value) {
        if let Some((_, outcome)) = self.outcomes.0.iter_mut().find(|(known, _)| known == name) {
            outcome.more.set(member, value);
        }
    }

    /// What was measured while something else was the subject.
    pub(crate) fn put_beside(&mut self, name: &str, outcome: Outcome) {
        Self::show(name, &outcome);
        self.outcomes.set(name, outcome);
    }

    /// One caller: each call begins when the one before has ended. The rate is by the sum of the latencies.
    pub(crate) async fn sequential<T, R>(
        &mut self,
        name: &str,
        calls: Calls,
        mut make: impl FnMut(u64) -> Result<T>,
        call: impl AsyncFn(T) -> decnet_db::Result<R>,
    ) -> Result<()> {
        if !self.wants(name) {
            return Ok(());
        }
        let mut next = 0;
        for _ in 0..calls.warm {
            // A failure comes again when it counts.
            let _ = call(make(next)?).await;
            next += 1;
        }
        let block = if calls.rows.is_some() { 1 } else { BLOCK };
        let mut samples = Samples::default();
        let (mut cpu, mut spent, mut done) = (0.0, Duration::ZERO, 0);
        let before = self.snapshot();
        let over = |done: usize, spent: Duration| {
            done >= calls.cap || spent >= HARD_LIMIT || (spent >= BUDGET && done >= 3)
        };
        while !over(done, spent) && samples.failures() < FAILURES {
            let inputs = (0..block.min(calls.cap - done)).map(|_| {
                next += 1;
                make(next - 1)
            });
            let inputs = inputs.collect::<Result<Vec<T>>>()?;
            let cpu_before = system::cpu_seconds();
            for input in inputs {
                let started = Instant::now();
                let result = call(input).await.map(drop);
                let elapsed = started.elapsed();
                spent += elapsed;
                samples.add(result, elapsed);
                done = samples.seconds.len();
                if over(done, spent) {
                    break;
                }
            }
            cpu += system::cpu_seconds() - cpu_before;
        }
        let outcome = samples.outcome(None);
        self.put(name, outcome, &before, cpu, calls.rows);
        Ok(())
    }

    /// One caller, exactly so many calls however long they take; the call says how long it took.
    pub(crate) async fn all(
        &mut self,
        name: &str,
        calls: Calls,
        mut call: impl AsyncFnMut(usize) -> Result<Duration>,
    ) -> Result<()> {
        let mut samples = Samples::default();
        let before = self.snapshot();
        for number in 0..calls.cap {
            samples.add(Ok(()), call(number).await?);
        }
        let cpu = system::cpu_seconds() - before.own;
        self.put(name, samples.outcome(None), &before, cpu, calls.rows);
        Ok(())
    }

    /// Many callers that take their inputs from one list; the first of them are a warm-up. The rate is by the time that
    /// passes. `kinds` names what `kind` tells apart; then each kind's latencies are reported too.
    pub(crate) async fn concurrent<T, F>(
        &mut self,
        name: &str,
        callers: usize,
        inputs: Vec<T>,
        kinds: &[&str],
        kind: impl Fn(&T) -> usize + Clone + Send + 'static,
        call: impl Fn(T) -> F + Clone + Send + 'static,
    ) -> Result<()>
    where
        T: Send + 'static,
        F: Future<Output = decnet_db::Result<()>> + Send,
    {
        let mut inputs = inputs.into_iter();
        let mut warming = JoinSet::new();
        for input in inputs.by_ref().take(callers) {
            let call = call.clone();
            warming.spawn(async move { call(input).await });
        }
        while let Some(done) = warming.join_next().await {
            let _ = done?;
        }
        let inputs = Arc::new(Mutex::new(inputs));
        let mut tasks = JoinSet::new();
        let before = self.snapshot();
        let started = Instant::now();
        for _ in 0..callers {
            let (inputs, call, kind) = (inputs.clone(), call.clone(), kind.clone());
            let mut samples: Vec<Samples> = (0..kinds.len().max(1)).map(|_| Samples::default()).collect();
            tasks.spawn(async move {
                loop {
                    let began = Instant::now();
                    if began - started >= BUDGET {
                        break;
                    }
                    let next = inputs.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some(input) = next else { break };
                    let kind = kind(&input);
                    let result = call(input).await;
                    samples[kind].add(result, began.elapsed());
                }
                samples
            });
        }
        let mut samples: Vec<Samples> = (0..kinds.len().max(1)).map(|_| Samples::default()).collect();
        while let Some(done) = tasks.join_next().await {
            for (all, one) in samples.iter_mut().zip(done.map_err(|error| anyhow!("{name}: {error}"))?) {
                all.append(one);
            }
        }
        let wall = started.elapsed().as_secs_f64();
        let cpu = system::cpu_seconds() - before.own;
        let mut all = Samples::default();
        let mut parts = Vec::new();
        for part in samples {
            all.seconds.extend(&part.seconds);
            for (text, count) in &part.errors.0 {
                all.errors.set(text, *count);
            }
            parts.push(part.outcome(Some(wall)));
        }
        self.put(name, all.outcome(Some(wall)), &before, cpu, None);
        for (kind, part) in kinds.iter().zip(parts) {
            let figures =
                [("p50_ms", json!(part.p50_ms)), ("p99_ms", json!(part.p99_ms)), ("n", json!(part.n))];
            for (figure, value) in figures {
                self.note(name, &format!("{kind}_{figure}"), value);
            }
        }
        Ok(())
    }

    /// Everything, as JSON.
    pub(crate) fn finish(mut self) -> Result<String> {
        self.about("rss_end_mb", json!(round(system::rss_mb(), 1)));
        if let Some(pid) = self.server {
            let (peak, now) = system::server_memory_mb(pid);
            self.about("server_VmHWM_mb", json!(round(peak, 1)));
            self.about("server_VmRSS_mb", json!(round(now, 1)));
        }
        self.about("load_after", json!(system::load()));
        self.about("ended", json!(system::now()));
        Report { outcomes: self.outcomes, about: self.about }.to_json()
    }
}
