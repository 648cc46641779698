//! Many processes that write to one database at once; the last of them is DECNET 1.0.0 where `CRASH_ORIGINAL` names the Python
//! of its environment.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};

use crate::heard::{Heard, Writer, start};
use crate::place::Place;
use crate::report::Row;
use crate::server::Server;

/// How long one call in a thousand may take.
const LONG: Duration = Duration::from_secs(10);

/// Eight processes of 16 tasks on a SQLite file, then 32 of 4 on MariaDB, for so many seconds each.
pub(crate) fn all(seed: u64, seconds: u64, folder: &Path) -> anyhow::Result<Vec<Row>> {
    let sqlite = run(Place::Sqlite { folder, options: "" }, "SQLite", (8, 16), seed, seconds)?;
    let server = Server::start(folder)?;
    Ok(vec![sqlite, run(Place::Server(&server), "MariaDB", (32, 4), seed, seconds)?])
}

fn run(
    place: Place<'_>,
    engine: &str,
    (processes, tasks): (u64, u64),
    seed: u64,
    seconds: u64,
) -> anyhow::Result<Row> {
    let name = format!("contention_{seed}");
    let url = place.create(&name)?;
    let heard = Arc::new(Heard::default());
    let load = [&*tasks.to_string(), &*seconds.to_string()];
    let original = std::env::var_os("CRASH_ORIGINAL").map(Writer::Original);
    let last = processes - 1;
    let writer = |process| original.as_ref().filter(|_| process == last).unwrap_or(&Writer::Ours);
    let children: Vec<_> = (0..processes)
        .map(|process| start(writer(process), &url, process, seed, &load, &heard))
        .collect::<Result<_, _>>()?;
    for (mut child, reader) in children {
        child.wait()?;
        reader.join().map_err(|_| anyhow::anyhow!("reading what the process says panicked"))?;
    }
    let said = heard.lock();
    if let Some(refused) = &said.refused {
        anyhow::bail!("{engine}: a write failed: {refused}");
    }
    ensure!(said.waits.len() as u64 == processes, "{engine}: {} of {processes} ended well", said.waits.len());
    let rows = place.look(&url, &said.history).with_context(|| format!("seed {seed}, database {url}"))?;
    let calls: u64 = said.waits.iter().map(|waits| waits.calls).sum();
    let long = said.waits.iter().map(|waits| waits.long).max().unwrap_or_default();
    let longest = said.waits.iter().map(|waits| waits.longest).max().unwrap_or_default();
    ensure!(long < LONG, "{engine}: one call in a thousand took {long:?} or more");
    let (done, open) = (said.history.done(), said.history.open());
    let (by_original, not_by_original) = said.history.ends_of(last);
    drop(said);
    ensure!(original.is_none() || by_original > 0, "{engine}: DECNET stored nothing");
    let [whom, theirs] = match &original {
        Some(_) => [
            ", the last of them DECNET 1.0.0 with attackers of its own".to_owned(),
            format!("; of them DECNET {by_original} and {not_by_original} without an answer"),
        ],
        None => Default::default(),
    };
    place.remove(&name)?;
    Ok(Row {
        fault: format!("many processes write at once, {engine}"),
        how: format!("{processes} processes of {tasks} tasks{whom}, all on the same few attackers and counters, for {seconds} s"),
        times: calls,
        promise: "each answer is true; what fails says that it can be tried again; nothing is lost, doubled or torn, no count lost".to_owned(),
        result: format!(
            "{done} acknowledged, {} refused for now, {open} without an answer, {rows} events stored: 0 lost, 0 doubled, 0 torn{theirs}; \
             one call in a thousand took {} ms or more in the slowest process, the longest {} ms",
            calls as usize - done - open,
            long.as_millis(),
            longest.as_millis()
        ),
        seed,
    })
}
