//! `decnet-db ingest`: captures into the database, each line once.

mod arguments;
mod digest;
mod identity;
mod legacy;
mod lines;
mod reader;
mod record;
mod records;
mod rejected;
mod report;
mod run;
mod source;
mod store;
mod tally;

use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use decnet_db::capture::Parser;
use decnet_db::contract::SeededAdmin;
use decnet_db::{Error, Repository};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::mpsc;

pub(crate) use self::arguments::IngestArgs;
pub(crate) use self::records::stored;

use self::reader::{Input, Message, Reader, Settings};
use self::records::Records;
use self::rejected::Rejected;
use self::report::{BEAT, Report, Summary};
use self::run::RunId;
use self::store::{Store, Stored, slots};
use crate::args::Global;
use crate::connection::{config, open};
use crate::errors::{Failure, Loss};
use crate::output::Output;
use crate::stop::{Stop, when_available};

/// The width of what is shown where there is no terminal.
const WIDTH: u16 = 80;

/// How many times the first record of a file is tried to be stored under another key.
const FIRST_RECORDS: u32 = 16;

/// Fills the database, which is created when it is not there.
pub(crate) async fn run(global: &Global, arguments: IngestArgs, output: &mut Output) -> Result<(), Failure> {
    arguments.check()?;
    arguments.parser()?;
    let config = config(global)?;
    let stop = Stop::default();
    let signalled = stop.on_signal();
    let tell = |text: &str| eprintln_line(&format!("decnet-db: {text}"));
    let repository = when_available(&stop, arguments.follow, || open(&config), tell).await?;
    let result = ingest(&arguments, Arc::clone(&repository), output.is_json(), &stop).await;
    tokio::select! {
        () = repository.close() => {}
        () = stop.passed() => {}
    }
    signalled.abort();
    let (summary, ended) = result?;
    match summary {
        Summary::Json(value) => output.json(&value)?,
        Summary::Text(text) => output.text(&text)?,
    }
    ended
}

fn eprintln_line(text: &str) {
    // Where standard error is gone nobody is left to be told.
    drop(io::Write::write_all(&mut io::stderr().lock(), format!("{text}\n").as_bytes()));
}

/// Reads, stores, and sums up; the result is that of the inputs.
async fn ingest(
    arguments: &IngestArgs,
    repository: Arc<dyn Repository>,
    json: bool,
    stop: &Stop,
) -> Result<(Summary, Result<(), Failure>), Failure> {
    let follow = arguments.follow;
    let tell = |text: &str| eprintln_line(&format!("decnet-db: {text}"));
    let initialize = || async { Ok(repository.initialize().await?) };
    let done = when_available(stop, follow, initialize, tell).await?;
    let inputs: Vec<Input> = arguments.files.iter().map(|path| Input::of(path)).collect();
    let names = inputs.iter().map(Input::name).collect();
    let report = Report::new(bar(arguments), arguments.quiet, names);
    if done.created > 0 && done.admin == SeededAdmin::NoPassword {
        report.hint(
            "the database has no administrator yet: DECNET_ADMIN_PASSWORD and `decnet-db init` create one",
        );
    }
    if done.foreign_revision {
        report.tell(&format!("warning: the schema is that of another version of DECNET ({})", done.revision));
    }
    let parser = arguments.parser()?;
    let (mut targets, mut rejected) = (Vec::new(), Vec::<Rejected>::new());
    for input in &inputs {
        let keep = arguments.rejected(input);
        targets.push(rejected.iter().position(|known| known.path() == keep).unwrap_or_else(|| {
            rejected.push(Rejected::new(keep));
            rejected.len() - 1
        }));
    }
    let never = rejected.iter().map(|file| file.path().to_owned()).collect();
    let this = RunId::this();
    let settings = Settings {
        inputs,
        batch_rows: arguments.batch.get(),
        follow,
        again: arguments.again,
        keep: Duration::from_secs(arguments.keep),
        this: this.clone(),
        never,
    };
    let mut store = Store {
        repository: Arc::clone(&repository),
        targets,
        rejected,
        slots: std::collections::HashMap::new(),
        this,
        patient: follow,
        stop: stop.clone(),
        report,
    };
    let failed = read_and_store(&mut store, &settings, &parser, arguments.as_decnet).await?;
    store.report.interrupted = stop.is_set() && !follow;
    let kept = store.rejected.iter().filter(|file| file.is_open());
    let kept = kept.map(|file| file.path().display().to_string()).collect();
    let width = usize::from(terminal_width());
    let summary = stop.unless(store.report.finish(&*repository, kept, json, width)).await?;
    Ok((summary, ended(arguments, &store.report, failed)))
}

/// What the run has come to.
fn ended(
    arguments: &IngestArgs,
    report: &Report,
    failed: Option<(String, io::Error)>,
) -> Result<(), Failure> {
    if let Some((name, error)) = failed {
        return Err(match error.kind() {
            io::ErrorKind::Unsupported => Error::invalid_input(name, error.to_string()).into(),
            _ => Failure::io("not every input could be read to its end", error),
        });
    }
    let strange = report.unrecognised();
    if !strange.is_empty() && !arguments.follow {
        let error = Error::invalid_input(strange.join(", "), "no line of it is an event that is known");
        let hint = "`decnet-db help ingest` lists what is read; --format names one of them, --mapping a file that describes another";
        return Err(Failure::from(error).or_hint(hint));
    }
    let (losses, bytes) = report.losses();
    if arguments.strict && losses > 0 {
        return Err(Loss { losses, bytes }.into());
    }
    Ok(())
}

