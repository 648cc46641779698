//! Losses of power under the SQLite driver, by the thousand: what it did to its files is recorded once, and the files are rebuilt as
//! the loss may leave them at any point of that.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use decnet_db::config::Config;
use decnet_db::contract::Repository;

use crate::database;
use crate::disk::{self, Disk, Fate};
use crate::history::End;
use crate::operation::{self, Operation, wrote_nothing};
use crate::recording::{DATABASE, INITIALIZED, Note, Notes, Recording};
use crate::report::Row;
use crate::seed::Seed;

/// How many losses one recording serves.
const LOSSES_OF_A_RECORDING: u64 = 500;
/// One of so many rebuilt databases is opened by the library too, and written to.
const OPENED_BY_THE_LIBRARY: u64 = 20;
/// One of so many recordings is of a program that writes much, so that the log is moved while it goes on.
const LONG: u64 = 10;
/// What may be lost without `?durability=commit`: what was acknowledged in so long a time before.
const BOUND: Duration = Duration::from_secs(1);
const TASKS: u64 = 4;

/// What was done and seen.
#[derive(Default)]
struct Tally {
    losses: u64,
    recordings: u64,
    acknowledged: usize,
    opened: u64,
    incomplete: u64,
    oldest: Duration,
}

/// Loses power many times, half of them with each durability.
pub(crate) fn sqlite(seed: u64, losses: u64, folder: &Path) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (nth, options) in ["", "?durability=commit"].into_iter().enumerate() {
        let bound = if options.is_empty() { BOUND } else { Duration::ZERO };
        let share = (losses + 1 - nth as u64) / 2;
        let mut tally = Tally::default();
        while tally.losses < share {
            let run = seed + 2 * tally.recordings + nth as u64;
            let losses = LOSSES_OF_A_RECORDING.min(share - tally.losses);
            let place = tempfile::Builder::new().prefix("power").tempdir_in(folder)?;
            let long = share > LOSSES_OF_A_RECORDING && tally.recordings % LONG == LONG - 1;
            recording(run, options, place.path(), long)
                .and_then(|recording| tally.lose(&recording, run, losses, bound, place.path()))
                .with_context(|| format!("losses of power, seed {run}, SQLite{options}"))?;
            tally.recordings += 1;
        }
        rows.push(tally.row(options, bound, seed));
    }
    Ok(rows)
}

/// Lets a program write, and records it.
fn recording(seed: u64, options: &str, place: &Path, long: bool) -> anyhow::Result<Recording> {
    let folder = place.join("recorded");
    std::fs::create_dir(&folder)?;
    let url = format!("sqlite:///{}{options}", folder.join(DATABASE).display());
    let notes = Notes::default();
    let mut numbers = Seed::new(seed, 0);
    decnet_db_interpose::record(&folder, Duration::from_millis(numbers.within(0..20)))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let done = runtime.block_on(program(&url, seed, &notes, &mut numbers, long));
    drop(runtime);
    let entries = decnet_db_interpose::stop();
    done?;
    let mut disk = Disk::default();
    disk.advance(&entries, entries.len());
    for (name, content) in disk.after_loss(&entries, Fate::Kept, &mut numbers) {
        let real = std::fs::read(folder.join(&name)).with_context(|| name.clone())?;
        ensure!(real == content, "{name} is not what was recorded: something got past the recording");
    }
    Ok(Recording { entries, notes: notes.take() })
}

async fn program(url: &str, seed: u64, notes: &Notes, numbers: &mut Seed, long: bool) -> anyhow::Result<()> {
    let config = Config::new(url.parse()?);
    let lives = if long { 1 } else { numbers.within(1..4) };
    let mut open = Vec::new();
    for life in 0..lives {
        let repository = decnet_db::connect_with(&config).await?;
        repository.initialize().await?;
        if life == 0 {
            decnet_db_interpose::mark(INITIALIZED);
            operation::prepare(&*repository).await?;
        }
        let mut tasks = tokio::task::JoinSet::new();
        for task in 0..TASKS {
            let seed = Seed::new(seed, 1 + life * TASKS + task);
            let calls = if long { 1_500 } else { numbers.within(5..80) };
            tasks.spawn(write(Arc::clone(&repository), (life, task), seed, notes.clone(), calls));
        }
        while let Some(end) = tasks.join_next().await {
            end??;
            // As another program does that writes the file.
            if numbers.once_in(3) {
                let path =
                    url.trim_start_matches("sqlite:///").split('?').next().unwrap_or_default().to_owned();
                tokio::task::spawn_blocking(move || checkpoint(Path::new(&path))).await??;
            }
        }
        if numbers.once_in(2) {
            repository.close().await;
        } else {
            open.push(repository);
        }
    }
    for repository in open {
        repository.close().await;
    }
    Ok(())
}

