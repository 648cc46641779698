//! Figures and ratios of samples.

use std::fmt::Write;

use serde::Serialize;

use crate::compare::{Comparison, Outcome};
use crate::op::Op;
use crate::run::Sample;

/// One operation of one layer, in the format of the workload's result files.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs, reason = "the names are the workload's")]
pub struct Figures {
    pub ops_per_s: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub n: u64,
    pub max_ms: f64,
    pub cpu_ms_per_op: f64,
    pub server_cpu_ms_per_op: f64,
    pub other_load: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows_per_s: Option<f64>,
    pub errors: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Figures {
    /// The median rate of the rounds, and the percentiles of all their calls.
    pub fn of(op: Op, rounds: &[Sample]) -> Self {
        let ops_per_s = median(rounds.iter().map(Sample::rate).collect());
        let mut all = Sample::default();
        for round in rounds {
            all.add(round.clone());
        }
        all.latencies.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let rank = (share * all.latencies.len() as f64).ceil() as usize;
            all.latencies.get(rank.saturating_sub(1)).copied().unwrap_or_default()
        };
        let per_call = |seconds: f64| seconds * 1e3 / all.n.max(1) as f64;
        Self {
            ops_per_s,
            p50_ms: at(0.5),
            p99_ms: at(0.99),
            max_ms: at(1.0),
            n: all.n,
            cpu_ms_per_op: per_call(all.cpu),
            server_cpu_ms_per_op: per_call(all.server_cpu),
            other_load: if all.watched > 0.0 { all.other / all.watched } else { 0.0 },
            rows_per_s: (op.rows() > 1).then(|| ops_per_s * op.rows() as f64),
            errors: all.errors,
            error: all.error,
        }
    }
}

impl Figures {
    /// Processor time of a call, wherever it was spent.
    fn cpu(&self) -> f64 {
        self.cpu_ms_per_op + self.server_cpu_ms_per_op
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        n if n % 2 == 1 => values[n / 2],
        n => (values[n / 2 - 1] + values[n / 2]) / 2.0,
    }
}

/// A Markdown table: the rates of all layers and, for each other layer, the ratio of `ours` to it: the median of the
/// rounds, with the least and the greatest in brackets; then, steadier on a busy machine, how much more or less processor
/// time `ours` needs for a call, all rounds together (client and, where its process is known, server).
pub fn table(comparison: &Comparison, outcome: &Outcome, ours: &str) -> String {
    let names: Vec<&str> = comparison.layers.iter().map(|(name, _)| name.as_str()).collect();
    let own = names.iter().position(|name| *name == ours);
    let others: Vec<usize> = (0..names.len()).filter(|index| Some(*index) != own).collect();
    let mut text = String::from("| op/s |");
    for name in &names {
        let _ = write!(text, " {name} |");
    }
    if own.is_some() {
        for other in &others {
            let _ = write!(text, " {ours} / {} | cpu |", names[*other]);
        }
    }
    text.push_str(" other load |\n|---|");
    let columns = names.len() + own.map_or(0, |_| 2 * others.len()) + 1;
    text.push_str(&"--:|".repeat(columns));
    text.push('\n');
    for (op, layers) in &outcome.samples {
        let figures: Vec<Figures> = layers.iter().map(|rounds| Figures::of(*op, rounds)).collect();
        let _ = write!(text, "| {} |", op.name());
        for figures in &figures {
            let mark =
                if figures.errors > 0 { format!(" ({} failed)", figures.errors) } else { String::new() };
            let _ = write!(text, " {}{mark} |", rate(figures.ops_per_s));
        }
        if let Some(own) = own {
            for other in &others {
                let ratios: Vec<f64> = layers[own]
                    .iter()
                    .zip(&layers[*other])
                    .map(|(ours, other)| ours.rate() / other.rate().max(f64::MIN_POSITIVE))
                    .collect();
                let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
                let greatest = ratios.iter().copied().fold(0.0, f64::max);
                let _ = write!(text, " {:.2} ({least:.2}–{greatest:.2}) |", median(ratios));
                let cpu = figures[own].cpu() / figures[*other].cpu().max(f64::MIN_POSITIVE);
                let _ = write!(text, " {cpu:.2} |");
            }
        }
        let load = figures.iter().map(|figures| figures.other_load).fold(0.0, f64::max);
        let _ = writeln!(text, " {load:.2} |");
    }
    text
}

fn rate(rate: f64) -> String {
    if rate >= 100.0 { format!("{rate:.0}") } else { format!("{rate:.2}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(n: u64, seconds: f64) -> Sample {
        let latency = seconds * 1e3 / n as f64;
        Sample {
            n,
            seconds,
            latencies: vec![latency; n as usize],
            cpu: 0.001 * n as f64,
            watched: seconds,
            ..Sample::default()
        }
    }

    #[test]
    fn ratios_are_taken_round_by_round() {
        let op = Op::GetLogsPage1;
        let comparison = Comparison {
            layers: vec![("limit".into(), vec![]), ("ours".into(), vec![])],
            ops: vec![op],
            rounds: 3,
            span: crate::Span { cap: 1, seconds: 1.0 },
            seed: 1,
            rows: 1,
            server: None,
        };
        // The machine was half as fast in the second round, for both.
        let limit = vec![sample(100, 1.0), sample(50, 1.0), sample(100, 1.0)];
        let ours = vec![sample(80, 1.0), sample(40, 1.0), sample(90, 1.0)];
        let samples = [(op, vec![limit, ours])].into();
        let outcome = Outcome { samples, peak_rss_mb: vec![], checks: None };
        let table = table(&comparison, &outcome, "ours");
        assert!(
            table.contains("| get_logs_page1 | 100 | 80.00 | 0.80 (0.80–0.90) | 1.00 | 0.00 |"),
            "{table}"
        );
    }

    #[test]
    fn percentiles_are_nearest_ranks() {
        let mut round = sample(4, 1.0);
        round.latencies = vec![4.0, 1.0, 3.0, 2.0];
        let figures = Figures::of(Op::GetState, &[round]);
        assert_eq!((figures.p50_ms, figures.p99_ms, figures.max_ms), (2.0, 4.0, 4.0));
    }
}
