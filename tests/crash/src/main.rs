//! Nothing acknowledged is lost, nothing is there twice, nothing is half done: shown by processes and servers that are killed,
//! and by losses of power, I/O errors, faults of the network and many processes at once, as often as the environment says.
//! `tests/crash/run` is the long run, `tests/short.rs` the short one.
//!
//! `CRASH_SEED=1`, `CRASH_KILLS=20` for each engine, `CRASH_SERVER_KILLS=4`, `CRASH_LOSSES=400`, `CRASH_IO_ERRORS=60`, `CRASH_NETWORK=60`,
//! `CRASH_CONTENTION=3` seconds; `CRASH_ORIGINAL` names the Python that has DECNET 1.0.0, which then is one of many processes;
//! `CRASH_REPORT` names the file of the table.

mod child;
mod contention;
mod database;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod disk;
mod heard;
mod history;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod io_errors;
mod kills;
mod network;
mod operation;
mod place;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod power;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod recording;
mod report;
mod seed;
mod server;

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["child", url, process, seed, ref load @ ..] => tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?
            .block_on(child::run(url, process.parse()?, seed.parse()?, child::Load::of(load)?)),
        [] => all(&["kills", "power", "io-errors", "network", "contention"]),
        [only] => all(&[only]),
        _ => anyhow::bail!("the settings are in the environment: see tests/crash/src/main.rs"),
    }
}

/// A count from the environment.
fn count(variable: &str, otherwise: u64) -> anyhow::Result<u64> {
    match std::env::var(variable) {
        Ok(text) => text.parse().with_context(|| format!("{variable} is {text:?}: write a number")),
        Err(_) => Ok(otherwise),
    }
}

fn all(parts: &[&str]) -> anyhow::Result<()> {
    let seed = count("CRASH_SEED", 1)?;
    let folder = tempfile::Builder::new().prefix("decnet-crash").tempdir_in(place())?;
    let folder = folder.path();
    let mut rows = Vec::new();
    for part in parts {
        match *part {
            "network" => rows.extend(network::mariadb(seed, count("CRASH_NETWORK", 60)?, folder)?),
            "contention" => rows.extend(contention::all(seed, count("CRASH_CONTENTION", 3)?, folder)?),
            "kills" => {
                let (kills, server_kills) = (count("CRASH_KILLS", 20)?, count("CRASH_SERVER_KILLS", 4)?);
                rows.extend(kills::sqlite(seed, kills, folder)?);
                rows.extend(kills::mariadb(seed, kills, server_kills, folder)?);
            }
            #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
            "power" => rows.extend(power::sqlite(seed, count("CRASH_LOSSES", 400)?, folder)?),
            #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
            "io-errors" => rows.extend(io_errors::sqlite(seed, count("CRASH_IO_ERRORS", 60)?, folder)?),
            #[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
            "power" | "io-errors" => eprintln!("{part} is not tried here: that takes Linux on 64 bits"),
            _ => anyhow::bail!("the settings are in the environment: see tests/crash/src/main.rs"),
        }
    }
    let mut out = std::io::stdout().lock();
    for row in &rows {
        writeln!(out, "{} × {}: {} (seed {})", row.times, row.fault, row.result, row.seed)?;
    }
    match std::env::var_os("CRASH_REPORT") {
        Some(path) => report::write(path.as_ref(), &rows),
        None => Ok(()),
    }
}

/// Memory where there is some: the faults are made, not awaited.
fn place() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { memory } else { std::env::temp_dir() }
}
