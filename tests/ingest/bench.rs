//! A folder with captures, and the database that they go to.

use std::fs::{self, OpenOptions};
use std::future::Future;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use decnet_db::contract::{Log, LogFilter};
use serde_json::{Value, json};

use crate::support::Database;
use crate::tool::{Run, Tool};

/// How long anything may take that a test waits for.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often it looks.
const POLL: Duration = Duration::from_millis(2);

/// A folder with captures, and the database that they go to.
pub(crate) struct Bench<'a> {
    tool: Tool,
    pub(crate) database: &'a Database,
    /// How the tool reaches it.
    pub(crate) url: String,
}

impl<'a> Bench<'a> {
    pub(crate) fn new(database: &'a Database) -> Self {
        // Nobody asked for an administrator.
        Self { tool: Tool::new().set("DECNET_LOG", "error"), database, url: database.url.clone() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.tool.path(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn append(&self, name: &str, content: impl AsRef<[u8]>) {
        let mut file = OpenOptions::new().append(true).open(self.path(name)).unwrap();
        file.write_all(content.as_ref()).unwrap();
    }

    /// A file's text.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// `decnet-db ingest` in the folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.tool.command(["--url", &self.url, "ingest"]);
        command.args(arguments);
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        run_of(self.command(arguments).output().unwrap())
    }

    /// Runs it with an input.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &[u8]) -> Run {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_owned();
        let feeder = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().unwrap();
        feeder.join().unwrap();
        run_of(output)
    }

    /// The summary of a run that must work without a word on standard error.
    #[track_caller]
    pub(crate) fn ingest(&self, arguments: &[&str]) -> Summary {
        Summary(self.run(&[&["--json", "-q"], arguments].concat()).json())
    }

    /// What `decnet-db status` shows.
    #[track_caller]
    pub(crate) fn status(&self) -> Value {
        run_of(self.tool.command(["--url", &self.url, "--json", "status"]).output().unwrap()).json()
    }

    /// Starts a run that goes on until it is ended.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        Running::of(&mut self.command(&[&["--json", "-q"], arguments].concat()))
    }

    /// The events in the order in which they were stored.
    pub(crate) async fn logs(&self) -> Vec<Log> {
        let mut logs: Vec<Log> = Vec::new();
        loop {
            let last = logs.last().map_or(0, |log| log.id);
            let more = self.database.get_logs_after_id(last, 1000, LogFilter::default()).await.unwrap();
            if more.is_empty() {
                return logs;
            }
            logs.extend(more);
        }
    }

    /// Their lines.
    pub(crate) async fn lines(&self) -> Vec<String> {
        self.logs().await.into_iter().map(|log| log.raw_line).collect()
    }

    /// How many there are.
    pub(crate) async fn count(&self) -> u64 {
        self.database.get_total_logs(LogFilter::default()).await.unwrap()
    }

    /// Waits until there are so many.
    #[track_caller]
    pub(crate) fn until_count(&self, count: u64) -> impl Future<Output = ()> {
        let wanted = format!("{count} events");
        until(wanted, async move || self.count().await >= count)
    }
}

/// A generator of numbers that a seed repeats (SplitMix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// Waits until a condition holds.
pub(crate) async fn until(what: String, condition: impl AsyncFn() -> bool) {
    let started = Instant::now();
    while !condition().await {
        assert!(started.elapsed() < PATIENCE, "there should be {what} by now");
        tokio::time::sleep(POLL).await;
    }
}

/// What an output says; bytes that are no text would be a fault of the tool.
pub(crate) fn run_of(output: Output) -> Run {
    Run {
        code: output.status.code().expect("the tool was not killed"),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// What a run sums up.
#[derive(Debug)]
pub(crate) struct Summary(pub(crate) Value);

impl Summary {
    /// Lines stored, and lines rejected.
    #[track_caller]
    pub(crate) fn counts(&self) -> (u64, u64) {
        let number = |name: &str| self.0[name].as_u64().unwrap_or_else(|| panic!("{name}: {}", self.0));
        (number("stored"), number("rejected"))
    }
}

/// A run that goes on; it ends with the test at the latest.
pub(crate) struct Running(Option<Child>);

impl Running {
    pub(crate) fn of(command: &mut Command) -> Self {
        Self(Some(command.spawn().unwrap()))
    }

    fn child(&mut self) -> &mut Child {
        self.0.as_mut().expect("it is taken at the end only")
    }

    /// Its number.
    pub(crate) fn id(&self) -> u32 {
        self.0.as_ref().expect("it is taken at the end only").id()
    }

    /// Waits until it ends by itself.
    #[cfg(feature = "mysql")]
    pub(crate) fn end(mut self) -> Run {
        run_of(self.0.take().expect("it is taken here only").wait_with_output().unwrap())
    }

    /// Whether it has ended by itself.
    #[cfg(feature = "mysql")]
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child().try_wait().unwrap().is_some()
    }

    /// Ends it without any warning; it must not have ended by itself.
    #[track_caller]
    pub(crate) fn kill(mut self) -> ExitStatus {
        use std::os::unix::process::ExitStatusExt as _;

        let child = self.child();
        child.kill().unwrap();
        let status = child.wait().unwrap();
        assert_eq!(status.signal(), Some(9), "it ended before it was killed");
        status
    }

    /// Ends it without any warning, unless it has ended by itself; what it has said.
    pub(crate) fn cut(mut self) -> Output {
        self.child().kill().unwrap();
        self.0.take().expect("it is taken at the end only").wait_with_output().unwrap()
    }

    /// Asks it to end, and waits until it has.
    #[track_caller]
    pub(crate) fn terminate(self) -> Run {
        run_of(self.terminated())
    }

    /// The same for one that may have ended otherwise.
    pub(crate) fn terminated(mut self) -> Output {
        let id = self.id().to_string();
        // It may have ended by itself; its number is its own until it is waited for.
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        self.0.take().expect("it is taken at the end only").wait_with_output().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// The data packed.
pub(crate) fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// The data packed by xz.
pub(crate) fn xz(data: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 0);
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// The data packed by bzip2.
pub(crate) fn bzip2(data: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// A record of DECNET's with this line.
pub(crate) fn record(line: &str) -> String {
    record_with(json!({"raw_line": line}))
}

/// A record of DECNET's with these members.
pub(crate) fn record_with(members: Value) -> String {
    let mut record = json!({
        "timestamp": "2026-01-02 03:04:05", "decky": "decky-01", "service": "ssh", "event_type": "connect",
        "attacker_ip": "203.0.113.7", "fields": {}, "msg": "", "raw_line": "a line",
    });
    for (name, value) in members.as_object().unwrap() {
        record[name] = value.clone();
    }
    format!("{record}\n")
}

/// Records with the lines from one number to another.
pub(crate) fn records(numbers: std::ops::Range<u32>) -> String {
    numbers.map(|number| record(&number.to_string())).collect()
}

/// The lines of [`records`].
pub(crate) fn numbered(numbers: std::ops::Range<u32>) -> Vec<String> {
    numbers.map(|number| number.to_string()).collect()
}
