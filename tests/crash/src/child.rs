//! A process that writes all the time, and says on its standard output what it was told.

use std::fmt;
use std::io::Write as _;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use decnet_db::ErrorKind;
use decnet_db::config::Config;
use decnet_db::contract::Repository;

use crate::operation::{self, Operation, wrote_nothing};
use crate::seed::Seed;

/// How many tasks write at once, unless it is said.
const TASKS: u64 = 8;
/// What the first line says, when the tasks begin.
pub(crate) const READY: &str = "ready";

/// How much is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    tasks: u64,
    /// For how long; none until it is killed.
    time: Option<Duration>,
}

impl Load {
    /// As the arguments say: nothing, or the number of tasks and the seconds.
    pub(crate) fn of(arguments: &[&str]) -> anyhow::Result<Self> {
        match arguments {
            [] => Ok(Self { tasks: TASKS, time: None }),
            [tasks, seconds] => {
                let time = Some(Duration::from_secs(seconds.parse()?));
                Ok(Self { tasks: tasks.parse()?, time })
            }
            _ => anyhow::bail!("a child is told how many tasks it has, and for how many seconds"),
        }
    }
}

/// How long callers waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Waits {
    pub(crate) calls: u64,
    /// The wait that one call in a thousand exceeds.
    pub(crate) long: Duration,
    pub(crate) longest: Duration,
}

impl Waits {
    fn of(mut waits: Vec<Duration>) -> Self {
        waits.sort_unstable();
        let long = waits.get(waits.len() * 999 / 1_000).copied().unwrap_or_default();
        Self { calls: waits.len() as u64, long, longest: waits.last().copied().unwrap_or_default() }
    }
}

impl fmt::Display for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.calls, self.long.as_micros(), self.longest.as_micros())
    }
}

impl FromStr for Waits {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let mut numbers = text.split(' ').map(str::parse::<u64>);
        let mut next = || numbers.next().context("calls and two waits")?.context("a number");
        let (calls, long, longest) = (next()?, next()?, next()?);
        Ok(Self { calls, long: Duration::from_micros(long), longest: Duration::from_micros(longest) })
    }
}

/// Writes to the database of the URL, until it is killed unless it is told how long.
pub(crate) async fn run(url: &str, process: u64, seed: u64, load: Load) -> anyhow::Result<()> {
    let mut config = Config::new(url.parse()?);
    // A server that is killed takes its time to come back; how long callers wait is not what is asked here.
    config.pool.wait_timeout = Duration::from_secs(120);
    let repository = decnet_db::connect_with(&config).await?;
    repository.initialize().await?;
    operation::prepare(&*repository).await?;
    say(READY);
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..load.tasks {
        let repository = Arc::clone(&repository);
        let seed = Seed::new(seed, process * load.tasks + task);
        tasks.spawn(write(repository, (process, task), seed, load.time));
    }
    let mut waits = Vec::new();
    while let Some(end) = tasks.join_next().await {
        waits.extend(end??);
    }
    repository.close().await;
    say(&format!("= {}", Waits::of(waits)));
    Ok(())
}

async fn write(
    repository: Arc<dyn Repository>,
    task: (u64, u64),
    mut seed: Seed,
    time: Option<Duration>,
) -> anyhow::Result<Vec<Duration>> {
    let (begun, mut waits) = (Instant::now(), Vec::new());
    for number in 0.. {
        if time.is_some_and(|time| begun.elapsed() >= time) {
            break;
        }
        let operation = Operation::next(&mut seed, task, number);
        say(&format!("> {operation}"));
        let asked = Instant::now();
        let answer = operation.run(&*repository).await;
        if time.is_some() {
            waits.push(asked.elapsed());
        }
        match answer {
            Ok(()) => say(&format!("+ {operation}")),
            Err(error) if wrote_nothing(&error) && error.is_retryable() => say(&format!("- {operation}")),
            Err(error) if error.kind() == ErrorKind::UnknownOutcome => {}
            Err(error) => {
                say(&format!("! {operation}: {error}"));
                return Err(error).with_context(|| operation.to_string());
            }
        }
    }
    Ok(waits)
}

/// One line, in one piece: whoever is killed says it whole, or its last line is cut.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // Nobody hears what can't be said: the parent is gone.
    let _ = out.write_all(format!("{line}\n").as_bytes());
}
