//! Copies the files whose interleavings are tried, with shuttle's locks, threads and clocks in place of the real ones.

use std::path::Path;
use std::{env, fs, io};

/// The files from the project's root, and the modules that they become.
const FILES: [(&str, &str); 5] = [
    ("core/src/driver/toolkit/backlog.rs", "backlog"),
    ("core/src/driver/toolkit/queue.rs", "queue"),
    ("drivers/sqlite/src/spin.rs", "spin"),
    ("drivers/sqlite/src/write/queue.rs", "write_queue"),
    ("drivers/sqlite/src/read/threads.rs", "reader_threads"),
];

/// What is written otherwise there; each must occur in one of the files at least.
const REPLACED: [(&str, &str); 8] = [
    ("use std::sync::atomic::", "use shuttle::sync::atomic::"),
    ("use std::thread;", "use crate::replaced::thread;"),
    ("use std::time::{Duration, Instant};", "use std::time::Duration;\nuse crate::replaced::Instant;"),
    ("use parking_lot::", "use crate::replaced::"),
    ("use decnet_db_core::driver::{Backlog, ", "use crate::backlog::{Backlog, "),
    // What asks the system is not tried here.
    ("thread::scope(", "std::thread::scope("),
    ("thread::Builder::new().spawn_scoped(", "std::thread::Builder::new().spawn_scoped("),
    // So that some wait for a place.
    ("pub const COUNT: usize = 4_096;", "pub const COUNT: usize = 2;"),
];

fn main() -> io::Result<()> {
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo gives no OUT_DIR"))?;
    let mut replaced = [false; REPLACED.len()];
    for (file, module) in FILES {
        let path = Path::new("../..").join(file);
        println!("cargo::rerun-if-changed={}", path.display());
        let mut text = fs::read_to_string(&path)?;
        for ((from, to), replaced) in REPLACED.iter().zip(&mut replaced) {
            *replaced |= text.contains(from);
            text = text.replace(from, to);
        }
        // A file that is included can't describe the module that it is included into.
        let lines = text.lines().filter(|line| !line.starts_with("//!"));
        fs::write(Path::new(&out).join(module).with_extension("rs"), lines.collect::<Vec<_>>().join("\n"))?;
    }
    match replaced.iter().position(|replaced| !replaced) {
        Some(unused) => Err(io::Error::other(format!("no file has: {}", REPLACED[unused].0))),
        None => Ok(()),
    }
}