/// Runs a reader, and stores what it sends; another one when the records were not those that it had read.
async fn read_and_store(
    store: &mut Store,
    settings: &Settings,
    parser: &Parser,
    as_decnet: bool,
) -> Result<Option<(String, io::Error)>, Failure> {
    for attempt in 0.. {
        let repository = Arc::clone(&store.repository);
        let load = || async {
            match settings.inputs.first() {
                Some(Input::Path(path)) if as_decnet => {
                    let name = std::path::absolute(path).unwrap_or_else(|_| path.clone());
                    Ok(Records::load_decnets(&*repository, name.to_string_lossy().into_owned()).await?)
                }
                _ => Ok(Records::load(&*repository).await?),
            }
        };
        let told = |text: &str| eprintln_line(&format!("decnet-db: {text}"));
        let records = when_available(&store.stop, store.patient, load, told).await?;
        store.slots = slots(&records);
        let progress = Arc::new(AtomicU64::new(0));
        let (sender, receiver) = mpsc::channel(1);
        let flag = Arc::clone(&store.stop.0);
        let reader =
            Reader::new(settings.clone(), records, parser.clone(), sender, flag, Arc::clone(&progress));
        std::thread::Builder::new()
            .name("reader".to_owned())
            .spawn(move || reader.run())
            .map_err(|error| Failure::io("can't start: the system grants no thread", error))?;
        match drain(store, receiver, &progress, settings.follow).await? {
            Drained::Ended(failed) => return Ok(failed),
            // What a stream gave is gone.
            Drained::Stale(key, name) => {
                let streams = settings.inputs.contains(&Input::Stdin);
                // Files that begin alike may take the same key for their first record; each time one of them has it.
                let tries = if store.has_record(&key) { 1 } else { FIRST_RECORDS };
                if attempt >= tries || streams {
                    return Err(store.taken(&key, &name).await.into());
                }
                store.report.begin_anew();
            }
        }
    }
    Ok(None)
}

/// How a reader ended.
enum Drained {
    /// It was done; the error is that of an input.
    Ended(Option<(String, io::Error)>),
    /// The record of a file was not what the reader had read.
    Stale(String, String),
}

/// Stores what the reader sends, until it ends or a signal comes; then what it has sent by then.
async fn drain(
    store: &mut Store,
    mut receiver: mpsc::Receiver<Message>,
    progress: &AtomicU64,
    follow: bool,
) -> Result<Drained, Failure> {
    let mut failed = None;
    loop {
        let message = tokio::select! {
            message = receiver.recv() => message,
            () = tokio::time::sleep(BEAT), if follow => {
                store.report.beat();
                continue;
            }
        };
        let Some(message) = message else { break };
        match message {
            Message::Batch(batch) => {
                let of = batch.commit.as_ref().map(|commit| (commit.key.clone(), batch.name.clone()));
                if store.store(*batch).await? == Stored::Stale {
                    let (key, name) = of.unwrap_or_default();
                    return Ok(Drained::Stale(key, name));
                }
            }
            Message::Known(commit) => {
                let of = (commit.key.clone(), commit.record.path.clone());
                if store.note(*commit).await? == Stored::Stale {
                    return Ok(Drained::Stale(of.0, of.1));
                }
            }
            Message::Already(input, lines) => store.report.already(input, lines),
            Message::Warning(text) => store.report.tell(&text),
            Message::Hint(text) => store.report.hint(&text),
            Message::Failed(name, error) => {
                let what = if error.kind() == io::ErrorKind::Unsupported { "" } else { "can't be read on: " };
                store.report.tell(&format!("{name}: {what}{error}"));
                failed = Some((name, error));
            }
            Message::Ended(input, name, bytes) => store.report.waiting(input, name, bytes),
            Message::NotFound(input, text, bytes) => store.report.not_found(input, &text, bytes),
            Message::Busy(text) => {
                let text = format!("{text}; this run stored {} events", store.report.stored_so_far());
                return Err(Error::conflict(text).into());
            }
            Message::Ready => drop(sd_notify::notify(false, &[sd_notify::NotifyState::Ready])),
        }
        store.report.bar.set_position(progress.load(Ordering::Relaxed));
        if follow {
            store.report.beat();
        }
    }
    Ok(Drained::Ended(failed))
}

/// The progress bar: hidden unless standard error is a terminal.
fn bar(arguments: &IngestArgs) -> ProgressBar {
    if arguments.quiet || !io::stderr().is_terminal() {
        return ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
    }
    let sizes = arguments.files.iter().map(|path| std::fs::metadata(path).map(|metadata| metadata.len()));
    let total = sizes.sum::<io::Result<u64>>().ok().filter(|_| !arguments.follow);
    let (bar, template) = match total {
        Some(total) => {
            (ProgressBar::new(total), "{bar:30} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left")
        }
        None => (ProgressBar::new_spinner(), "{spinner} {bytes} read, {bytes_per_sec}"),
    };
    // A template that is wrong would show in the default style.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// The width of the terminal that standard output is, if it is one.
fn terminal_width() -> u16 {
    terminal_size::terminal_size().map_or(WIDTH, |(width, _)| width.0)
}
