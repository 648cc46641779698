//! Every target on what is kept, and on mutations of it.
//!
//! `FUZZ_MUTATIONS` says how many mutations of a target a run makes, `FUZZ_SEED` which ones. What a mutation finds is printed
//! as Rust writes bytes; it goes into `found/`, where the next run finds it without luck.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "a failure tells which mutations it was")]

mod calls;
mod inputs;
mod mutation;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use decnet_db_fuzz::{TARGETS, Target};

use inputs::{Input, kept};
use mutation::mutated;

/// No input takes as long, on whatever machine.
const HANGS: Duration = Duration::from_secs(60);

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().expect("a number"))
}

/// Runs a target on its inputs, and on so many mutations of them.
fn holds(name: &str, mutations: u64) {
    let (_, target) = TARGETS.iter().find(|(known, _)| *known == name).expect("a target");
    let inputs = kept(name);
    let (mutations, seed) = (setting("FUZZ_MUTATIONS", mutations), setting("FUZZ_SEED", 1));
    println!("{name}: {} inputs, {mutations} mutations of them by FUZZ_SEED={seed}", inputs.len());
    let current = Arc::new(Mutex::new(Input::default()));
    let (done, finished) = channel();
    let running = Arc::clone(&current);
    let target = *target;
    let thread = std::thread::spawn(move || {
        for input in &inputs {
            run(target, input.clone(), &running);
            let _ = done.send(());
        }
        let mut random = fastrand::Rng::with_seed(seed);
        for number in 0..mutations {
            let bytes = mutated(&inputs, &mut random);
            run(target, Input { name: format!("mutation {number}"), bytes }, &running);
            let _ = done.send(());
        }
    });
    loop {
        match finished.recv_timeout(HANGS) {
            Ok(()) => {}
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                panic!("{name} takes longer than {HANGS:?}: {:?}", current.lock().expect("the input"))
            }
        }
    }
    assert!(thread.join().is_ok(), "{name}: see above");
}

fn run(target: Target, input: Input, running: &Mutex<Input>) {
    *running.lock().expect("the input") = input.clone();
    let held = catch_unwind(AssertUnwindSafe(|| target(&input.bytes)));
    assert!(held.is_ok(), "{input:?}");
}

macro_rules! targets {
    ($($name:ident $mutations:literal)*) => {
        $(#[test]
        fn $name() {
            holds(stringify!($name), $mutations);
        })*

        #[test]
        fn no_target_is_missing() {
            let tested = [$(stringify!($name)),*];
            let all: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
            assert_eq!(all, tested);
            let manifest = include_str!("../../cargo-fuzz/Cargo.toml");
            for name in tested {
                assert!(manifest.contains(&format!("name = \"{name}\"\n")), "cargo-fuzz has no {name}");
                assert!(!kept(name).is_empty(), "{name} has no corpus");
            }
        }
    };
}

targets! {
    url 5000
    environment 2000
    search 200
    capture 1000
    capture_decnet 1000
    capture_rfc5424 1000
    capture_cowrie 1000
    records 5000
    stored 100
    call 300
    call_arguments 400
    lines 1000
}
