//! A writer that rotates its log in every way that is in use, and a reader as people run it: started by cron, overlapping with
//! itself, killed, following, on a database that is locked for a while. Each line is stored once.
//!
//! `DECNET_TEST_ROTATIONS` is the number of random sequences on each backend, `DECNET_TEST_SEED` the first seed.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::bench::{Bench, gzip, record_with, run_of};
use crate::support::{Database, each_backend};

each_backend!(each_line_is_stored_once_however_files_rotate);

/// Sequences on each backend unless the environment says otherwise: 300 on both.
const SEQUENCES: u64 = 150;

/// How many run at the same time.
const AT_ONCE: usize = 4;

/// What the log is called.
const NAME: &str = "cowrie.json";

/// A generator of numbers that a seed repeats (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// How the log is rotated.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    /// `.1`, `.2`, …, all of them renamed each time.
    Numbers,
    /// The same, with the content copied and the file emptied.
    CopyTruncate,
    /// A date behind the name.
    Dates,
    /// A link that leads to the newest of dated files.
    Link,
}

/// A daemon that writes lines, and the tool that rotates them.
struct Writer<'a> {
    bench: &'a Bench<'a>,
    way: Way,
    compress: bool,
    seed: u64,
    lines: u64,
    rotations: u64,
    /// What the daemon has open, and what it had open before it was told of a rotation.
    current: File,
    old: Option<File>,
}

impl<'a> Writer<'a> {
    fn new(bench: &'a Bench<'a>, random: &mut Random, seed: u64) -> Self {
        let way = [Way::Numbers, Way::CopyTruncate, Way::Dates, Way::Link][random.below(4) as usize];
        let compress = random.below(2) == 0;
        let current = match way {
            Way::Link => Self::linked(bench, 0),
            _ => append_to(bench, NAME),
        };
        Self { bench, way, compress, seed, lines: 0, rotations: 0, current, old: None }
    }

    /// A new dated file, and the link on it.
    fn linked(bench: &Bench<'_>, number: u64) -> File {
        let name = format!("cowrie-2026-{:02}-{:02}.json", number / 28 + 1, number % 28 + 1);
        let file = append_to(bench, &name);
        symlink(&name, bench.path("new-link")).unwrap();
        fs::rename(bench.path("new-link"), bench.path(NAME)).unwrap();
        file
    }

    fn write(&mut self, count: u64, to_old: bool) {
        for _ in 0..count {
            self.lines += 1;
            let line = record_with(serde_json::json!({
                "raw_line": format!("{} {}", self.seed, self.lines),
                "timestamp": format!("2026-01-02 {:02}:{:02}:{:02}", self.lines / 3600, self.lines / 60 % 60, self.lines % 60),
            }));
            let file = if to_old { self.old.as_mut() } else { None }.unwrap_or(&mut self.current);
            file.write_all(line.as_bytes()).unwrap();
        }
    }

    fn rotate(&mut self) {
        self.rotations += 1;
        let path = |name: &str| self.bench.path(name);
        match self.way {
            Way::Numbers | Way::CopyTruncate => {
                for number in (1..self.rotations).rev() {
                    for end in ["", ".gz"] {
                        let from = path(&format!("{NAME}.{number}{end}"));
                        if from.exists() {
                            fs::rename(from, path(&format!("{NAME}.{}{end}", number + 1))).unwrap();
                        }
                    }
                }
                // As with `delaycompress`: what the daemon may still write to is left alone.
                if self.compress && self.way == Way::Numbers {
                    self.old = None;
                    self.pack(&format!("{NAME}.2"));
                }
                let first = format!("{NAME}.1");
                if self.way == Way::CopyTruncate {
                    fs::copy(path(NAME), path(&first)).unwrap();
                    self.current.set_len(0).unwrap();
                    if self.compress {
                        self.pack(&first);
                    }
                } else {
                    fs::rename(path(NAME), path(&first)).unwrap();
                    self.old = Some(std::mem::replace(&mut self.current, append_to(self.bench, NAME)));
                }
            }
            Way::Dates => {
                let name =
                    format!("{NAME}.2026-{:02}-{:02}", self.rotations / 28 + 1, self.rotations % 28 + 1);
                fs::rename(path(NAME), path(&name)).unwrap();
                self.old = Some(std::mem::replace(&mut self.current, append_to(self.bench, NAME)));
                if self.compress {
                    self.old = None;
                    self.pack(&name);
                }
            }
            Way::Link => {
                let new = Self::linked(self.bench, self.rotations);
                self.old = Some(std::mem::replace(&mut self.current, new));
            }
        }
    }

    fn pack(&self, name: &str) {
        let Ok(content) = fs::read(self.bench.path(name)) else { return };
        self.bench.write(&format!("{name}.gz"), gzip(&content));
        fs::remove_file(self.bench.path(name)).unwrap();
    }

