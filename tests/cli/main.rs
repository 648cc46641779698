//! The tool `decnet-db`, run as its users run it.

#![cfg(all(feature = "cli", feature = "sqlite"))]

mod calls;
mod commands;
mod copying;
mod errors;
mod lines;
mod resetting;
mod tool;
