//! A writer that rotates its log in every way that is in use, and a reader as people run it: started by cron, overlapping with
//! itself, killed, following, on a database that is locked, gone, frozen or slow for a while. Each line is stored once, or was in a
//! file that is gone, which is said.
//!
//! `DECNET_TEST_ROTATIONS` is the number of random sequences on each backend, `DECNET_TEST_SEED` the first seed.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::bench::{Bench, Random};
use crate::support::{Database, each_backend};
use crate::trouble::{Proxy, Victim};
use crate::writer::{NAME, Way, Writer};

each_backend!(each_line_is_stored_once_however_files_rotate);

/// Sequences on each backend unless the environment says otherwise: 300 on both.
const SEQUENCES: u64 = 150;

/// How many run at the same time.
const AT_ONCE: usize = 4;

/// What is left of a sequence.
struct Outcome {
    lines: u64,
    /// Lines of each file that is gone.
    destroyed: Vec<BTreeSet<u64>>,
    /// Whether any run has said that something is not found.
    named: bool,
    /// What is stored, where the sequence has a database of its own.
    stored: Option<Vec<u64>>,
    story: String,
}

/// Runs of the tool, and what they have said.
struct Runs<'a> {
    bench: &'a Bench<'a>,
    input: &'a str,
    /// Something may be missing, and the database may be.
    destroys: bool,
    troubled: bool,
    named: bool,
    story: String,
}

impl Runs<'_> {
    fn once(&self, batch: u64) -> Command {
        self.bench.command(&["-q", "--json", "--batch", &batch.to_string(), self.input])
    }

    /// Judges a run that ended, or was killed.
    fn judge(&mut self, what: &str, output: &Output) {
        let err = String::from_utf8_lossy(&output.stderr);
        let named = ["not found", "removed before it was read"].iter().any(|text| err.contains(text));
        assert!(!named || self.destroys, "nothing is gone: {what}: {}: {err}", self.story);
        self.named |= named;
        // Where another run has the file, this one says so; one that does not follow needs its database.
        let good = match output.status.code() {
            None | Some(0 | 5) => true,
            Some(code) => self.troubled && matches!(code, 3 | 4),
        };
        assert!(good, "{what}: {}: {output:?}", self.story);
    }

    /// One that follows.
    fn follow(&mut self, writer: &mut Writer<'_>, batch: u64, random: &mut Random) {
        self.story.push_str(", followed");
        let batch = batch.to_string();
        let running = self.bench.start(&["--follow", "--keep", "1", "--batch", &batch, self.input]);
        let mut beside = Vec::new();
        for _ in 0..3 + random.below(6) {
            writer.step(random);
            if random.below(8) == 0 {
                self.story.push_str(" overlapping");
                beside.push(self.once(100).spawn().unwrap());
            }
            std::thread::sleep(Duration::from_millis(random.below(120)));
        }
        if random.below(2) == 0 {
            self.story.push_str(" killed");
            self.judge("killed", &running.cut());
        } else {
            let output = running.terminated();
            self.judge("followed", &output);
            let overlaps = !beside.is_empty();
            // The signal may come before anybody waits for it.
            let good = matches!(output.status.code(), None | Some(0)) || overlaps || self.troubled;
            assert!(good, "followed: {}: {output:?}", self.story);
        }
        for other in beside {
            self.judge("beside", &other.wait_with_output().unwrap());
        }
    }

    /// Some that end by themselves, or are killed.
    fn cron(&mut self, writer: &mut Writer<'_>, batch: u64, random: &mut Random) {
        for _ in 0..random.below(4) {
            writer.step(random);
        }
        match random.below(4) {
            0 => {
                self.story.push_str(", killed");
                let mut child = self.once(batch).spawn().unwrap();
                std::thread::sleep(Duration::from_millis(random.below(60)));
                writer.step(random);
                child.kill().unwrap();
                self.judge("killed", &child.wait_with_output().unwrap());
            }
            1 => {
                self.story.push_str(", overlapping");
                let others = [self.once(batch).spawn().unwrap(), self.once(batch).spawn().unwrap()];
                writer.step(random);
                for other in others {
                    self.judge("overlapping", &other.wait_with_output().unwrap());
                }
            }
            _ => self.judge("between", &self.once(batch).output().unwrap()),
        }
    }
}

/// What a sequence disturbs: a file of its own, or its way to the server.
fn victim(db: &Database, bench: &Bench<'_>) -> Victim {
    #[cfg(feature = "sqlite")]
    if db.url.starts_with("sqlite:") {
        let folder = bench.path("database");
        fs::create_dir(&folder).unwrap();
        return Victim::File(folder);
    }
    let _ = bench;
    Victim::Server(Proxy::to(&db.url))
}