    /// Something that a daemon or the rotation does.
    fn step(&mut self, random: &mut Random) {
        match random.below(5) {
            0 | 1 => self.write(random.below(6), false),
            2 => self.write(random.below(3), true),
            3 => self.rotate(),
            _ => {
                self.rotate();
                self.write(1 + random.below(4), random.below(2) == 0);
                self.write(1, false);
            }
        }
    }
}

fn append_to(bench: &Bench<'_>, name: &str) -> File {
    OpenOptions::new().create(true).append(true).open(bench.path(name)).unwrap()
}

/// One sequence: how many lines were written, and what happened.
fn sequence(db: &Database, seed: u64) -> (u64, String) {
    let mut random = Random(seed);
    let bench = Bench::new(db);
    let mut writer = Writer::new(&bench, &mut random, seed);
    // Someone who names one file gets what is in it, and all that comes later.
    let all = random.below(3) == 0 && writer.way != Way::Link;
    let pattern = format!("{NAME}*");
    let input = if all { pattern.as_str() } else { NAME };
    writer.write(1 + random.below(5), false);
    let mut story = format!("{:?}, compress {}, input {input}", writer.way, writer.compress);
    let check = |what: &str, output: std::process::Output| {
        let run = run_of(output);
        // Where another run has the file, this one says so.
        assert!(matches!(run.code, 0 | 5) && !run.err.contains("not found"), "seed {seed}, {what}: {run:?}");
        run
    };
    let once = |batch: &str| bench.command(&["-q", "--batch", batch, input]);
    check("first", once("100").output().unwrap());
    let follows = random.below(4) == 0;
    for _ in 0..2 + random.below(3) {
        let batch = (1 + random.below(4)).to_string();
        story.push_str(&format!("; {} lines", writer.lines));
        if follows {
            story.push_str(", followed");
            let running = bench.start(&["--follow", "--keep", "1", "--batch", &batch, input]);
            for _ in 0..3 + random.below(6) {
                writer.step(&mut random);
                std::thread::sleep(Duration::from_millis(random.below(120)));
            }
            if random.below(2) == 0 {
                drop(running);
            } else {
                let run = running.terminate();
                assert_eq!(run.code, 0, "seed {seed}: {run:?}");
                assert!(!run.err.contains("not found"), "seed {seed}: {run:?}");
            }
            continue;
        }
        for _ in 0..random.below(4) {
            writer.step(&mut random);
        }
        match random.below(4) {
            0 => {
                story.push_str(", killed");
                let mut child = once(&batch).spawn().unwrap();
                std::thread::sleep(Duration::from_millis(random.below(60)));
                writer.step(&mut random);
                child.kill().unwrap();
                child.wait().unwrap();
            }
            1 => {
                story.push_str(", overlapping");
                let others = [once(&batch).spawn().unwrap(), once(&batch).spawn().unwrap()];
                writer.step(&mut random);
                for other in others {
                    drop(check("overlapping", other.wait_with_output().unwrap()));
                }
            }
            _ => drop(check("between", once(&batch).output().unwrap())),
        }
    }
    // What was renamed while a run looked is found by the next one.
    let last = check("last", once("100").output().unwrap());
    assert_eq!(last.code, 0, "seed {seed}: {story}: {last:?}");
    let mut names: Vec<_> = fs::read_dir(bench.path(""))
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name(), entry.metadata().unwrap().len()))
        .collect();
    names.sort();
    (writer.lines, format!("{story}; in the end {names:?}"))
}

async fn each_line_is_stored_once_however_files_rotate(db: Database) {
    let number = |name: &str, default: u64| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    let (first, count) = (number("DECNET_TEST_SEED", 1), number("DECNET_TEST_ROTATIONS", SEQUENCES));
    let next = AtomicU64::new(first);
    let written: HashMap<u64, (u64, String)> = std::thread::scope(|scope| {
        let work = || {
            let mut written = Vec::new();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= first + count {
                    return written;
                }
                written.push((seed, sequence(&db, seed)));
            }
        };
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    let bench = Bench::new(&db);
    let mut stored: HashMap<u64, Vec<u64>> = HashMap::new();
    for line in bench.lines().await {
        let (seed, number) = line.split_once(' ').unwrap();
        stored.entry(seed.parse().unwrap()).or_default().push(number.parse().unwrap());
    }
    let mut wrong = Vec::new();
    for (seed, (lines, story)) in &written {
        let mut numbers = stored.remove(seed).unwrap_or_default();
        numbers.sort_unstable();
        if numbers != (1..=*lines).collect::<Vec<_>>() {
            wrong.push(format!("seed {seed}: {lines} lines were written, stored were {numbers:?}: {story}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {count} sequences: {}", wrong.len(), wrong.join("\n"));
}
