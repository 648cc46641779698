//! `decnet-db ingest`: captures into the database, each line once.

mod histogram;
mod lines;
mod position;
mod reader;
mod rejected;
mod report;
mod source;
mod store;
mod tally;

use std::fs::File;
use std::io::{self, IsTerminal as _};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use decnet_db::capture::Parser;
use decnet_db::contract::SeededAdmin;
use decnet_db::json::Json;
use decnet_db::{Error, Repository};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::mpsc;

use self::position::{DECNET_KEY, SESSIONS_KEY};
use self::reader::{Input, Message, Reader};
use self::rejected::Rejected;
use self::report::{Report, Summary};
use self::store::{Store, Target, position_of, settle};
use crate::args::Global;
use crate::connection::{config, with_open};
use crate::errors::Failure;
use crate::output::Output;

/// The width of what is shown where there is no terminal.
const WIDTH: u16 = 80;

/// What `decnet-db ingest` takes.
#[derive(clap::Args)]
pub(crate) struct IngestArgs {
    /// The captures, compressed by gzip or not; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// What all lines are written in, instead of finding out line by line
    #[arg(long, value_name = "FORMAT", value_parser = ["decnet", "rfc5424", "cowrie"])]
    format: Option<String>,

    /// How many events one commit has at most (also at most 4 MiB of lines)
    ///
    /// DECNET_BATCH_SIZE is for DECNET's own ingester, and changes nothing here.
    #[arg(long, value_name = "EVENTS", default_value = "2000")]
    batch: NonZeroUsize,

    /// Go on when the end is reached: wait for more lines, also in the file that takes the name when it is rotated
    ///
    /// Ends by Ctrl-C or SIGTERM, with everything stored that was read.
    #[arg(short, long)]
    follow: bool,

    /// Take over the position of DECNET's own ingester, and leave it ours; for one file, which must be the one it reads
    #[arg(long)]
    as_decnet: bool,

    /// Where lines go that are no events [default: FILE.rejected]
    #[arg(long, value_name = "PATH")]
    rejected: Option<PathBuf>,

    /// Show no progress and no rejected lines, only errors and the summary
    #[arg(short, long)]
    quiet: bool,
}

/// Fills the database, which is created when it is not there.
pub(crate) async fn run(global: &Global, arguments: IngestArgs, output: &mut Output) -> Result<(), Failure> {
    arguments.check()?;
    let config = config(global)?;
    let (summary, failed) =
        with_open(&config, async |repository| ingest(&arguments, repository, output.is_json()).await).await?;
    match summary {
        Summary::Json(value) => output.json(&value)?,
        Summary::Text(text) => output.text(&text)?,
    }
    failed.map_or(Ok(()), |error| Err(Failure::io("not every input could be read to its end", error)))
}

impl IngestArgs {
    /// Refuses what can't work before a database is created for it.
    fn check(&self) -> Result<(), Failure> {
        let refuse =
            |argument: &str, reason: &str| Err(Failure::from(Error::invalid_input(argument, reason)));
        let streams = self.files.iter().filter(|path| is_stream(path)).count();
        if streams > 1 {
            return refuse("-", "standard input can be read once only");
        }
        if self.as_decnet && (self.files.len() > 1 || streams > 0) {
            return refuse("--as-decnet", "takes exactly one file, since DECNET has one position");
        }
        for path in self.files.iter().filter(|path| !is_stream(path)) {
            let opened = File::open(path).and_then(|file| file.metadata());
            match opened {
                Ok(metadata) if metadata.is_dir() => {
                    return refuse(&path.display().to_string(), "is a directory; name the files in it");
                }
                Ok(_) => {}
                Err(error) => return refuse(&path.display().to_string(), &format!("can't be read: {error}")),
            }
        }
        Ok(())
    }

    /// The file that takes the rejected lines of an input.
    fn rejected(&self, input: &Path) -> PathBuf {
        if let Some(path) = &self.rejected {
            return path.clone();
        }
        let mut path = if is_stream(input) { "stdin".into() } else { input.as_os_str().to_owned() };
        path.push(".rejected");
        path.into()
    }
}

