//! Deleting by a policy, unit by unit.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::bounds::{Bounds, Front};
use super::deletion::{Doomed, delete};
use super::{Plan, Policy, PruneOptions, PruneProgress, Pruned};
use crate::contract::{Log, Repository};
use crate::error::{Error, ErrorKind, Result};
use crate::sql::{FromValue as _, Record as _, Sql, Value};
use crate::time::Timestamp;

/// The events that are read, and archived, at once.
const CHUNK: usize = 1_024;
/// The events of a unit: some milliseconds, which is what callers wait longer whose units come behind it. Where others write
/// without a pause it is up to a chunk: each turn is waited for much longer than it takes, and so are theirs.
const UNIT: usize = 256;
/// How many times as long as the fastest one a unit takes that has waited for others.
const WAITED: u32 = 4;
/// The longest pause behind a unit. It is as long as the unit took, so that others have at least half of the time.
const PAUSE: Duration = Duration::from_millis(10);
/// How often a unit that met others' changes is tried with what is there now, one try right after the other.
const TRIES: u32 = 20;
/// How often the room that is in use is measured again until it is little enough.
const ROUNDS: usize = 40;

/// What the policy would delete at this moment.
///
/// # Errors
/// `InvalidInput` for a policy that keeps nothing; `Unsupported` for a size where the engine does not tell how much is in use.
pub async fn plan(repository: &dyn Repository, policy: &Policy) -> Result<Plan> {
    let engine = repository.engine();
    let space = engine.space(Log::TABLE).await?;
    let bounds = match policy.checked()? {
        Policy::Since(time) => Bounds::since(engine, time).await?,
        Policy::Newest(events) => Bounds::but_newest(engine, events).await?,
        Policy::Size(bytes) => match excess(repository, bytes).await?.0 {
            0 => Bounds::oldest(engine, 0).await?,
            events => Bounds::oldest(engine, events).await?,
        },
    };
    Ok(Plan { space, ..bounds.count(engine).await? })
}

/// Deletes the events that the policy does not keep, the oldest first, and what hangs on their sources, in small units; others may
/// read and write meanwhile, and what they store stays.
///
/// A unit happens as a whole or not at all: after a kill, or an error, what is gone is whole, and calling it again goes on. What
/// others store meanwhile with a time before those of the events that are deleted already is left for the next call.
///
/// Between the units the engine's log is kept short, and freed room is given back where that is cheap; what is left is in
/// [`Pruned::space`], with what gives it back.
///
/// # Errors
/// `InvalidInput` for a policy that keeps nothing; `Unsupported` for a size where the engine does not tell how much is in use;
/// `Conflict` when the archive holds events of another database, or others keep changing the same rows; what the archive meets;
/// otherwise what any write may return. What was deleted until then stays deleted.
pub async fn prune(
    repository: &dyn Repository,
    policy: &Policy,
    options: PruneOptions<'_>,
) -> Result<Pruned> {
    let policy = policy.checked()?;
    let engine = repository.engine();
    let mut run = Run {
        repository,
        options,
        pruned: Pruned::default(),
        planned: 0,
        stored: BTreeSet::new(),
        unit: UNIT,
        fastest: Duration::MAX,
    };
    run.pruned.space_before = engine.space(Log::TABLE).await?;
    run.take_up().await?;
    match policy {
        Policy::Since(time) => run.delete(Bounds::since(engine, time).await?).await?,
        Policy::Newest(events) => run.delete(Bounds::but_newest(engine, events).await?).await?,
        Policy::Size(bytes) => {
            for _ in 0..ROUNDS {
                let (events, current) = excess(repository, bytes).await?;
                let before = run.pruned.events;
                if events > 0 {
                    run.delete(Bounds::oldest(engine, events).await?).await?;
                }
                if !current || run.pruned.events == before {
                    break;
                }
            }
        }
    }
    if let Some(archive) = run.options.archive.as_deref_mut() {
        archive.finish().await?;
    }
    run.give_back().await?;
    run.pruned.space = engine.space(Log::TABLE).await?;
    Ok(run.pruned)
}

