//! A daemon that writes lines, and the tool that rotates its log: in every way that is in use.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::symlink;
use std::time::Duration;

use crate::bench::{Bench, Random, bzip2, gzip, record_with, xz};

/// What the log is called.
pub(crate) const NAME: &str = "cowrie.json";

/// How the log is rotated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Way {
    /// `.1`, `.2`, …, all of them renamed each time.
    Numbers,
    /// The same, with the content copied and the file emptied.
    CopyTruncate,
    /// A date behind the name.
    Dates,
    /// A link that leads to the newest of dated files.
    Link,
}

/// What compressed files are called.
const ENDS: [&str; 5] = ["", ".gz", ".xz", ".zst", ".bz2"];

/// A daemon that writes lines, and the tool that rotates them.
pub(crate) struct Writer<'a> {
    bench: &'a Bench<'a>,
    pub(crate) way: Way,
    /// What compressed files are called, unless they are not compressed.
    pub(crate) compress: Option<&'static str>,
    /// How many old files stay.
    pub(crate) keep: Option<u64>,
    /// What all files begin with.
    banner: bool,
    seed: u64,
    pub(crate) lines: u64,
    rotations: u64,
    /// Old files with names of their own.
    dated: Vec<String>,
    /// Lines of each file that is gone.
    pub(crate) destroyed: Vec<BTreeSet<u64>>,
    /// What the daemon has open, and what it had open before it was told of a rotation.
    current: File,
    old: Option<File>,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(bench: &'a Bench<'a>, random: &mut Random, seed: u64) -> Self {
        let way = [Way::Numbers, Way::CopyTruncate, Way::Dates, Way::Link][random.below(4) as usize];
        let compress = (random.below(2) == 0).then(|| ENDS[1 + random.below(4) as usize]);
        let keep = (random.below(3) == 0).then(|| 2 + random.below(3));
        let banner = random.below(3) == 0;
        let mut dated = Vec::new();
        let current = match way {
            Way::Link => Self::linked(bench, 0, &mut dated),
            _ => append_to(bench, NAME),
        };
        let (lines, rotations, destroyed, old) = (0, 0, Vec::new(), None);
        let mut writer = Self {
            bench,
            way,
            compress,
            keep,
            banner,
            seed,
            lines,
            rotations,
            dated,
            destroyed,
            current,
            old,
        };
        writer.begin();
        writer
    }

    /// A new dated file, and the link on it.
    fn linked(bench: &Bench<'_>, number: u64, dated: &mut Vec<String>) -> File {
        let name = format!("cowrie-2026-{:02}-{:02}.json", number / 28 + 1, number % 28 + 1);
        let file = append_to(bench, &name);
        symlink(&name, bench.path("new-link")).unwrap();
        fs::rename(bench.path("new-link"), bench.path(NAME)).unwrap();
        dated.push(name);
        file
    }

    /// What a daemon writes first into each file: a line that is no event, and says nothing.
    fn begin(&mut self) {
        if self.banner {
            self.current.write_all(b"\n").unwrap();
        }
    }

    pub(crate) fn write(&mut self, count: u64, to_old: bool) {
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

    fn rotate(&mut self, random: &mut Random) {
        self.rotations += 1;
        match self.way {
            Way::Numbers | Way::CopyTruncate => {
                for number in (1..self.rotations).rev() {
                    for end in ENDS {
                        let from = self.bench.path(&format!("{NAME}.{number}{end}"));
                        let to = format!("{NAME}.{}{end}", number + 1);
                        if from.exists() {
                            fs::rename(from, self.bench.path(&to)).unwrap();
                            if self.keep.is_some_and(|keep| number >= keep) {
                                self.destroy(&to);
                            }
                        }
                    }
                }
                // As with `delaycompress`: what the daemon may still write to is left alone.
                if self.way == Way::Numbers {
                    self.old = None;
                    self.pack(&format!("{NAME}.2"), random);
                }
                let first = format!("{NAME}.1");
                if self.way == Way::CopyTruncate {
                    self.bit_by_bit(&first, &fs::read(self.bench.path(NAME)).unwrap(), random);
                    self.current.set_len(0).unwrap();
                    self.begin();
                    self.pack(&first, random);
                } else {
                    self.rename(&first);
                }
            }
            Way::Dates => {
                let name =
                    format!("{NAME}.2026-{:02}-{:02}", self.rotations / 28 + 1, self.rotations % 28 + 1);
                self.rename(&name);
                let packs = self.compress.is_some();
                self.dated.push(name.clone());
                if packs {
                    self.old = None;
                    self.pack(&name, random);
                }
                self.destroy_oldest();
            }
            Way::Link => {
                let new = Self::linked(self.bench, self.rotations, &mut self.dated);
                self.old = Some(std::mem::replace(&mut self.current, new));
                self.begin();
                self.destroy_oldest();
            }
        }
    }

    fn rename(&mut self, to: &str) {
        fs::rename(self.bench.path(NAME), self.bench.path(to)).unwrap();
        self.old = Some(std::mem::replace(&mut self.current, append_to(self.bench, NAME)));
        self.begin();
    }

    fn destroy_oldest(&mut self) {
        while self.keep.is_some_and(|keep| self.dated.len() as u64 > keep + 1) {
            let name = self.dated.remove(0);
            for end in ENDS {
                let name = format!("{name}{end}");
                if self.bench.path(&name).exists() {
                    self.destroy(&name);
                }
            }
        }
    }

    /// Removes an old file for good.
    fn destroy(&mut self, name: &str) {
        let path = self.bench.path(name);
        let file = File::open(&path).unwrap();
        let mut text = String::new();
        match name.rsplit_once('.').unwrap().1 {
            "gz" => flate2::read::GzDecoder::new(file).read_to_string(&mut text),
            "xz" => liblzma::read::XzDecoder::new(file).read_to_string(&mut text),
            "zst" => zstd::stream::read::Decoder::new(file).unwrap().read_to_string(&mut text),
            "bz2" => ::bzip2::read::BzDecoder::new(file).read_to_string(&mut text),
            _ => { file }.read_to_string(&mut text),
        }
        .unwrap();
        let lines = text.lines().filter(|line| !line.is_empty()).map(|line| {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            let (_, number) = record["raw_line"].as_str().unwrap().split_once(' ').unwrap();
            number.parse().unwrap()
        });
        self.destroyed.push(lines.collect());
        fs::remove_file(path).unwrap();
    }

    /// Compresses a file as compressors do: the result grows beside it, and then it is removed.
    fn pack(&self, name: &str, random: &mut Random) {
        let (Some(end), Ok(content)) = (self.compress, fs::read(self.bench.path(name))) else { return };
        let packed = match end {
            ".gz" => gzip(&content),
            ".xz" => xz(&content),
            ".zst" => zstd::encode_all(&content[..], 1).unwrap(),
            _ => bzip2(&content),
        };
        self.bit_by_bit(&format!("{name}{end}"), &packed, random);
        fs::remove_file(self.bench.path(name)).unwrap();
    }

    /// Writes a file in pieces, with or without time between them.
    fn bit_by_bit(&self, name: &str, content: &[u8], random: &mut Random) {
        let mut file = File::create(self.bench.path(name)).unwrap();
        let slow = random.below(2) == 0;
        let mut rest = content;
        while !rest.is_empty() {
            if slow {
                std::thread::sleep(Duration::from_millis(random.below(60)));
            }
            let piece = random.below(content.len() as u64) as usize + 1;
            let (now, later) = rest.split_at(piece.min(rest.len()));
            file.write_all(now).unwrap();
            rest = later;
        }
    }

    /// Something that a daemon or the rotation does.
    pub(crate) fn step(&mut self, random: &mut Random) {
        match random.below(5) {
            0 | 1 => self.write(random.below(6), false),
            2 => self.write(random.below(3), true),
            3 => self.rotate(random),
            _ => {
                self.rotate(random);
                self.write(1 + random.below(4), random.below(2) == 0);
                self.write(1, false);
            }
        }
    }
}

fn append_to(bench: &Bench<'_>, name: &str) -> File {
    OpenOptions::new().create(true).append(true).open(bench.path(name)).unwrap()
}
