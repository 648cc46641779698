//! Phases A and D: log writes, and the mix of writes and reads.

use std::sync::Arc;

use anyhow::Result;
use decnet_db::Repository;
use decnet_db::contract::{LogQuery, NewLog};
use decnet_db_workload::{mix_of_stream_reads, op_log, records, streams};

use crate::database::Database;
use crate::measure::{Bench, Calls};

const SEQUENTIAL: usize = 4000;
const CONCURRENT: u64 = 6000;
const BATCHES: usize = 60;
const BATCH: u64 = 500;
const CALLERS: usize = 64;

/// One caller, one row each.
async fn one_by_one(
    bench: &mut Bench,
    name: &str,
    repository: &Arc<dyn Repository>,
    seed: u64,
    stream: u64,
) -> Result<()> {
    let make = |k| records::log(op_log(seed, stream, k));
    bench.sequential(name, Calls::new(20, SEQUENTIAL), make, async |row| repository.add_log(row).await).await
}

/// Many callers, one row each; `count` rows beside those of the warm-up.
pub(crate) async fn by_callers(
    bench: &mut Bench,
    name: &str,
    repository: &Arc<dyn Repository>,
    (seed, stream): (u64, u64),
    callers: usize,
    count: u64,
) -> Result<()> {
    if !bench.wants(name) {
        return Ok(());
    }
    let rows = records::logs((0..count + callers as u64).map(|k| op_log(seed, stream, k)))?;
    let repository = repository.clone();
    let call = move |row| {
        let repository = repository.clone();
        async move { repository.add_log(row).await }
    };
    bench.concurrent(name, callers, rows, &[], |_| 0, call).await
}

/// One caller, 500 rows in each commit.
async fn in_batches(
    bench: &mut Bench,
    name: &str,
    repository: &Arc<dyn Repository>,
    seed: u64,
    stream: u64,
) -> Result<()> {
    let calls = Calls { rows: Some(BATCH as usize), ..Calls::new(2, BATCHES) };
    let make = |k| records::logs((k * BATCH..(k + 1) * BATCH).map(|k| op_log(seed, stream, k)));
    bench.sequential(name, calls, make, async |rows| repository.add_logs(rows).await).await
}

/// Each on a database of its own.
pub(crate) async fn on_empty_tables(bench: &mut Bench, database: &Database, seed: u64) -> Result<()> {
    bench.phase("empty tables");
    if bench.wants("add_log_seq@empty") {
        let repository = database.fresh().await?;
        one_by_one(bench, "add_log_seq@empty", &repository, seed, streams::SEQ_EMPTY).await?;
        repository.close().await;
    }
    if bench.wants("add_log_c64@empty") {
        let repository = database.fresh().await?;
        let rows = (seed, streams::C64_EMPTY);
        by_callers(bench, "add_log_c64@empty", &repository, rows, CALLERS, CONCURRENT).await?;
        repository.close().await;
    }
    if bench.wants("add_logs_500@empty") {
        let repository = database.fresh().await?;
        in_batches(bench, "add_logs_500@empty", &repository, seed, streams::BATCH_EMPTY).await?;
        repository.close().await;
    }
    Ok(())
}

/// All on the same database, then the mix.
pub(crate) async fn on_preloaded_rows(
    bench: &mut Bench,
    repository: &Arc<dyn Repository>,
    seed: u64,
) -> Result<()> {
    one_by_one(bench, "add_log_seq@N", repository, seed, streams::SEQ).await?;
    let rows = (seed, streams::C64);
    by_callers(bench, "add_log_c64@N", repository, rows, CALLERS, CONCURRENT).await?;
    in_batches(bench, "add_logs_500@N", repository, seed, streams::BATCH).await?;
    mixed(bench, "mixed_c64", repository, (seed, streams::MIXED), CONCURRENT).await
}

/// 64 callers: one call in five reads the first page, the others add a row.
pub(crate) async fn mixed(
    bench: &mut Bench,
    name: &str,
    repository: &Arc<dyn Repository>,
    (seed, stream): (u64, u64),
    count: u64,
) -> Result<()> {
    if !bench.wants(name) {
        return Ok(());
    }
    let inputs = (0..count + CALLERS as u64).map(|k| {
        // None is a read.
        Ok(if mix_of_stream_reads(seed, stream, k) {
            None
        } else {
            Some(records::log(op_log(seed, stream, k))?)
        })
    });
    let inputs = inputs.collect::<Result<Vec<_>>>()?;
    let repository = repository.clone();
    let call = move |input| {
        let repository = repository.clone();
        async move {
            match input {
                None => repository.get_logs(LogQuery::new().limit(50)).await.map(drop),
                Some(row) => repository.add_log(row).await,
            }
        }
    };
    let kind = |input: &Option<NewLog>| usize::from(input.is_some());
    bench.concurrent(name, CALLERS, inputs, &["read", "write"], kind, call).await
}
