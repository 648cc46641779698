//! A process of its own that opens the same database: this program, started once more.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};

use decnet_db_core::config::{Config, DatabaseUrl};
use decnet_db_core::contract::{NewLog, Repository};
use serde_json::{Value, json};

use crate::cases::concurrency::race;
use crate::harness::Harness;

/// Names the work to the second process.
const WORK: &str = "DECNET_TEST_SECOND_PROCESS";

/// Tells the second process to wait for the others.
const TOGETHER: &str = "DECNET_TEST_SECOND_PROCESS_WAITS";

/// What it says then.
const READY: &str = "the second process is ready";

/// How this program comes to the same suite when it is started once more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Again {
    /// The arguments.
    pub(crate) arguments: Vec<String>,
    /// What tells the suite from others in this program.
    pub(crate) suite: String,
}

/// What a second process does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Work {
    /// Creates the schema.
    Initialize,
    /// Commits so many units of two rows and the unit's number, as fast as it can.
    Units(u64),
    /// Writes the rows that other processes write too, in so many rounds.
    Race(u64),
}

impl Again {
    /// For a suite of `#[test]`s below this module.
    pub(crate) fn as_test(module: &str) -> Self {
        let path = module.split_once("::").map(|(_, path)| format!("{path}::")).unwrap_or_default();
        let arguments = vec!["--exact".to_owned(), format!("{path}in_a_second_process")];
        Self { arguments, suite: module.to_owned() }
    }

    /// Starts it. Its output goes nowhere but to the standard error stream.
    pub(crate) fn start(&self, url: &DatabaseUrl, work: Work) -> Child {
        self.command(url, work)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("this program starts once more")
    }

    /// Starts several, which begin their work at the same time, each with the database open.
    pub(crate) fn start_together(&self, url: &DatabaseUrl, work: Work, count: usize) -> Vec<Child> {
        let start = |_| {
            let mut command = self.command(url, work);
            command.env(TOGETHER, "1").stdin(Stdio::piped()).stdout(Stdio::piped());
            command.spawn().expect("this program starts once more")
        };
        let mut children: Vec<Child> = (0..count).map(start).collect();
        for child in &mut children {
            let output = BufReader::new(child.stdout.as_mut().expect("it is piped"));
            let ready = output.lines().map_while(Result::ok).any(|line| line.ends_with(READY));
            assert!(ready, "the second process ended before it began");
        }
        // The end of the input is the sign.
        children.iter_mut().for_each(|child| drop(child.stdin.take()));
        children
    }

    fn command(&self, url: &DatabaseUrl, work: Work) -> Command {
        let (name, count) = match work {
            Work::Initialize => ("initialize", 0),
            Work::Units(count) => ("units", count),
            Work::Race(rounds) => ("race", rounds),
        };
        let work = json!({"suite": self.suite, "url": url.expose(), "work": name, "count": count});
        let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
        command.args(&self.arguments).env(WORK, work.to_string());
        command
    }
}

/// Whether this process was started by a case.
fn asked() -> Option<&'static Value> {
    static ASKED: OnceLock<Option<Value>> = OnceLock::new();
    let parse =
        || Some(serde_json::from_str(&std::env::var(WORK).ok()?).expect("the first process wrote it"));
    ASKED.get_or_init(parse).as_ref()
}

/// In a second process: does the work and ends the process if it is for this suite; returns true if it is for another one.
pub(crate) fn serve_if_asked(harness: &Arc<dyn Harness>, suite: &str) -> bool {
    let Some(asked) = asked() else { return false };
    if asked["suite"] != suite {
        return true;
    }
    let url: DatabaseUrl = asked["url"].as_str().expect("a URL").parse().expect("a URL");
    let count = asked["count"].as_u64().expect("a number");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.expect("a runtime starts").block_on(async {
        let repository = harness.driver().connect(&Config::new(url)).await.expect("the database opens");
        if std::env::var_os(TOGETHER).is_some() {
            // Past the capture of the test harness.
            writeln!(std::io::stdout(), "{READY}").expect("the first process listens");
            std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).expect("the input ends");
        }
        match asked["work"].as_str() {
            Some("initialize") => drop(repository.initialize().await.expect("the schema is created")),
            Some("race") => race::work(Arc::clone(&repository), count).await,
            Some("units") => units(&*repository, count).await,
            other => panic!("no such work: {other:?}"),
        }
        repository.close().await;
    });
    std::process::exit(0);
}

/// What a second process writes, and the key under which it counts its units, which differ from another one's.
pub(crate) fn line_of(process: u32) -> String {
    format!("child-{process}-")
}

async fn units(repository: &dyn Repository, count: u64) {
    let name = line_of(std::process::id());
    let line = || NewLog::new("d", "s", "e", "i").raw_line(name.as_str());
    for number in 1..=count {
        let unit = repository.unit().add_logs(vec![line(), line()]);
        unit.set_state(&name, json!(number)).commit().await.expect("the unit is committed");
    }
}
