//! Runs the hot paths for `benches/count-instructions`, which counts their instructions under callgrind.
//!
//!     instructions FOLDER off|on
//!
//! Each path runs to warm up, and then so often that what varies is spread thin, between two calls of [`mark`]: there
//! callgrind writes down what it has counted since the last one. What is counted is the work of all threads; waiting costs
//! nothing. Prints the paths in the order of the counts, each with the number that its count is divided by.

use std::hint::black_box;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use decnet_db::Repository;
use decnet_db::call::call;
use decnet_db::config::{Config, DatabaseUrl};
use decnet_db::contract::{LogQuery, NewLog};
use decnet_db::json::Json;
use decnet_db::time::Timestamp;
use decnet_db_workload::{listener, op_log, state_key, state_value, streams};

/// Rows that are there before anything is counted.
const ROWS: u64 = 5_000;
const BATCH: u64 = 500;
/// What a warm-up's threads do after they have answered is over by then, in a process that runs 50 times slower than usual.
const REST: Duration = Duration::from_millis(300);

/// Callgrind writes down its counts when this is entered.
#[inline(never)]
fn mark(name: &str) {
    black_box(name);
}

fn logs(stream: u64, from: u64, to: u64) -> Result<Vec<NewLog>> {
    let rows = (from..to).map(|k| {
        let row = op_log(1, stream, k);
        let fields = row.fields_json();
        let time = Timestamp::from_microseconds(row.seconds * 1_000_000)?;
        Ok(NewLog::new(row.decky, row.service, row.event_type, row.attacker_ip)
            .timestamp(time)
            .fields(fields)
            .msg(row.msg)
            .raw_line(row.raw_line))
    });
    rows.collect()
}

/// Calls `work` with each input: the first `warm` of them are not counted.
async fn count<T>(
    name: &str,
    warm: usize,
    inputs: Vec<T>,
    each: u64,
    work: impl AsyncFn(T) -> decnet_db::Result<()>,
) -> Result<()> {
    let counted = (inputs.len() - warm) as u64 * each;
    let mut inputs = inputs.into_iter();
    for input in inputs.by_ref().take(warm) {
        work(input).await?;
    }
    tokio::time::sleep(REST).await;
    mark(name);
    for input in inputs {
        work(input).await?;
    }
    mark(name);
    writeln!(std::io::stdout(), "{name} {counted}")?;
    Ok(())
}

async fn run(repository: Arc<dyn Repository>) -> Result<()> {
    let repository = &*repository;
    repository.initialize().await?;
    for start in (0..ROWS).step_by(BATCH as usize) {
        repository.add_logs(logs(streams::LOG, start, start + BATCH)?).await?;
    }
    for k in 0..16 {
        repository.set_state(&state_key(k), Json::parse(state_value(k))?).await?;
    }
    count("add_log", 50, logs(streams::SEQ, 0, 350)?, 1, async |row| repository.add_log(row).await).await?;
    let batches: Result<Vec<_>> = (0..12).map(|k| logs(streams::BATCH, k * BATCH, (k + 1) * BATCH)).collect();
    count("add_logs, a row", 2, batches?, BATCH, async |rows| repository.add_logs(rows).await).await?;
    let pages = vec![LogQuery::new(); 120];
    count("get_logs, a page", 20, pages, 1, async |query| repository.get_logs(query).await.map(drop)).await?;
    let keys: Vec<_> = (0..330).map(state_key).collect();
    let get = async |key: String| repository.get_state(&key).await.map(drop);
    count("get_state", 30, keys.clone(), 1, get).await?;
    let arguments = keys.iter().map(|key| Ok(Json::parse(format!(r#"{{"key":"{key}"}}"#))?));
    let arguments = arguments.collect::<Result<Vec<_>>>()?;
    let by_name = async |arguments| call(repository, "get_state", arguments).await.map(drop);
    count("get_state, by name", 30, arguments, 1, by_name).await?;
    repository.close().await;
    Ok(())
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder: PathBuf = arguments.next().context("the first argument must be an empty folder")?.into();
    if arguments.next().as_deref() == Some("on") {
        listener::install()?;
    }
    // One thread for all tasks; the driver's own threads are what there is beside it.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let url = DatabaseUrl::sqlite(folder.join("instructions.db"))?;
        run(decnet_db::connect_with(&Config::new(url)).await?).await
    })
}
