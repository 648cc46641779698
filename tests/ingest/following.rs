//! `decnet-db logs --follow`: the events that another process stores, as they come.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command};

use serde_json::Value;

use crate::bench::{Bench, numbered, record, records};
use crate::support::{Database, each_backend};

each_backend!(events_are_printed_as_another_process_stores_them);

/// `decnet-db logs --follow`, and what it prints.
struct Follower {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Follower {
    fn start(bench: &Bench<'_>, arguments: &[&str]) -> Self {
        // The folder and the environment are the bench's.
        let like = bench.command(&[]);
        let mut command = Command::new(like.get_program());
        command.current_dir(like.get_current_dir().unwrap());
        for (name, value) in like.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.args(["--url", &bench.url, "--json", "logs", "--follow"]).args(arguments);
        command.stdin(std::process::Stdio::null());
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Self { child, out }
    }

    /// The `raw_line` of the next events.
    fn lines(&mut self, count: usize) -> Vec<String> {
        let mut lines = Vec::new();
        while lines.len() < count {
            let mut line = String::new();
            assert!(self.out.read_line(&mut line).unwrap() > 0, "it ended after {lines:?}");
            let event: Value = serde_json::from_str(&line).unwrap();
            lines.push(event["raw_line"].as_str().unwrap().to_owned());
        }
        lines
    }

    /// Ends it by a signal; nothing more was printed. Returns the place that it tells, unless its standard error was taken.
    fn end(mut self, signal: &str) -> Option<String> {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut self.out, &mut rest).unwrap();
        assert_eq!((self.child.wait().unwrap().code(), rest.as_str()), (Some(0), ""));
        let said = std::io::read_to_string(self.child.stderr.take()?).unwrap();
        let token = said.split_once("--after ").and_then(|(_, rest)| rest.split_once(' '));
        Some(token.unwrap_or_else(|| panic!("it tells no place: {said}")).0.to_owned())
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

async fn events_are_printed_as_another_process_stores_them(db: Database) {
    let bench = Bench::new(&db);
    bench.write("capture", records(0..10));
    let ingesting = bench.start(&["--follow", "capture"]);
    bench.until_count(10).await;
    // The latest ones first, then whatever comes.
    let mut follower = Follower::start(&bench, &["-n", "3"]);
    assert_eq!(follower.lines(3), numbered(7..10));
    let mut search = Follower::start(&bench, &["-n", "0", "attacker:203.0.113.7", "needle"]);
    let mut ready = Follower::start(&bench, &["-n", "1"]);
    assert_eq!(ready.lines(1), ["9"]);
    bench.append("capture", records(10..1_010));
    bench.append("capture", record("a needle"));
    assert_eq!(follower.lines(1_000), numbered(10..1_010));
    assert_eq!(follower.lines(1), ["a needle"]);
    bench.append("capture", record("NEEDLE"));
    // It may have begun after the first of the two.
    assert!(search.lines(1).pop().unwrap().to_lowercase().contains("needle"));
    follower.lines(1);
    assert_eq!(ingesting.terminate().code, 0);
    let token = follower.end("-INT").unwrap();
    bench.append("capture", record("later"));
    bench.ingest(&["capture"]);
    let mut later = Follower::start(&bench, &["--after", &token]);
    assert_eq!(later.lines(1), ["later"]);
    later.end("-TERM");
    assert_eq!(ready.lines(1_003).len(), 1_003);
    ready.end("-TERM");
    drop(search);
}

#[cfg(feature = "mysql")]
mod gone {
    use super::*;
    use crate::trouble::Proxy;

    #[test]
    fn a_server_that_is_gone_is_waited_for_and_nothing_is_lost() {
        crate::support::mysql(a_server_comes_back);
    }

    async fn a_server_comes_back(db: Database) {
        let mut bench = Bench::new(&db);
        let proxy = Proxy::to(&db.url);
        let direct = std::mem::replace(&mut bench.url, proxy.url(&db.url));
        proxy.set_gone(true);
        let mut follower = Follower::start(&bench, &["-n", "5"]);
        let mut said = BufReader::new(follower.child.stderr.take().unwrap()).lines();
        let mut until_said = |what: &str| {
            let found = said.find(|line| line.as_ref().unwrap().contains(what));
            assert!(found.is_some(), "it ends without a word of {what:?}");
        };
        until_said("waiting for the database");
        bench.url = direct;
        bench.write("capture", records(0..3));
        bench.ingest(&["capture"]);
        proxy.set_gone(false);
        assert_eq!(follower.lines(3), numbered(0..3));
        for round in 1..2 {
            proxy.set_gone(true);
            until_said("waiting for the database");
            bench.append("capture", records(round * 3..round * 3 + 3));
            bench.ingest(&["capture"]);
            proxy.set_gone(false);
            assert_eq!(follower.lines(3), numbered(round * 3..round * 3 + 3));
        }
        follower.end("-TERM");
    }
}
