//! Makes honeypot captures of any size, for trying things out and for tests.
//!
//! ```text
//! cargo run --release --example generate_capture -- KIND LINES OUTPUT [SEED]
//! ```
//!
//! KIND is `decnet` (JSON records), `rfc5424` (the syslog lines such records are made from) or `cowrie` (Cowrie's
//! JSON log); OUTPUT is a file, or `-` for standard output; SEED is a number, 1 without it. The same arguments give
//! the same bytes on every machine, and a longer capture begins with the shorter one. The samples in `examples/data`:
//!
//! ```text
//! generate_capture decnet  1600 examples/data/sample.jsonl
//! generate_capture rfc5424  400 examples/data/sample.rfc5424.log
//! generate_capture cowrie   400 examples/data/sample.cowrie.json
//! ```
//!
//! Nobody is accused: all source addresses are from the ranges that are reserved for documentation.

mod cowrie;
mod decnet;
mod world;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use decnet::visit;
use world::{HOUR, Random, SECOND, Sources};

const USAGE: &str = "usage: generate_capture decnet|rfc5424|cowrie LINES OUTPUT|- [SEED]";

fn generate(kind: &str, lines: u64, seed: u64, out: &mut dyn Write) -> io::Result<()> {
    let (mut random, sources) = (Random(seed), Sources::new(400));
    // Visits overlap, so lines wait here until no earlier one can come; the number keeps equal times in order.
    let mut waiting: BTreeMap<(u64, u64), String> = BTreeMap::new();
    let (mut start, mut number, mut written) = (0, 0, 0);
    while written < lines {
        let made: Vec<(u64, String)> = match kind {
            "cowrie" => cowrie::session(&mut random, &sources, start),
            "rfc5424" => {
                visit(&mut random, &sources, start).iter().map(|event| (event.at, event.syslog())).collect()
            }
            _ => visit(&mut random, &sources, start).iter().map(|event| (event.at, event.record())).collect(),
        };
        for (at, line) in made {
            number += 1;
            waiting.insert((at, number), line);
        }
        // Nights are quiet, and now and then many come at once.
        let pause = if random.percent(10) { 10 * SECOND } else { HOUR / 4 };
        start += random.below(if start / HOUR % 24 < 6 { 2 * pause } else { pause });
        while let Some(first) = waiting.first_entry()
            && first.key().0 < start
            && written < lines
        {
            writeln!(out, "{}", first.remove())?;
            written += 1;
        }
    }
    out.flush()
}

fn run(arguments: &[&str]) -> Result<(), String> {
    let (kind, lines, output, seed) = match arguments {
        [kind, lines, output] => (*kind, *lines, *output, "1"),
        [kind, lines, output, seed] => (*kind, *lines, *output, *seed),
        _ => return Err(USAGE.to_owned()),
    };
    if !["decnet", "rfc5424", "cowrie"].contains(&kind) {
        return Err(format!("unknown kind {kind:?}; {USAGE}"));
    }
    let number = |name, text: &str| {
        text.parse::<u64>().map_err(|_| format!("{name} {text:?} is not a number; {USAGE}"))
    };
    let (lines, seed) = (number("LINES", lines)?, number("SEED", seed)?);
    let mut out: BufWriter<Box<dyn Write>> = BufWriter::new(match output {
        "-" => Box::new(io::stdout()),
        path => Box::new(File::create(path).map_err(|error| format!("cannot write {path}: {error}"))?),
    });
    generate(kind, lines, seed, &mut out).map_err(|error| format!("cannot write {output}: {error}"))
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("generate_capture: {reason}");
            ExitCode::from(2)
        }
    }
}
