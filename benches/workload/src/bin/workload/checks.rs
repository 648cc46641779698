//! That the database answers as `WORKLOAD.md` says, before its answers are timed.

use anyhow::{Result, ensure};
use decnet_db::Repository;
use decnet_db::contract::{LogFilter, LogQuery};
use decnet_db::time::Timestamp;
use decnet_db_workload::{KEY_VALUE_SEARCH, TOKEN};
use serde_json::{Value, json};

use crate::preload::Expected;
use crate::results::Pairs;

/// Section 6, for seed 1: rows, the two searches, buckets, the first and the last bucket, the first times of the deep and of
/// the first page, addresses.
type Row = (u64, u64, u64, usize, (&'static str, u64), (&'static str, u64), &'static str, &'static str, u64);

const SEED_1: [Row; 3] = [
    (
        10_000,
        10,
        24,
        2880,
        ("2026-01-01 00:00:00", 4),
        ("2026-01-30 23:45:00", 3),
        "2026-01-03T23:55:44Z",
        "2026-01-30T23:55:35Z",
        2255,
    ),
    (
        100_000,
        106,
        344,
        2880,
        ("2026-01-01 00:00:00", 35),
        ("2026-01-30 23:45:00", 34),
        "2026-01-03T23:59:28Z",
        "2026-01-30T23:59:05Z",
        4863,
    ),
    (
        1_000_000,
        952,
        3456,
        2881,
        ("2026-01-01 00:00:00", 347),
        ("2026-01-31 00:00:00", 4),
        "2026-01-03T23:59:48Z",
        "2026-01-31T00:00:06Z",
        5000,
    ),
];

/// Asks, compares, and returns the answers.
pub(crate) async fn verify(
    repository: &dyn Repository,
    seed: u64,
    rows: u64,
    expected: &Expected,
) -> Result<Value> {
    let histogram = repository.get_log_histogram(LogFilter::all(), 15).await?;
    let deep = repository.get_logs(LogQuery::new().limit(50).offset(rows * 9 / 10)).await?;
    let first = repository.get_logs(LogQuery::new().limit(50)).await?;
    let stats = repository.get_stats_summary().await?;
    let total = repository.get_total_logs(LogFilter::all()).await?;
    let with_token = repository.get_total_logs(LogFilter::all().search(TOKEN)).await?;
    let with_key_values = repository.get_total_logs(LogFilter::all().search(KEY_VALUE_SEARCH)).await?;
    let highest = repository.get_max_log_id().await?;

    ensure!(total == rows, "get_total_logs: {total}, not {rows}");
    ensure!(with_token == expected.with_token, "search {TOKEN}: {with_token}, not {}", expected.with_token);
    ensure!(
        with_key_values == expected.with_key_values,
        "search {KEY_VALUE_SEARCH}: {with_key_values}, not {}",
        expected.with_key_values
    );
    let buckets: Vec<(String, u64)> = histogram.iter().map(|b| (b.time.clone(), b.count)).collect();
    let quarters = expected.quarters.iter().map(|(quarter, count)| Ok((seconds(quarter * 900)?, *count)));
    let quarters = quarters.collect::<Result<Vec<(String, u64)>>>()?;
    ensure!(buckets == quarters, "get_log_histogram: other buckets than those of the rows");
    let newest = first.first().map(|log| log.timestamp.as_seconds_floor());
    ensure!(newest == Some(expected.newest), "get_logs: {newest:?} is not the newest");
    ensure!(stats.total_logs == rows, "get_stats_summary: {} logs, not {rows}", stats.total_logs);
    ensure!(
        stats.unique_attackers == expected.addresses.len() as u64,
        "get_stats_summary: {} attackers, not {}",
        stats.unique_attackers,
        expected.addresses.len()
    );
    ensure!((stats.active_deckies, stats.deployed_deckies) == (0, 0), "get_stats_summary: there are deckies");
    ensure!(deep.len() == 50 && first.len() == 50, "get_logs: a page is not full");
    let ends = (buckets.first(), buckets.last());
    let (Some(oldest_bucket), Some(newest_bucket)) = ends else { anyhow::bail!("get_log_histogram: empty") };

    if let Some(row) = SEED_1.iter().find(|row| seed == 1 && row.0 == rows) {
        let bucket =
            |bucket: &(String, u64), (time, count): (&str, u64)| bucket.0 == time && bucket.1 == count;
        ensure!(
            (with_token, with_key_values, buckets.len(), stats.unique_attackers)
                == (row.1, row.2, row.3, row.8)
                && bucket(oldest_bucket, row.4)
                && bucket(newest_bucket, row.5)
                && deep[0].timestamp == row.6.parse::<Timestamp>()?
                && first[0].timestamp == row.7.parse::<Timestamp>()?,
            "the answers are not those of WORKLOAD.md, section 6, for {rows} rows"
        );
    }
    let keys = serde_json::to_value(&deep[0])?;
    let keys: Vec<&String> = keys.as_object().map(|log| log.keys().collect()).unwrap_or_default();
    let mut checks = Pairs::default();
    for (name, value) in [
        ("total_logs", json!(total)),
        ("total_text", json!(with_token)),
        ("total_kv", json!(with_key_values)),
        ("hist_buckets", json!(buckets.len())),
        ("hist_sum", json!(buckets.iter().map(|(_, count)| count).sum::<u64>())),
        ("hist_first", json!(histogram.first())),
        ("hist_last", json!(histogram.last())),
        ("deep_first_timestamp", json!(deep[0].timestamp)),
        ("page1_first_timestamp", json!(first[0].timestamp)),
        ("stats", json!(stats)),
        ("max_log_id", json!(highest)),
        ("row_keys", json!(keys)),
    ] {
        checks.set(name, value);
    }
    Ok(serde_json::to_value(checks)?)
}

fn seconds(since_1970: i64) -> Result<String> {
    let time = Timestamp::from_microseconds(since_1970 * 1_000_000)?;
    Ok(time.to_sql_text()[..19].to_owned())
}
