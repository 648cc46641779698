//! Processes and servers that are killed while they write.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use crate::child::READY;
use crate::database;
use crate::history::{End, History};
use crate::report::Row;
use crate::seed::Seed;
use crate::server::Server;

/// How many kills a database sees; then there is a new one, so that each can be looked at whole.
const KILLS_OF_A_DATABASE: u64 = 20;
/// The latest that a kill comes, in microseconds.
const LATEST: u64 = 300_000;
/// How long something may take that takes a moment.
const LONG: Duration = Duration::from_secs(120);

/// Where the database is, and who can be killed.
enum Place<'a> {
    Sqlite { folder: &'a Path, options: &'a str },
    Server(&'a Server),
}

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
            let url = self.create(&name)?;
            let history = Arc::new(Heard::default());
            let mut rows = 0;
            for _ in 0..KILLS_OF_A_DATABASE.min(kills - nth) {
                let seen = self
                    .one(&url, nth, victim(nth), &mut numbers, &history)
                    .and_then(|()| self.look(&url, &history))
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
            self.remove(&name)?;
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
        let (mut child, reader) = start(url, nth, self.seed, heard)?;
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

    /// Compares the database with what was answered; says how many events it has.
    fn look(&self, url: &str, heard: &Heard) -> anyhow::Result<usize> {
        let (found, mut faults) = match &self.place {
            Place::Sqlite { .. } => {
                let (found, faults) = database::sqlite(Path::new(path_of(url)))?;
                (found.unwrap_or_default(), faults)
            }
            Place::Server(_) => block_on(database::server(url))?,
        };
        faults.extend(heard.lock().history.faults(&found));
        ensure!(
            faults.is_empty(),
            "{} faults, such as:\n{}",
            faults.len(),
            faults[..faults.len().min(10)].join("\n")
        );
        Ok(found.events.len())
    }

    fn create(&self, name: &str) -> anyhow::Result<String> {
        match &self.place {
            Place::Sqlite { folder, options } => {
                Ok(format!("sqlite:///{}{options}", folder.join(format!("{name}.db")).display()))
            }
            Place::Server(server) => {
                let address = server.address()?;
                block_on(database::statement(
                    &address,
                    &format!("CREATE DATABASE {name} CHARACTER SET utf8mb4"),
                ))?;
                Ok(format!("{address}/{name}"))
            }
        }
    }

    fn remove(&self, name: &str) -> anyhow::Result<()> {
        match &self.place {
            Place::Sqlite { folder, .. } => {
                for suffix in ["", "-wal", "-shm"] {
                    let _ = std::fs::remove_file(folder.join(format!("{name}.db{suffix}")));
                }
                Ok(())
            }
            Place::Server(server) => {
                block_on(database::statement(&server.address()?, &format!("DROP DATABASE {name}")))
            }
        }
    }
}

/// The path in a SQLite URL of ours.
fn path_of(url: &str) -> &str {
    url.trim_start_matches("sqlite:///").split('?').next().unwrap_or_default()
}

fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}

/// What the processes said.
#[derive(Default)]
struct Heard {
    said: Mutex<Said>,
    more: Condvar,
}

#[derive(Default)]
struct Said {
    history: History,
    /// The number after that of the last process that was ready.
    ready: u64,
    /// The process has no more to say.
    ended: bool,
    refused: Option<String>,
}

impl Heard {
    fn lock(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for what the process says.
    fn until(&self, child: &mut Child, done: impl Fn(&Said) -> bool) -> anyhow::Result<()> {
        let deadline = Instant::now() + LONG;
        let mut said = self.lock();
        while !done(&said) {
            let left = deadline.saturating_duration_since(Instant::now());
            if said.ended || left.is_zero() {
                let ended = said.ended;
                let refused = said.refused.take().unwrap_or_default();
                drop(said);
                child.kill()?;
                anyhow::bail!(
                    "the process {}: {refused}",
                    if ended { "ended" } else { "says nothing for too long" }
                );
            }
            said = self.more.wait_timeout(said, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }

    fn note(&self, process: u64, line: &str) {
        let mut said = self.lock();
        let operation = |name: &str| name.parse().ok();
        match line.split_once(' ') {
            None if line == READY => said.ready = process + 1,
            Some((mark, name)) => match (mark, operation(name)) {
                (">", Some(operation)) => said.history.note(operation, End::Open),
                ("+", Some(operation)) => said.history.note(operation, End::Done),
                ("-", Some(operation)) => said.history.note(operation, End::Nothing),
                _ => said.refused = Some(line.to_owned()),
            },
            None => said.refused = Some(line.to_owned()),
        }
        self.more.notify_all();
    }
}

fn start(
    url: &str,
    process: u64,
    seed: u64,
    heard: &Arc<Heard>,
) -> anyhow::Result<(Child, thread::JoinHandle<()>)> {
    heard.lock().ended = false;
    let mut child = Command::new(std::env::current_exe()?)
        .args(["child", url, &process.to_string(), &seed.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let out = child.stdout.take().context("the child's output")?;
    let heard = Arc::clone(heard);
    let reader = thread::spawn(move || {
        let mut out = BufReader::new(out);
        let mut line = String::new();
        // The last line may be cut, and counts as not said.
        while out.read_line(&mut line).is_ok_and(|read| read > 0) && line.ends_with('\n') {
            heard.note(process, line.trim_end());
            line.clear();
        }
        heard.lock().ended = true;
        heard.more.notify_all();
    });
    Ok((child, reader))
}
