//! Runs the workload of `WORKLOAD.md` on a database of decnet-db and prints what each operation cost as JSON.

mod args;
mod checks;
mod database;
mod domains;
mod extra;
mod logs;
mod measure;
mod ops;
mod preload;
mod reads;
mod results;
mod searches;
mod selftest;
mod small;
mod system;

use std::io::Write as _;

use anyhow::{Context as _, Result, bail};
use clap::Parser as _;
use decnet_db_workload::listener;
use serde_json::json;

use args::{Arguments, Telemetry};
use database::Database;
use measure::Bench;
use results::round;

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let output = if arguments.selftest {
        selftest::run()?
    } else {
        arguments.ops.check()?;
        if arguments.telemetry == Telemetry::On {
            listener::install()?;
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(arguments.workers.into())
            .enable_all()
            .build()
            .context("can't start the runtime")?;
        runtime.block_on(run(&arguments))?
    };
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{output}")?;
    Ok(())
}

async fn run(arguments: &Arguments) -> Result<String> {
    let (rows, seed) = (arguments.rows, arguments.seed);
    if rows < 500 {
        bail!("--rows must be at least 500: below that, the deep page is not full");
    }
    let database = Database::new(arguments).await?;
    let mut bench = Bench::new(arguments.ops.clone(), arguments.server_pid()?);
    bench.about("program", json!(concat!("decnet-db ", env!("CARGO_PKG_VERSION"))));
    bench.about("backend", json!(database.scheme()));
    bench.about("rows", json!(rows));
    bench.about("seed", json!(seed));
    bench.about("telemetry", json!(arguments.telemetry.to_string()));
    bench.about("workers", json!(arguments.workers));
    system::describe(&mut bench, &database.folder());
    bench.about("rss_after_import_mb", json!(round(system::peak_rss_of_run_mb(), 1)));

    if !arguments.skip_empty {
        logs::on_empty_tables(&mut bench, &database, seed).await?;
    }
    bench.about("rss_after_empty_phase_mb", json!(round(system::peak_rss_of_run_mb(), 1)));

    let found = preload::fill(&mut bench, &database, seed, rows).await?;
    // Pools and caches of the process are cold again.
    let repository = database.open().await?;
    bench.about("server", json!(repository.ping().await?.version));
    if let Some(bytes) = database.bytes() {
        bench.about("db_bytes", json!(bytes));
    }
    let checked = checks::verify(&*repository, seed, rows, &found).await?;
    bench.about("checks", checked);
    repository.close().await;

    let repository = database.open().await?;
    bench.phase("reads");
    reads::run(&mut bench, &repository, seed, rows).await?;
    searches::run(&mut bench, &repository, rows).await?;
    extra::exports(&mut bench, &repository, rows).await?;
    bench.about("rss_after_reads_mb", json!(round(system::peak_rss_of_run_mb(), 1)));
    bench.phase("small writes");
    small::run(&mut bench, &repository, seed, rows).await?;
    bench.phase("log writes");
    logs::on_preloaded_rows(&mut bench, &repository, seed).await?;
    // Here, because what follows holds 60,000 rows at a time.
    bench.about("peak_rss_mb", json!(round(system::peak_rss_of_run_mb(), 1)));
    bench.phase("the domains beside logs");
    domains::run(&mut bench, &repository, seed).await?;
    bench.phase("beyond the original's workload");
    extra::writes(&mut bench, &repository, seed).await?;
    searches::with_new_rows(&mut bench, &repository, seed).await?;
    if bench.wants("reads@foreign") {
        searches::beside_foreign(&mut bench, &repository, database.open().await?, seed).await?;
    }
    extra::ingest(&mut bench, &database, &repository, seed).await?;
    bench.about("rows_at_end", json!(repository.get_total_logs(Default::default()).await?));
    bench.about("telemetry_seen", json!(listener::heard()));
    repository.close().await;
    if !arguments.keep {
        database.remove().await?;
    }
    bench.finish()
}
