//! Processes and servers that are killed while they write.

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, ensure};

use crate::heard::{Heard, Writer, start};
use crate::place::Place;
use crate::report::Row;
use crate::seed::Seed;
use crate::server::Server;

/// How many kills a database sees; then there is a new one, so that each can be looked at whole.
const KILLS_OF_A_DATABASE: u64 = 20;
/// The latest that a kill comes, in microseconds.
const LATEST: u64 = 300_000;

/// What is killed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Victim {
    Process,
    Server,
    Both,
}

/// Kills processes that write to SQLite.
pub(crate) fn sqlite(seed: u64, kills: u64, folder: &Path) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (nth, options) in ["", "?durability=commit"].into_iter().enumerate() {
        let place = Place::Sqlite { folder, options };
        let share = (kills + 1 - nth as u64) / 2;
        let tally = Run { place, seed: seed + nth as u64 }.kill(share, |_| Victim::Process)?;
        rows.push(tally.row(
            &format!("the process is killed, SQLite{options}"),
            "kill -9 at a random moment",
            seed,
        ));
    }
    Ok(rows)
}

/// Kills processes that write to MariaDB, and the server, and both.
pub(crate) fn mariadb(seed: u64, kills: u64, server_kills: u64, folder: &Path) -> anyhow::Result<Vec<Row>> {
    let server = Server::start(folder)?;
    let run = |seed| Run { place: Place::Server(&server), seed };
    let processes = run(seed + 2).kill(kills, |_| Victim::Process)?;
    let servers =
        run(seed + 3).kill(server_kills, |nth| if nth % 2 == 0 { Victim::Server } else { Victim::Both })?;
    let how = "kill -9 at a random moment";
    Ok(vec![
        processes.row("the process is killed, MariaDB", how, seed),
        servers.row(
            "the server is killed under a process that goes on, or both are, MariaDB",
            "kill -9 of the server, then it is started",
            seed,
        ),
    ])
}

struct Run<'a> {
    place: Place<'a>,
    seed: u64,
}

/// What was done and seen.
#[derive(Default)]
struct Tally {
    kills: u64,
    acknowledged: usize,
    open: usize,
    rows: usize,
}

impl Tally {
    fn row(&self, fault: &str, how: &str, seed: u64) -> Row {
        let Self { kills, acknowledged, open, rows } = self;
        Row {
            fault: fault.to_owned(),
            how: how.to_owned(),
            times: *kills,
            promise: "opens; the engine's own check is ok; each acknowledged write is there once, each unit whole or not at all, no count lost".to_owned(),
            result: format!(
                "{acknowledged} acknowledged, {open} without an answer, {rows} events stored: 0 lost, 0 doubled, 0 torn"
            ),
            seed,
        }
    }
}

impl Run<'_> {
    fn kill(&self, kills: u64, victim: impl Fn(u64) -> Victim) -> anyhow::Result<Tally> {
        let mut numbers = Seed::new(self.seed, 0);
        let mut tally = Tally::default();
        let mut nth = 0;
        while nth < kills {
            let name = format!("crash_{}_{nth}", self.seed);
            let url = self.place.create(&name)?;
            let history = Arc::new(Heard::default());
            let mut rows = 0;
            for _ in 0..KILLS_OF_A_DATABASE.min(kills - nth) {
                let seen = self
                    .one(&url, nth, victim(nth), &mut numbers, &history)
                    .and_then(|()| self.place.look(&url, &history.lock().history))
                    .with_context(|| format!("kill {nth} of seed {}, database {url}", self.seed))?;
                rows = seen;
                nth += 1;
            }
            let history = history.lock();
            tally.kills = nth;
            tally.acknowledged += history.history.done();
            tally.open += history.history.open();
            tally.rows += rows;
            drop(history);
            self.place.remove(&name)?;
        }
        Ok(tally)
    }

    /// Starts a process that writes, and kills who is to be killed.
    fn one(
        &self,
        url: &str,
        nth: u64,
        victim: Victim,
        numbers: &mut Seed,
        heard: &Arc<Heard>,
    ) -> anyhow::Result<()> {
        let (mut child, reader) = start(&Writer::Ours, url, nth, self.seed, &[], heard)?;
        // One in four is killed while it opens the database.
        if victim != Victim::Process || !numbers.once_in(4) {
            heard.until(&mut child, |heard| heard.ready > nth)?;
        }
        thread::sleep(Duration::from_micros(numbers.within(0..LATEST)));
        if victim != Victim::Process {
            let Place::Server(server) = &self.place else { anyhow::bail!("there is no server") };
            if victim == Victim::Both && numbers.once_in(2) {
                child.kill()?;
            }
            server.script("kill")?;
            if victim == Victim::Both {
                child.kill()?;
            }
            server.script("start")?;
            if victim == Victim::Server {
                let done = heard.lock().history.done();
                heard.until(&mut child, |heard| heard.history.done() > done + 50)?;
            }
        }
        child.kill()?;
        child.wait()?;
        reader.join().map_err(|_| anyhow::anyhow!("reading what the process says panicked"))?;
        let refused = heard.lock().refused.take();
        ensure!(refused.is_none(), "a write failed: {}", refused.unwrap_or_default());
        Ok(())
    }
}