fn sequence(db: &Database, seed: u64) -> Outcome {
    let mut random = Random(seed);
    let mut bench = Bench::new(db);
    let victim = victim(db, &bench);
    bench.url = victim.url(&db.url);
    let mut writer = Writer::new(&bench, &mut random, seed);
    // Someone who names one file gets what is in it, and all that comes later.
    let all = random.below(3) == 0 && writer.way != Way::Link;
    let pattern = format!("{NAME}*");
    let input = if all { pattern.as_str() } else { NAME };
    writer.write(1 + random.below(5), false);
    let mut story = format!(
        "seed {seed}: {:?}, compress {:?}, keep {:?}, input {input}",
        writer.way, writer.compress, writer.keep
    );
    let destroys = writer.keep.is_some();
    let troubled = random.below(2) == 0;
    if troubled {
        story.push_str(", disturbed");
    }
    let mut runs = Runs { bench: &bench, input, destroys, troubled: false, named: false, story };
    let first = runs.once(100).output().unwrap();
    runs.judge("first", &first);
    assert_eq!(first.status.code(), Some(0), "{}: {first:?}", runs.story);
    let follows = random.below(3) == 0;
    for _ in 0..2 + random.below(3) {
        let batch = 1 + random.below(4);
        runs.story.push_str(&format!("; {} lines", writer.lines));
        runs.troubled = troubled;
        let mut phase = |random: &mut Random| match follows {
            true => runs.follow(&mut writer, batch, random),
            false => runs.cron(&mut writer, batch, random),
        };
        match troubled {
            true => victim.while_disturbed(&mut random, phase),
            false => phase(&mut random),
        }
        runs.troubled = false;
    }
    // What was renamed while a run looked is found by the next one.
    let last = runs.once(100).output().unwrap();
    runs.judge("last", &last);
    assert_eq!(last.status.code(), Some(0), "{}: {last:?}", runs.story);
    let mut names: Vec<_> = fs::read_dir(bench.path(""))
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name(), entry.metadata().unwrap().len()))
        .collect();
    names.sort();
    assert!(
        !names.iter().any(|(name, _)| name.to_string_lossy().ends_with(".rejected")),
        "{}: {names:?}",
        runs.story
    );
    let stored = match &victim {
        #[cfg(feature = "sqlite")]
        Victim::File(folder) => Some(numbers(&folder.join("decnet.db"))),
        Victim::Server(_) => None,
    };
    let (lines, destroyed) = (writer.lines, std::mem::take(&mut writer.destroyed));
    Outcome {
        lines,
        destroyed,
        named: runs.named,
        stored,
        story: format!("{}; in the end {names:?}", runs.story),
    }
}

/// The numbers of the lines in a SQLite file.
#[cfg(feature = "sqlite")]
fn numbers(path: &std::path::Path) -> Vec<u64> {
    let connection = rusqlite::Connection::open(path).unwrap();
    let mut statement = connection.prepare("SELECT raw_line FROM logs").unwrap();
    let lines = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    lines.map(|line| line.unwrap().split_once(' ').unwrap().1.parse().unwrap()).collect()
}

async fn each_line_is_stored_once_however_files_rotate(db: Database) {
    let number = |name: &str, default: u64| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    let (first, count) = (number("DECNET_TEST_SEED", 1), number("DECNET_TEST_ROTATIONS", SEQUENCES));
    let next = AtomicU64::new(first);
    let outcomes: Vec<(u64, Outcome)> = std::thread::scope(|scope| {
        let work = || {
            let mut outcomes = Vec::new();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= first + count {
                    return outcomes;
                }
                outcomes.push((seed, sequence(&db, seed)));
            }
        };
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    let mut shared: HashMap<u64, Vec<u64>> = HashMap::new();
    for line in Bench::new(&db).lines().await {
        let (seed, number) = line.split_once(' ').unwrap();
        shared.entry(seed.parse().unwrap()).or_default().push(number.parse().unwrap());
    }
    let (mut wrong, mut named, mut unseen) = (Vec::new(), 0, 0);
    for (seed, outcome) in outcomes {
        let stored = outcome.stored.unwrap_or_else(|| shared.remove(&seed).unwrap_or_default());
        let once: BTreeSet<u64> = stored.iter().copied().collect();
        let mut missing: BTreeSet<u64> =
            (1..=outcome.lines).filter(|number| !once.contains(number)).collect();
        let mut silent = Vec::new();
        for file in &outcome.destroyed {
            let of_file: BTreeSet<u64> = missing.intersection(file).copied().collect();
            missing.retain(|number| !file.contains(number));
            if outcome.named {
                named += of_file.len();
            } else if of_file == *file {
                // It came and went while nobody looked, or was empty each time.
                unseen += of_file.len();
            } else {
                silent.extend(of_file);
            }
        }
        if once.len() != stored.len() || !missing.is_empty() || !silent.is_empty() {
            let mut twice = stored;
            twice.sort_unstable();
            let twice: Vec<_> = twice.windows(2).filter(|two| two[0] == two[1]).map(|two| two[0]).collect();
            wrong.push(format!(
                "{} lines were written; twice {twice:?}; missing {missing:?}; gone with their files, and not said {silent:?}; {}",
                outcome.lines, outcome.story
            ));
        }
    }
    eprintln!(
        "{count} sequences; of files that are gone {named} lines are missing and named, {unseen} were never seen"
    );
    assert!(wrong.is_empty(), "{} of {count} sequences: {}", wrong.len(), wrong.join("\n"));
}