fn checkpoint(path: &Path) -> anyhow::Result<()> {
    let connection = rusqlite::Connection::open(path)?;
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
    Ok(())
}

async fn write(
    repository: Arc<dyn Repository>,
    task: (u64, u64),
    mut seed: Seed,
    notes: Notes,
    calls: u64,
) -> anyhow::Result<()> {
    for number in 0..calls {
        if seed.once_in(10) && calls < 100 {
            // Long enough, often, that a sync is due before the next write.
            tokio::time::sleep(Duration::from_millis(seed.within(0..700))).await;
        }
        let operation = Operation::next(&mut seed, task, number);
        notes.note(Note::Begun, &operation);
        match operation.run(&*repository).await {
            Ok(()) => notes.note(Note::Ended(End::Done), &operation),
            Err(error) if wrote_nothing(&error) && error.is_retryable() => {
                notes.note(Note::Ended(End::Nothing), &operation);
            }
            Err(error) => return Err(error).with_context(|| operation.to_string()),
        }
    }
    Ok(())
}

impl Tally {
    fn lose(
        &mut self,
        recording: &Recording,
        seed: u64,
        losses: u64,
        bound: Duration,
        place: &Path,
    ) -> anyhow::Result<()> {
        let mut numbers = Seed::new(seed, 1_000);
        let entries = &recording.entries;
        self.acknowledged +=
            recording.notes.iter().filter(|(note, _)| *note == Note::Ended(End::Done)).count();
        let mut points: Vec<usize> =
            (0..losses).map(|_| numbers.within(0..entries.len() as u64 + 1) as usize).collect();
        points.sort_unstable();
        let mut disk = Disk::default();
        for (nth, point) in points.into_iter().enumerate() {
            disk.advance(entries, point);
            let fate = Fate::choose(&mut numbers);
            let files = disk.after_loss(entries, fate, &mut numbers);
            let folder = place.join(format!("lost-{nth}"));
            std::fs::create_dir(&folder)?;
            disk::put(&files, &folder)?;
            let seen = recording.look(point, bound, &folder).with_context(|| {
                format!("power lost at {point} of {}, {fate:?}, loss {nth}", entries.len())
            })?;
            self.incomplete += u64::from(seen.is_incomplete);
            self.oldest = self.oldest.max(seen.oldest);
            if numbers.once_in(OPENED_BY_THE_LIBRARY) {
                reopen(&folder)
                    .with_context(|| format!("opened again after {point} of {}, {fate:?}", entries.len()))?;
                self.opened += 1;
            }
            std::fs::remove_dir_all(&folder)?;
            self.losses += 1;
        }
        Ok(())
    }

    fn row(&self, options: &str, bound: Duration, seed: u64) -> Row {
        let Self { losses, recordings, acknowledged, opened, incomplete, oldest } = self;
        let (promise, lost) = if bound.is_zero() {
            ("nothing that was acknowledged", "0 acknowledged writes lost".to_owned())
        } else {
            (
                "nothing that was acknowledged a second before",
                format!(
                    "{incomplete} times the last writes were missing, the oldest acknowledged {} ms before",
                    oldest.as_millis()
                ),
            )
        };
        Row {
            fault: format!("the power fails, SQLite{options}"),
            how: format!(
                "what was written and not synced is dropped, cut, reordered, torn at 512 or 4,096 bytes, at random points of {recordings} recordings"
            ),
            times: *losses,
            promise: format!(
                "opens; the engine's own check is ok; no unit torn, no hole in the order of commits; lost is {promise}"
            ),
            result: format!(
                "{acknowledged} acknowledged while recorded: {lost}; 0 corrupt, 0 torn, 0 holes; {opened} opened by the library and written to"
            ),
            seed,
        }
    }
}

/// The library opens the database, and it can be written to.
fn reopen(folder: &Path) -> anyhow::Result<()> {
    let url = format!("sqlite:///{}", folder.join(DATABASE).display());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let repository = decnet_db::connect(&url).await?;
        repository.initialize().await?;
        operation::prepare(&*repository).await?;
        for (number, name) in ["u3-999.0.0", "b9-999.0.1", "c1-999.0.2", "g1-999.0.3"].into_iter().enumerate()
        {
            let operation: Operation = name.parse()?;
            operation.run(&*repository).await.with_context(|| format!("write {number}"))?;
        }
        repository.close().await;
        anyhow::Ok(())
    })?;
    let (found, faults) = database::sqlite(&folder.join(DATABASE))?;
    ensure!(faults.is_empty(), "{}", faults.join("\n"));
    let written = found.unwrap_or_default().events.iter().filter(|(_, line)| line.contains("-999.")).count();
    ensure!(written == 12, "12 events were written, {written} are there");
    Ok(())
}