fn is_stream(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Reads, stores, and sums up; the error is that of an input.
async fn ingest(
    arguments: &IngestArgs,
    repository: Arc<dyn Repository>,
    json: bool,
) -> Result<(Summary, Option<io::Error>), Failure> {
    let done = repository.initialize().await?;
    let progress = Arc::new(AtomicU64::new(0));
    let mut report = Report::new(bar(arguments), arguments.quiet);
    if done.created > 0 && done.admin == SeededAdmin::NoPassword {
        report.hint(
            "the database has no administrator yet: DECNET_ADMIN_PASSWORD and `decnet-db init` create one",
        );
    }
    if done.foreign_revision {
        report.tell(&format!("warning: the schema is that of another version of DECNET ({})", done.revision));
    }

    let mut parser = Parser::new(arguments.format.as_deref().map(str::parse).transpose()?);
    let sessions = repository.get_state(SESSIONS_KEY).await?.unwrap_or_else(no_sessions);
    parser.resume_sessions(&sessions);
    let (mut inputs, mut targets, mut rejected) = (Vec::new(), Vec::new(), Vec::<Rejected>::new());
    for path in &arguments.files {
        let key = match is_stream(path) {
            true => None,
            false if arguments.as_decnet => Some(DECNET_KEY.to_owned()),
            false => Some(position::key("ingest", path)),
        };
        let latch = key.is_some().then(|| position::key("latch", path));
        settle(&*repository, latch.as_deref()).await?;
        let position = match &key {
            Some(key) => position_of(&*repository, key).await?,
            None => None,
        };
        let already = position.as_ref().map_or(0, |position| position.lines);
        report.already += already;
        let name = if is_stream(path) { "standard input".to_owned() } else { path.display().to_string() };
        let keep = arguments.rejected(path);
        let place = rejected.iter().position(|known| known.path() == keep).unwrap_or_else(|| {
            rejected.push(Rejected::new(keep));
            rejected.len() - 1
        });
        targets.push(Target { name, key, latch, already, rejected: place });
        inputs.push(Input { path: (!is_stream(path)).then(|| path.clone()), position });
    }

    let stop = Arc::new(AtomicBool::new(false));
    let (sender, receiver) = mpsc::channel(1);
    let reader = Reader {
        inputs,
        parser,
        batch_rows: arguments.batch.get(),
        out: sender,
        stop: Arc::clone(&stop),
        progress: Arc::clone(&progress),
    };
    let follow = arguments.follow;
    std::thread::Builder::new()
        .name("reader".to_owned())
        .spawn(move || if follow { reader.follow() } else { reader.read_once() })
        .map_err(|error| Failure::io("can't start: the system grants no thread", error))?;

    let as_decnet = arguments.as_decnet;
    let mut store =
        Store { repository: Arc::clone(&repository), targets, rejected, as_decnet, stop, report, sessions };
    let failed = drain(&mut store, receiver, &progress, follow).await?;
    let kept = store.rejected.iter().filter(|file| file.is_open());
    let kept = kept.map(|file| file.path().display().to_string()).collect();
    let width = usize::from(terminal_width());
    Ok((store.report.finish(&*repository, kept, json, width).await?, failed))
}

fn no_sessions() -> Json {
    Json::from(serde_json::json!([]))
}

/// Stores what the reader sends, until it ends or a signal comes; then what it has sent by then.
async fn drain(
    store: &mut Store,
    mut receiver: mpsc::Receiver<Message>,
    progress: &AtomicU64,
    follow: bool,
) -> Result<Option<io::Error>, Failure> {
    let stop = Arc::clone(&store.stop);
    let signalled = tokio::spawn(async move {
        // Where signals can't be waited for, they end the program: also then each line is stored once.
        if signal().await.is_ok() {
            stop.store(true, Ordering::Relaxed);
        }
    });
    let mut failed = None;
    while let Some(message) = receiver.recv().await {
        match message {
            Message::Batch(batch) => store.store(*batch).await?,
            Message::Restarted(input, reason) => {
                // What it held under this name before is not what it holds now.
                store.report.already -= std::mem::take(&mut store.targets[input].already);
                let name = &store.targets[input].name;
                store.report.tell(&format!("{name} {reason}: reading it from its start"));
            }
            Message::Failed(input, error) => {
                store.report.tell(&format!("{}: can't be read on: {error}", store.targets[input].name));
                failed = Some(error);
            }
            Message::Ended(input, bytes) => {
                let name = store.targets[input].name.clone();
                store.report.unfinished.push((name, bytes));
            }
        }
        store.report.bar.set_position(progress.load(Ordering::Relaxed));
    }
    signalled.abort();
    store.report.interrupted = store.stop.load(Ordering::Relaxed) && !follow;
    Ok(failed)
}

/// Waits until somebody wants the run to stop.
#[cfg(unix)]
async fn signal() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

#[cfg(not(unix))]
async fn signal() -> io::Result<()> {
    tokio::signal::ctrl_c().await
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
