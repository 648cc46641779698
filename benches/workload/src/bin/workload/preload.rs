//! What is there before reads are measured.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use decnet_db::Repository;
use decnet_db::sql::{Insert, Unit};
use decnet_db_workload::{
    KEY_VALUE_SEARCH, TOKEN, preloaded_attacker, preloaded_attackers, preloaded_bounties, preloaded_bounty,
    preloaded_log, records,
};
use serde_json::json;

use crate::database::Database;
use crate::measure::{Bench, Calls};
use crate::results::round;
use crate::system;

const BATCH: u64 = 5_000;
const ATTACKERS: u64 = 500;

/// What reads must find, counted while the rows were made.
#[derive(Default)]
pub(crate) struct Expected {
    pub(crate) with_token: u64,
    pub(crate) with_key_values: u64,
    /// Rows by the quarter of an hour in which they happened.
    pub(crate) quarters: BTreeMap<i64, u64>,
    pub(crate) newest: i64,
    pub(crate) addresses: BTreeSet<String>,
}

impl Expected {
    fn note(&mut self, row: &decnet_db_workload::Log) {
        self.with_token += u64::from(row.msg.contains(TOKEN));
        debug_assert_eq!(KEY_VALUE_SEARCH, "service:ssh username:root");
        self.with_key_values += u64::from(
            row.service == "ssh" && row.fields.iter().any(|(k, v)| *k == "username" && v == "root"),
        );
        *self.quarters.entry(row.seconds.div_euclid(900)).or_default() += 1;
        self.newest = self.newest.max(row.seconds);
        if !self.addresses.contains(&row.attacker_ip) {
            self.addresses.insert(row.attacker_ip.clone());
        }
    }
}

/// Makes a new database with so many log rows, and the attackers and bounties that go with them.
pub(crate) async fn fill(bench: &mut Bench, database: &Database, seed: u64, rows: u64) -> Result<Expected> {
    bench.phase(&format!("preload: {rows} logs"));
    let repository = database.fresh().await?;
    let mut expected = Expected::default();
    system::forget_peak();
    let before = system::rss_mb();
    let mut speeds = Vec::new();
    let starts: Vec<u64> = (0..rows).step_by(BATCH as usize).collect();
    bench
        .all("preload_add_logs_5000", Calls::batches(starts.len(), BATCH.min(rows) as usize), async |batch| {
            let start = starts[batch];
            let batch = records::logs((start..(start + BATCH).min(rows)).map(|index| {
                let row = preloaded_log(seed, index, rows);
                expected.note(&row);
                row
            }))?;
            let (count, started) = (batch.len(), Instant::now());
            repository.add_logs(batch).await?;
            let elapsed = started.elapsed();
            speeds.push((count as f64, elapsed.as_secs_f64()));
            Ok(elapsed)
        })
        .await?;
    bench.note("preload_add_logs_5000", "rss_before_mb", json!(round(before, 1)));
    bench.note("preload_add_logs_5000", "peak_rss_mb", json!(round(system::peak_rss_mb(), 1)));
    let rate = |batches: &[(f64, f64)]| {
        let (rows, seconds) =
            batches.iter().fold((0.0, 0.0), |sum, batch| (sum.0 + batch.0, sum.1 + batch.1));
        round(rows / seconds, 1)
    };
    bench.about(
        "preload",
        json!({
            "rows": rows,
            "seconds": round(speeds.iter().map(|(_, seconds)| seconds).sum(), 2),
            "rows_per_s": rate(&speeds),
            "first10_batches_rows_per_s": rate(&speeds[..speeds.len().min(10)]),
            "last10_batches_rows_per_s": rate(&speeds[speeds.len().saturating_sub(10)..]),
        }),
    );
    attackers_and_bounties(bench, &repository, seed, rows).await?;
    bench.about("rss_after_preload_mb", json!(round(system::peak_rss_of_run_mb(), 1)));
    repository.close().await;
    Ok(expected)
}

async fn attackers_and_bounties(
    bench: &mut Bench,
    repository: &Arc<dyn Repository>,
    seed: u64,
    rows: u64,
) -> Result<()> {
    let (attackers, bounties) = (preloaded_attackers(rows), preloaded_bounties(rows));
    bench.phase(&format!("preload: {attackers} attackers, {bounties} bounties"));
    for start in (0..attackers).step_by(ATTACKERS as usize) {
        let mut unit = repository.unit();
        for rank in start..(start + ATTACKERS).min(attackers) {
            unit = unit.upsert_attacker(records::attacker(preloaded_attacker(seed, rank))?);
        }
        unit.commit().await?;
    }
    for start in (0..bounties).step_by(BATCH as usize) {
        let rows = (start..(start + BATCH).min(bounties))
            .map(|index| records::bounty(preloaded_bounty(seed, index, bounties)));
        // Not by `add_bounty`, which looks for each among the bounties of its source: with many that takes longer than all
        // the rest.
        let mut unit = Unit::new();
        unit.insert(Insert::rows(rows.collect::<Result<Vec<_>>>()?)?);
        repository.engine().commit(unit).await?;
    }
    bench.about("attackers", json!(attackers));
    bench.about("bounties", json!(bounties));
    Ok(())
}
