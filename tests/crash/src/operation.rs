//! What is written: operations whose name says what they leave in the database.

use std::fmt;
use std::str::FromStr;

use decnet_db::contract::{Attacker, NewBounty, NewLog, Repository};
use decnet_db::sql::Changeset;
use decnet_db::time::Timestamp;
use decnet_db::{Error, ErrorKind, Result};
use serde_json::json;

use crate::seed::Seed;

/// How an operation writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// One event.
    Event,
    /// Several events in one call.
    Batch,
    /// A unit of several events, a bounty, and the position behind them.
    Unit,
    /// A bounty that is there once, however often it is added.
    Guarded,
    /// An attacker, whom many tasks write at once.
    Attacker,
    /// One more for a counter.
    Counter,
}

const KINDS: [(Kind, char); 6] = [
    (Kind::Event, 'e'),
    (Kind::Batch, 'b'),
    (Kind::Unit, 'u'),
    (Kind::Guarded, 'g'),
    (Kind::Attacker, 'a'),
    (Kind::Counter, 'c'),
];

/// One call of the library, named `u7-3.5.12`: a unit of seven events, the twelfth call of task 5 in the third process.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Operation {
    /// How it writes.
    pub(crate) kind: Kind,
    /// How many events; of an attacker or a counter, which one.
    pub(crate) size: u64,
    /// The task that makes it, the only one with this name: process and number.
    pub(crate) task: (u64, u64),
    /// Which of the task's calls.
    pub(crate) number: u64,
}

impl Operation {
    /// A task's next operation.
    pub(crate) fn next(seed: &mut Seed, task: (u64, u64), number: u64) -> Self {
        let (kind, size) = match seed.within(0..12) {
            0..4 => (Kind::Event, 1),
            4 => (Kind::Batch, seed.within(2..60)),
            5..8 => (Kind::Unit, seed.within(1..22)),
            8 => (Kind::Guarded, 1),
            9 => (Kind::Attacker, seed.within(0..200)),
            _ => (Kind::Counter, seed.within(0..4)),
        };
        Self { kind, size, task, number }
    }

    /// How many events it stores.
    pub(crate) fn events(&self) -> u64 {
        match self.kind {
            Kind::Event | Kind::Batch | Kind::Unit => self.size,
            Kind::Guarded | Kind::Attacker | Kind::Counter => 0,
        }
    }

    /// Whether the rows that it stores are its own.
    pub(crate) fn has_rows(&self) -> bool {
        !matches!(self.kind, Kind::Attacker | Kind::Counter)
    }

    /// The key under which a task keeps its position.
    pub(crate) fn position_key(&self) -> String {
        format!("position {}.{}", self.task.0, self.task.1)
    }

    /// Makes the call.
    pub(crate) async fn run(&self, repository: &dyn Repository) -> Result<()> {
        let name = self.to_string();
        let events = || (0..self.events()).map(|at| event(format!("{name}/{at}")));
        let bounty =
            || NewBounty::new("decky-01", "ssh", "203.0.113.7", "found").payload(json!({"by": name}));
        match self.kind {
            Kind::Event => repository.add_log(event(format!("{name}/0"))).await,
            Kind::Batch => repository.add_logs(events().collect()).await,
            Kind::Unit => {
                let unit = events().fold(repository.unit(), |unit, event| unit.add_log(event));
                let unit = unit.add_bounty(bounty());
                unit.set_state(&self.position_key(), json!(self.number)).commit().await
            }
            Kind::Guarded => {
                let (one, other) =
                    tokio::join!(repository.add_bounty(bounty()), repository.add_bounty(bounty()));
                // What one of them did not get to know, the other one may have done.
                match (one, other) {
                    (Ok(()), _) | (_, Ok(())) => Ok(()),
                    (Err(one), Err(other)) => Err(if wrote_nothing(&one) { other } else { one }),
                }
            }
            Kind::Attacker => {
                repository.upsert_attacker(attacker(&format!("ip-{}", self.size))).await.map(drop)
            }
            Kind::Counter => {
                let attacker = repository.get_attacker_uuid_by_ip(COUNTED).await?;
                let attacker =
                    attacker.ok_or_else(|| Error::configuration("the counters' attacker is gone"))?;
                repository.increment_smtp_target(&attacker, &domain(self.size)).await
            }
        }
    }
}

/// Whether an error says that nothing was written.
pub(crate) fn wrote_nothing(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Conflict | ErrorKind::InvalidInput)
}

/// The address of the attacker that the counters belong to.
const COUNTED: &str = "counted";

/// Makes what the operations refer to.
pub(crate) async fn prepare(repository: &dyn Repository) -> Result<()> {
    repository.upsert_attacker(attacker(COUNTED)).await.map(drop)
}

/// Makes the write-ahead log of a SQLite file almost as long as its index has room for: soon a commit makes that longer, after
/// it has written to the log.
pub(crate) async fn lengthen_log(repository: &dyn Repository) -> Result<()> {
    // The first part of an index has room for 4,062 pages, of which what is in a page of a long text is 4,092 bytes.
    let text = "x".repeat(395 * 4_092);
    for nth in 0..10 {
        repository.set_state(&format!("filler {nth}"), json!(text).into()).await?;
    }
    Ok(())
}

/// What a counter counts.
pub(crate) fn domain(counter: u64) -> String {
    format!("d{counter}.example")
}

fn event(line: String) -> NewLog {
    NewLog::new("decky-01", "ssh", "login_attempt", "203.0.113.7").raw_line(line)
}

fn attacker(ip: &str) -> Changeset<Attacker> {
    let now = Timestamp::now();
    Changeset::new().set(Attacker::IP, ip).set(Attacker::FIRST_SEEN, now).set(Attacker::LAST_SEEN, now)
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = KINDS.iter().find(|(kind, _)| *kind == self.kind).map_or('?', |(_, letter)| *letter);
        write!(f, "{letter}{}-{}.{}.{}", self.size, self.task.0, self.task.1, self.number)
    }
}

impl FromStr for Operation {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> anyhow::Result<Self> {
        let no_operation = || anyhow::anyhow!("{name:?} names no operation");
        let letter = name.chars().next().ok_or_else(no_operation)?;
        let (kind, _) = KINDS.iter().find(|(_, of)| *of == letter).ok_or_else(no_operation)?;
        let (size, rest) = name[letter.len_utf8()..].split_once('-').ok_or_else(no_operation)?;
        let mut numbers = rest.split('.').map(str::parse::<u64>);
        let mut number = || numbers.next().and_then(std::result::Result::ok).ok_or_else(no_operation);
        let (task, number) = ((number()?, number()?), number()?);
        Ok(Self { kind: *kind, size: size.parse()?, task, number })
    }
}
