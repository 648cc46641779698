#![doc = include_str!("../README.md")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a case fails by a panic, which the runner catches"
)]

mod case;
mod cases;
mod catalogue;
mod database;
pub mod golden;
mod harness;
mod json;
mod panics;
mod report;
pub mod samples;
mod second_process;
mod suite;

pub use harness::{Files, Given, Harness, Server};
pub use report::{Finished, Outcome, Report};
pub use suite::{Suite, run};

#[doc(hidden)]
pub mod for_macros;
