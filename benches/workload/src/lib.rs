//! The rows that decnet-db is measured with: the same for the same seed, byte for byte, in every program that follows
//! `WORKLOAD.md` (beside this package), in any language.
//!
//! Plain structs that know no database, so that any library can be measured with them.
//!
//! ```
//! use decnet_db_workload::preloaded_log;
//!
//! let row = preloaded_log(1, 0, 10_000);
//! assert_eq!(row.timestamp(), "2026-01-01 00:00:12");
//! assert_eq!(row, preloaded_log(1, 0, 10_000));
//! ```

mod attacker;
mod bounty;
#[cfg(feature = "program")]
pub mod dashboard;
pub mod digests;
#[cfg(feature = "program")]
pub mod listener;
mod log;
#[cfg(feature = "program")]
pub mod records;
mod rng;
pub mod streams;
mod tables;
mod time;

pub use self::attacker::{
    Attacker, existing_attacker, new_attacker, preloaded_attacker, preloaded_attackers,
};
pub use self::bounty::{Bounty, new_bounty, preloaded_bounties, preloaded_bounty};
pub use self::log::{Log, op_log, preloaded_log};
pub use self::rng::{Rng, mix};
pub use self::tables::{
    DECKIES, KEY_VALUE_SEARCH, SEED_USER, SPAN_US, T0_US, TOKEN, decky, draw_service, draw_user, ip, zipf,
    zipf_total,
};

/// The key that the `k`th call of `set_state` and `get_state` uses; there are 16.
pub fn state_key(k: u64) -> String {
    format!("bench-{:02}", k % 16)
}

/// The JSON text that the `k`th call of `set_state` stores.
pub fn state_value(k: u64) -> String {
    format!(r#"{{"position":{},"file":"/var/log/decnet/decnet.json","note":"{}"}}"#, k * 4096, "x".repeat(64))
}

/// The id after which the `k`th call of `get_logs_after_id` reads, with `rows` preloaded.
pub fn after_id(seed: u64, k: u64, rows: u64) -> u64 {
    Rng::at(seed, streams::AFTER, k).below(rows.saturating_sub(500).max(1))
}

/// Whether the `k`th call of the mix reads the first page; else it adds row `k` of [`streams::MIXED`].
pub fn mixed_reads(seed: u64, k: u64) -> bool {
    mix_of_stream_reads(seed, streams::MIXED, k)
}

/// As [`mixed_reads`], for a mix whose rows are of another stream.
pub fn mix_of_stream_reads(seed: u64, stream: u64, k: u64) -> bool {
    Rng::at(seed, stream + 100, k).below(5) == 0
}