/// How many of the oldest events are too many for a database of so many bytes, by what an event takes on average; and whether it
/// is worth measuring again when they are gone.
async fn excess(repository: &dyn Repository, bytes: u64) -> Result<(u64, bool)> {
    let space = repository.engine().space(Log::TABLE).await?.ok_or_else(|| {
        Error::Unsupported(
            "the driver does not tell how much room is in use: prune by age or number".to_owned(),
        )
    })?;
    let excess = space.used.saturating_sub(bytes);
    if excess == 0 {
        return Ok((0, space.current));
    }
    let events = repository.get_total_logs(Default::default()).await?;
    let room = u128::from(space.table.unwrap_or(space.used).max(1));
    let share = (u128::from(excess) * u128::from(events)).div_ceil(room);
    // The last rounds are not made of single events.
    let share = u64::try_from(share).unwrap_or(u64::MAX).max(if space.current { UNIT as u64 } else { 1 });
    Ok((share.min(events), space.current))
}

/// A deletion under way.
struct Run<'r, 'o> {
    repository: &'r dyn Repository,
    options: PruneOptions<'o>,
    pruned: Pruned,
    /// The events that were to be deleted.
    planned: u64,
    /// The ids of events that are archived and not deleted yet.
    stored: BTreeSet<i64>,
    /// The events of the next unit.
    unit: usize,
    /// The least time that an event of a full unit has taken.
    fastest: Duration,
}

