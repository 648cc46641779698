//! The program of one layer: it runs what it is told on standard input, a line of JSON each, and answers likewise.

use std::io::{BufRead, Write};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::layer::{Layer, Search};
use crate::load::peak_rss;
use crate::op::Op;
use crate::run::{Runner, Sample, Span};

/// What a layer's program is told.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Request {
    /// Use this database from now on.
    Open { url: String, seed: u64, rows: u64, server: Option<u32> },
    /// Say what is in it.
    Check,
    /// Run an operation, named as in the workload.
    Run { op: String, span: Span },
}

/// What it answers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Answer {
    Opened,
    Checked(Checks),
    Ran { sample: Sample, peak_rss_mb: Option<f64> },
    Failed(String),
}

/// What every layer must see in the same database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "named after the calls")]
pub struct Checks {
    pub get_total_logs: u64,
    pub get_total_logs_search_text: u64,
    pub get_total_logs_search_kv: u64,
    pub get_logs: usize,
    pub get_logs_deep: usize,
    pub get_logs_search_kv: usize,
    pub get_logs_search_text: usize,
    pub get_log_histogram: usize,
    pub get_stats_summary: [u64; 4],
    pub get_logs_after_id: usize,
    pub get_bounties: usize,
    pub get_attackers: usize,
    pub get_user_by_username: bool,
    pub get_user_by_username_missing: bool,
    pub get_state_missing: bool,
}

/// Serves requests until standard input ends.
///
/// # Errors
/// When standard input or output fails, or no runtime can be started. What a layer fails at is answered.
pub fn serve<L: Layer>() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut output = std::io::stdout().lock();
    let mut runner = None;
    for line in std::io::stdin().lock().lines() {
        let request = serde_json::from_str(&line?).context("a request")?;
        let answer = runtime.block_on(answer::<L>(&mut runner, request));
        let answer = answer.unwrap_or_else(|error| Answer::Failed(format!("{error:#}")));
        serde_json::to_writer(&mut output, &answer)?;
        writeln!(output)?;
        output.flush()?;
    }
    Ok(())
}

async fn answer<L: Layer>(runner: &mut Option<Runner<L>>, request: Request) -> Result<Answer> {
    Ok(match (request, runner) {
        (Request::Open { url, seed, rows, server }, runner) => {
            *runner = None;
            *runner = Some(Runner::new(L::open(&url).await?, seed, rows, server));
            Answer::Opened
        }
        (_, None) => bail!("no database is open"),
        (Request::Check, Some(runner)) => Answer::Checked(check(&*runner.layer, runner.rows).await?),
        (Request::Run { op, span }, Some(runner)) => {
            let op = Op::named(&op).with_context(|| format!("there is no operation {op}"))?;
            let sample = runner.run(op, span).await?;
            Answer::Ran { sample, peak_rss_mb: peak_rss() }
        }
    })
}

async fn check<L: Layer>(layer: &L, rows: u64) -> Result<Checks> {
    Ok(Checks {
        get_total_logs: layer.get_total_logs(None).await?,
        get_total_logs_search_text: layer.get_total_logs(Some(Search::Text)).await?,
        get_total_logs_search_kv: layer.get_total_logs(Some(Search::Members)).await?,
        get_logs: layer.get_logs(50, 0, None).await?,
        get_logs_deep: layer.get_logs(50, rows.saturating_sub(7), None).await?,
        get_logs_search_kv: layer.get_logs(50, 0, Some(Search::Members)).await?,
        get_logs_search_text: layer.get_logs(50, 0, Some(Search::Text)).await?,
        get_log_histogram: layer.get_log_histogram(15).await?,
        get_stats_summary: layer.get_stats_summary().await?,
        get_logs_after_id: layer.get_logs_after_id(rows as i64 - 11, 500).await?,
        get_bounties: layer.get_bounties(50).await?,
        get_attackers: layer.get_attackers(50).await?,
        get_user_by_username: layer.get_user_by_username(decnet_db_workload::SEED_USER).await?,
        get_user_by_username_missing: layer.get_user_by_username("nobody").await?,
        get_state_missing: layer.get_state("nothing").await?,
    })
}
