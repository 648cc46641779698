//! I/O errors under the SQLite driver: the n-th operation of a kind fails, for one n after the other; and the power may fail afterwards.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use decnet_db::contract::Repository;
use decnet_db::{Error, ErrorKind};
use decnet_db_interpose::{Fault, Operation as Call, What};

use crate::disk::{self, Disk, Fate};
use crate::history::End;
use crate::operation::{self, Operation};
use crate::recording::{DATABASE, INITIALIZED, Note, Notes, Recording};
use crate::report::Row;
use crate::seed::Seed;

/// `EIO` and `ENOSPC`, on every Linux.
const EIO: i32 = 5;
const ENOSPC: i32 = 28;
/// How many losses of power follow each error.
const LOSSES: u64 = 12;
/// How long it takes at most until writes go on when the fault is gone.
const RECOVERY: Duration = Duration::from_secs(20);
const BOUND: Duration = Duration::from_secs(1);

const CALLS: [(Call, &str); 6] = [
    (Call::Sync, "sync"),
    (Call::Write, "write"),
    (Call::WriteIndex, "write to the log's index"),
    (Call::Read, "read"),
    (Call::Truncate, "truncate"),
    (Call::Open, "open"),
];

/// What was done and seen.
#[derive(Default)]
struct Tally {
    runs: u64,
    failed: BTreeMap<&'static str, u64>,
    refused: u64,
    unknown: u64,
    done: u64,
    losses: u64,
}

/// One run.
#[derive(Debug, Clone, Copy)]
struct Run {
    seed: u64,
    call: (Call, &'static str),
    after: u64,
    times: u64,
    errno: i32,
    options: &'static str,
    fresh: bool,
}

/// Lets so many runs have an error each.
pub(crate) fn sqlite(seed: u64, runs: u64, folder: &Path) -> anyhow::Result<Vec<Row>> {
    let mut numbers = Seed::new(seed, 7);
    let mut tally = Tally::default();
    let template = folder.join("io-template");
    std::fs::create_dir(&template)?;
    block_on(async {
        let repository = decnet_db::connect(&url(&template, "")).await?;
        repository.initialize().await?;
        operation::prepare(&*repository).await?;
        repository.close().await;
        anyhow::Ok(())
    })?;
    let mut next = [0_u64; CALLS.len()];
    while tally.runs < runs {
        let of = (tally.runs % CALLS.len() as u64) as usize;
        let call = CALLS[of];
        let run = Run {
            seed: seed + tally.runs,
            call,
            after: next[of],
            times: [1, 1, 3, u64::MAX][numbers.within(0..4) as usize],
            errno: if matches!(call.0, Call::Write | Call::WriteIndex) && numbers.once_in(2) {
                ENOSPC
            } else {
                EIO
            },
            options: if numbers.once_in(2) { "" } else { "?durability=commit" },
            fresh: call.0 != Call::WriteIndex && numbers.once_in(4),
        };
        let place = tempfile::Builder::new().prefix("io").tempdir_in(folder)?;
        let failed = tally.run(run, &template, place.path()).with_context(|| format!("{run:?}"))?;
        // Behind the last one it begins anew, with other errors.
        next[of] = if failed == 0 {
            0
        } else {
            next[of] + if call.0 == Call::Write { numbers.within(1..9) } else { 1 }
        };
        tally.runs += 1;
    }
    Ok(vec![tally.row(seed)])
}

fn url(folder: &Path, options: &str) -> String {
    format!("sqlite:///{}{options}", folder.join(DATABASE).display())
}

fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}

impl Tally {
    fn run(&mut self, run: Run, template: &Path, place: &Path) -> anyhow::Result<u64> {
        let folder = place.join("recorded");
        std::fs::create_dir(&folder)?;
        if !run.fresh {
            std::fs::copy(template.join(DATABASE), folder.join(DATABASE))?;
        }
        let notes = Notes::default();
        decnet_db_interpose::record(&folder, Duration::ZERO)?;
        if !run.fresh {
            decnet_db_interpose::mark(INITIALIZED);
        }
        let began = Instant::now();
        let done = block_on(self.program(run, &folder, &notes));
        let entries = decnet_db_interpose::stop();
        let (failed, healed) = done?;
        let recording = Recording { entries, notes: notes.take() };
        *self.failed.entry(run.call.1).or_default() += failed;
        let end = recording.entries.len();
        recording.look(end, Duration::ZERO, &folder).context("without a loss of power")?;
        // While syncs fail all the time nothing comes to the disk; then the bound counts from the end of that.
        let bound = match (run.options.is_empty(), run.times) {
            (true, 1) => BOUND,
            (true, _) => BOUND + healed.duration_since(began),
            (false, _) => Duration::ZERO,
        };
        self.lose(run, &recording, bound, place)?;
        Ok(failed)
    }

