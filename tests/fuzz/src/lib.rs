//! What must hold whatever bytes come: one function for each subject, which panics where it doesn't hold.
//!
//! `cargo-fuzz/` hands them to libFuzzer, `tests/corpus` runs them on what is kept and on seeded mutations of it.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a function finds something by panicking"
)]

mod bytes;
mod call;
mod capture;
mod column;
mod environment;
mod lines;
mod records;
mod search;
mod stored;
mod url;
mod world;

// The tool's own: what answers a line of `call --lines`.
#[allow(dead_code, reason = "the tool uses the rest")]
#[path = "../../../src/bin/decnet-db/error_object.rs"]
mod error_object;
#[allow(dead_code, reason = "the tool uses the rest")]
#[path = "../../../src/bin/decnet-db/json_text.rs"]
mod json_text;
#[path = "../../../src/bin/decnet-db/commands/lines/requests.rs"]
mod requests;
// The kit's: the search language over a row in memory.
#[path = "../../conformance/src/cases/search/model.rs"]
mod model;

pub use call::{call, call_arguments};
pub use capture::{capture, capture_cowrie, capture_decnet, capture_rfc5424};
pub use environment::environment;
pub use lines::lines;
pub use records::records;
pub use search::search;
pub use stored::stored;
pub use url::url;

/// What takes any bytes and panics where something doesn't hold.
pub type Target = fn(&[u8]);

/// All targets, by the names of their folders in `corpus/` and `found/`.
pub const TARGETS: &[(&str, Target)] = &[
    ("url", url),
    ("environment", environment),
    ("search", search),
    ("capture", capture),
    ("capture_decnet", capture_decnet),
    ("capture_rfc5424", capture_rfc5424),
    ("capture_cowrie", capture_cowrie),
    ("records", records),
    ("stored", stored),
    ("call", call),
    ("call_arguments", call_arguments),
    ("lines", lines),
];