impl Run<'_, '_> {
    /// Deletes what an earlier run has archived and did not come to delete.
    async fn take_up(&mut self) -> Result<()> {
        let Some(archive) = self.options.archive.as_deref_mut() else { return Ok(()) };
        let archived = archive.unfinished().await?;
        for part in archived.chunks(UNIT) {
            let mut tries = 0;
            while let Err(error) = self.take_up_part(part).await {
                tries += 1;
                if error.kind() != ErrorKind::Conflict || tries > TRIES {
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    async fn take_up_part(&mut self, part: &[Log]) -> Result<()> {
        let engine = self.repository.engine();
        let mut sql = Sql::new(engine.dialect());
        write_select(&mut sql);
        sql.from::<Log>()
            .only_in(Log::ID, part.iter().map(|event| event.id))
            .asc(Log::TIMESTAMP)
            .asc(Log::ID);
        let there = engine.query(sql.finish()?).await?.decode(|row| {
            let log = Log::decode(row)?;
            Ok((log, row.value::<Value>("timestamp")?))
        })?;
        if let Some((event, _)) = there.iter().find(|(event, _)| !part.contains(event)) {
            return Err(Error::invalid_input(
                "archive",
                format!(
                    "holds another event than the database under the id {}: it was begun with another database; name \
                     another file",
                    event.id
                ),
            ));
        }
        let Some((last, time)) = there.last().cloned() else { return Ok(()) };
        let bounds = Bounds::up_to(engine, time, last.id).await?;
        let doomed: Vec<Doomed> = there.into_iter().map(|(event, time)| Doomed::of(event, time)).collect();
        self.delete_unit(&bounds, &doomed).await?;
        self.pruned.taken_up += doomed.len() as u64;
        Ok(())
    }

    /// Deletes the events within the bounds.
    async fn delete(&mut self, bounds: Bounds) -> Result<()> {
        if bounds.is_nothing() {
            return Ok(());
        }
        self.planned = self.pruned.events + bounds.count(self.repository.engine()).await?.events;
        let (mut front, mut tries) = (Front::default(), 0);
        loop {
            let events = self.read(&bounds, &front).await?;
            let Some(last) = events.last().map(|event| event.time.clone()) else { return Ok(()) };
            match self.delete_units(&bounds, &events).await {
                Ok(()) => {
                    tries = 0;
                    front.advance(last);
                }
                // Others have changed something meanwhile: what is there now is read again.
                Err(error) if error.kind() == ErrorKind::Conflict && tries < TRIES => tries += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// The next events, which are safe in the archive by then.
    async fn read(&mut self, bounds: &Bounds, front: &Front) -> Result<Vec<Doomed>> {
        let engine = self.repository.engine();
        let mut sql = Sql::new(engine.dialect());
        let Some(archive) = self.options.archive.as_deref_mut() else {
            sql.push("SELECT ").column(Log::ID).push(", ").column(Log::TIMESTAMP);
            sql.push(", ").column(Log::ATTACKER_IP).from::<Log>();
            bounds.write(&mut sql);
            front.write(&mut sql, CHUNK);
            return engine.query(sql.finish()?).await?.decode(|row| {
                let (id, time) = (row.read(Log::ID)?, row.value("timestamp")?);
                Ok(Doomed { id, time, source: row.read(Log::ATTACKER_IP)? })
            });
        };
        write_select(&mut sql);
        bounds.write(sql.from::<Log>());
        front.write(&mut sql, CHUNK);
        let (mut events, mut doomed) = (Vec::new(), Vec::new());
        engine.query(sql.finish()?).await?.decode(|row| {
            let event = Log::decode(row)?;
            doomed.push(Doomed {
                id: event.id,
                time: row.value("timestamp")?,
                source: event.attacker_ip.clone(),
            });
            if !self.stored.contains(&event.id) {
                events.push(event);
            }
            Ok(())
        })?;
        if !events.is_empty() {
            archive.store(&events).await?;
            self.pruned.archived += events.len() as u64;
            self.stored.extend(events.iter().map(|event| event.id));
        }
        Ok(doomed)
    }

    async fn delete_units(&mut self, bounds: &Bounds, events: &[Doomed]) -> Result<()> {
        let mut left = events;
        while !left.is_empty() {
            let (unit, rest) = left.split_at(self.unit.min(left.len()));
            self.delete_unit(bounds, unit).await?;
            left = rest;
        }
        Ok(())
    }

    /// Makes the next unit larger when this one has waited for others, else smaller again.
    fn adapt(&mut self, events: usize, took: Duration) {
        let Some(each) = u32::try_from(events).ok().and_then(|events| took.checked_div(events)) else {
            return;
        };
        if events >= UNIT {
            self.fastest = self.fastest.min(each);
        }
        let waited = each > self.fastest.saturating_mul(WAITED);
        self.unit = if waited { (self.unit * 2).min(CHUNK) } else { (self.unit / 2).max(UNIT) };
    }

    async fn delete_unit(&mut self, bounds: &Bounds, events: &[Doomed]) -> Result<()> {
        let engine = self.repository.engine();
        let begun = Instant::now();
        let deleted = delete(engine, bounds, events).await?;
        let took = begun.elapsed();
        self.adapt(events.len(), took);
        let pruned = &mut self.pruned;
        pruned.events += events.len() as u64;
        pruned.bounties += deleted.bounties;
        pruned.credentials += deleted.credentials;
        pruned.attackers += deleted.attackers;
        for event in [events.first(), events.last()].into_iter().flatten() {
            if let Ok(time) = Timestamp::from_value(event.time.clone()) {
                pruned.times(time);
            }
        }
        events.iter().for_each(|event| {
            self.stored.remove(&event.id);
        });
        self.tell(false);
        engine.tidy().await?;
        tokio::time::sleep(took.min(PAUSE)).await;
        Ok(())
    }

    /// Gives back the room that the engine gives back in small steps.
    async fn give_back(&mut self) -> Result<()> {
        self.tell(true);
        loop {
            let begun = Instant::now();
            if !self.repository.engine().tidy().await? {
                return Ok(());
            }
            tokio::time::sleep(begun.elapsed().min(PAUSE)).await;
        }
    }

    fn tell(&mut self, giving_back: bool) {
        let done = self.pruned.events;
        if let Some(told) = self.options.progress.as_deref_mut() {
            told(PruneProgress { done, of: self.planned.max(done), giving_back });
        }
    }
}

/// All columns of an event, and its time once more, as the engine has it.
fn write_select(sql: &mut Sql<'_>) {
    sql.push("SELECT ").columns(Log::TABLE.columns).push(", ").column(Log::TIMESTAMP);
}
