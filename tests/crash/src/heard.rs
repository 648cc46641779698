//! Processes that write, and what they say.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::child::{READY, Waits};
use crate::history::{End, History};

/// How long something may take that takes a moment.
const LONG: Duration = Duration::from_secs(120);

/// What the processes said.
#[derive(Default)]
pub(crate) struct Heard {
    said: Mutex<Said>,
    more: Condvar,
}

#[derive(Default)]
pub(crate) struct Said {
    pub(crate) history: History,
    /// The number after that of the last process that was ready.
    pub(crate) ready: u64,
    /// The waits that processes say at their end.
    pub(crate) waits: Vec<Waits>,
    /// The process has no more to say.
    ended: bool,
    pub(crate) refused: Option<String>,
}

impl Heard {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for what the process says.
    pub(crate) fn until(&self, child: &mut Child, done: impl Fn(&Said) -> bool) -> anyhow::Result<()> {
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
                ("=", None) => match name.parse() {
                    Ok(waits) => said.waits.push(waits),
                    Err(_) => said.refused = Some(line.to_owned()),
                },
                _ => said.refused = Some(line.to_owned()),
            },
            None => said.refused = Some(line.to_owned()),
        }
        self.more.notify_all();
    }
}

/// A program that writes.
pub(crate) enum Writer {
    /// This one, by the library.
    Ours,
    /// DECNET 1.0.0, by the Python of its environment.
    Original(OsString),
}

impl Writer {
    fn command(&self) -> anyhow::Result<Command> {
        match self {
            Self::Ours => {
                let mut command = Command::new(std::env::current_exe()?);
                command.arg("child");
                Ok(command)
            }
            Self::Original(python) => {
                let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../original/contender.py");
                let mut command = Command::new(python);
                command.arg("-B").arg(script);
                Ok(command)
            }
        }
    }
}

/// Starts a process that writes, and hears what it says; `more` is what it is told beside.
pub(crate) fn start(
    writer: &Writer,
    url: &str,
    process: u64,
    seed: u64,
    more: &[&str],
    heard: &Arc<Heard>,
) -> anyhow::Result<(Child, thread::JoinHandle<()>)> {
    heard.lock().ended = false;
    let mut child = writer
        .command()?
        .args([url, &process.to_string(), &seed.to_string()])
        .args(more)
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