    /// Writes while the fault comes, and afterwards until all is well; says how many operations failed, and until when.
    async fn program(&mut self, run: Run, folder: &Path, notes: &Notes) -> anyhow::Result<(u64, Instant)> {
        let url = url(folder, run.options);
        let Run { call, after, times, errno, .. } = run;
        decnet_db_interpose::fail(Fault { operation: call.0, after, times, errno });
        let mut repository = match open(&url).await {
            Ok(repository) => Some(repository),
            Err(error) if is_read_error(run, &error) => None,
            Err(error) => {
                let kinds = [ErrorKind::Unavailable, ErrorKind::UnknownOutcome, ErrorKind::Configuration];
                ensure!(kinds.contains(&error.kind()), "opening: {:?}: {error}", error.kind());
                None
            }
        };
        let mut seed = Seed::new(run.seed, 1);
        let mut number = 0;
        if let Some(repository) = &repository {
            if run.call.0 == Call::WriteIndex {
                operation::lengthen_log(&**repository).await?;
            }
            for nth in 0..16 {
                self.write(run, &**repository, &mut seed, number, notes).await?;
                number += 1;
                if run.call.0 == Call::Sync && run.options.is_empty() && nth == 8 {
                    // Until a sync was due.
                    tokio::time::sleep(Duration::from_millis(650)).await;
                }
            }
        }
        let (_, failed) = decnet_db_interpose::heal();
        let healed = Instant::now();
        if repository.is_none() {
            repository = Some(open(&url).await.context("opening when the fault is gone")?);
        }
        let Some(repository) = repository else { bail!("there is no repository") };
        while !self.write(run, &*repository, &mut seed, number, notes).await? {
            number += 1;
            ensure!(healed.elapsed() < RECOVERY, "no write is done when the fault is gone");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        for _ in 0..6 {
            number += 1;
            ensure!(
                self.write(run, &*repository, &mut seed, number, notes).await?,
                "a write fails without a fault"
            );
        }
        repository.close().await;
        Ok((failed, healed))
    }

    /// Whether it was done.
    async fn write(
        &mut self,
        run: Run,
        repository: &dyn Repository,
        seed: &mut Seed,
        number: u64,
        notes: &Notes,
    ) -> anyhow::Result<bool> {
        let operation = Operation::next(seed, (0, 0), number);
        notes.note(Note::Begun, &operation);
        let end = match operation.run(repository).await {
            Ok(()) => {
                self.done += 1;
                End::Done
            }
            Err(error) if error.kind() == ErrorKind::Unavailable && error.is_retryable() => {
                self.refused += 1;
                End::Nothing
            }
            Err(error) if error.kind() == ErrorKind::UnknownOutcome || is_read_error(run, &error) => {
                self.unknown += 1;
                End::Open
            }
            Err(error) => bail!("{operation}: {:?}: {error}", error.kind()),
        };
        notes.note(Note::Ended(end), &operation);
        Ok(end == End::Done)
    }

    /// Loses power at some points behind the error.
    fn lose(&mut self, run: Run, recording: &Recording, bound: Duration, place: &Path) -> anyhow::Result<()> {
        let entries = &recording.entries;
        let mut numbers = Seed::new(run.seed, 2);
        let begin =
            entries.iter().position(|entry| matches!(entry.what, What::SyncFolder { .. })).unwrap_or(0) + 1;
        let failed = entries.iter().position(|entry| matches!(entry.what, What::SyncFailed { .. }));
        let from = failed.unwrap_or(begin) as u64;
        // The truest moment is right behind an answer, before anything else is written.
        let answered = recording.not_done().map(|at| at + 1).take(LOSSES as usize / 2);
        let mut points: Vec<usize> = answered.collect();
        while points.len() < LOSSES as usize {
            points.push(numbers.within(from..entries.len() as u64 + 1) as usize);
        }
        points.sort_unstable();
        let mut disk = Disk::default();
        for (nth, point) in points.into_iter().enumerate() {
            disk.advance(entries, point);
            let fate = Fate::choose(&mut numbers);
            let folder = place.join(format!("lost-{nth}"));
            std::fs::create_dir(&folder)?;
            disk::put(&disk.after_loss(entries, fate, &mut numbers), &folder)?;
            recording.look(point, bound, &folder).with_context(|| {
                format!("power lost at {point} of {}, {fate:?}, loss {nth}", entries.len())
            })?;
            std::fs::remove_dir_all(&folder)?;
            self.losses += 1;
        }
        Ok(())
    }

    fn row(&self, seed: u64) -> Row {
        let Self { runs, failed, refused, unknown, done, losses } = self;
        let failed: Vec<String> = failed.iter().map(|(call, times)| format!("{times} × {call}")).collect();
        Row {
            fault: "input and output fail, SQLite with either durability".to_owned(),
            how: format!(
                "the n-th operation fails once, thrice or until the end, n = 1, 2, …; a sync that fails drops what it should have written; \
                 then the power fails {LOSSES} times"
            ),
            times: *runs,
            promise: "each answer is true: done, nothing written, or not known; writes go on when the fault is gone; then, and after a \
                      loss of power, as above"
                .to_owned(),
            result: format!(
                "{}; {done} acknowledged, {refused} refused, {unknown} of unknown outcome; {losses} losses of power: 0 corrupt, 0 lost, 0 torn",
                failed.join(", ")
            ),
            seed,
        }
    }
}

/// Whether an error is what SQLite makes of a read that the device refuses: a damaged file.
fn is_read_error(run: Run, error: &Error) -> bool {
    run.call.0 == Call::Read && error.kind() == ErrorKind::Backend && error.to_string().contains("is damaged")
}

async fn open(url: &str) -> Result<Arc<dyn Repository>, Error> {
    let repository = decnet_db::connect(url).await?;
    repository.initialize().await?;
    decnet_db_interpose::mark(INITIALIZED);
    operation::prepare(&*repository).await?;
    Ok(repository)
}
