//! Writers that go on while the servers behind a URL are killed, frozen or cut off, and a count afterwards of what became of
//! each acknowledged row.
//!
//!     cargo run -p decnet-db-mysql --example cluster_load -- URL SECONDS WRITERS
//!
//! The last line is for scripts: `acknowledged=… unknown=… refused=… lost=… doubled=… longest_gap_ms=…`.
#![allow(clippy::print_stdout, reason = "it is a program")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use decnet_db_core::ErrorKind;
use decnet_db_core::config::Config;
use decnet_db_core::contract::{LogFilter, NewLog, Repository};
use decnet_db_core::registry::Registry;
use tokio::task::JoinSet;

/// What one writer met.
#[derive(Default)]
struct Seen {
    acknowledged: Vec<String>,
    unknown: Vec<String>,
    refused: BTreeMap<String, u64>,
    successes: Vec<Instant>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, seconds, writers] = arguments.as_slice() else {
        return Err("arguments: URL SECONDS WRITERS".into());
    };
    let (seconds, writers): (u64, u32) = (seconds.parse()?, writers.parse()?);
    let repository =
        Registry::collect(&[decnet_db_mysql::DRIVER], &[]).connect(&Config::new(url.parse()?)).await?;
    repository.initialize().await?;
    let run = format!("load-{}", std::process::id());
    let begun = Instant::now();
    let end = begun + Duration::from_secs(seconds);
    let mut tasks = JoinSet::new();
    for writer in 0..writers {
        tasks.spawn(write(repository.clone(), format!("{run}-{writer}"), end));
    }
    let mut all = Seen::default();
    while let Some(seen) = tasks.join_next().await {
        let seen = seen?;
        all.acknowledged.extend(seen.acknowledged);
        all.unknown.extend(seen.unknown);
        all.successes.extend(seen.successes);
        for (error, count) in seen.refused {
            *all.refused.entry(error).or_default() += count;
        }
    }
    for (error, count) in &all.refused {
        println!("{count} x {error}");
    }
    let stored = stored(&*repository, &run).await?;
    let lost = all.acknowledged.iter().filter(|mark| !stored.contains_key(*mark)).count();
    let doubled = stored.values().filter(|count| **count > 1).count();
    all.successes.push(begun);
    all.successes.push(Instant::now().min(end));
    all.successes.sort();
    let gap = all
        .successes
        .windows(2)
        .filter_map(|pair| Some(*pair.get(1)? - *pair.first()?))
        .max()
        .unwrap_or_default();
    println!(
        "acknowledged={} unknown={} refused={} lost={lost} doubled={doubled} longest_gap_ms={}",
        all.acknowledged.len(),
        all.unknown.len(),
        all.refused.values().sum::<u64>(),
        gap.as_millis()
    );
    repository.close().await;
    Ok(())
}

async fn write(repository: Arc<dyn Repository>, name: String, end: Instant) -> Seen {
    let mut seen = Seen::default();
    let mut number = 0_u64;
    while Instant::now() < end {
        number += 1;
        let mark = format!("{name}-{number}");
        match repository.add_log(NewLog::new("d", "s", "load", "203.0.113.7").raw_line(&mark)).await {
            Ok(()) => {
                seen.acknowledged.push(mark);
                seen.successes.push(Instant::now());
            }
            Err(error) if error.kind() == ErrorKind::UnknownOutcome => seen.unknown.push(mark),
            Err(error) => *seen.refused.entry(error.to_string()).or_default() += 1,
        }
    }
    seen
}

/// How often each row of this run is stored.
async fn stored(repository: &dyn Repository, run: &str) -> decnet_db_core::Result<BTreeMap<String, u64>> {
    let mut stored = BTreeMap::new();
    let mut last = 0;
    loop {
        let page = repository.get_logs_after_id(last, 10_000, LogFilter::all()).await?;
        let Some(newest) = page.iter().map(|log| log.id).max() else { return Ok(stored) };
        last = newest;
        for log in page {
            if log.raw_line.starts_with(run) {
                *stored.entry(log.raw_line).or_default() += 1;
            }
        }
    }
}
