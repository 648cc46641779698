//! The streams: each kind of row draws from one of its own, so that no operation's rows depend on another's.

/// Preloaded log rows.
pub const LOG: u64 = 1;
/// Preloaded attackers.
pub const ATTACKER: u64 = 2;
/// Preloaded bounties.
pub const BOUNTY: u64 = 3;
/// `add_log_seq` on an empty table.
pub const SEQ_EMPTY: u64 = 10;
/// `add_log_c64` on an empty table.
pub const C64_EMPTY: u64 = 11;
/// `add_logs_500` on an empty table.
pub const BATCH_EMPTY: u64 = 12;
/// `add_log_seq` on the preloaded rows.
pub const SEQ: u64 = 20;
/// `add_log_c64` on the preloaded rows.
pub const C64: u64 = 21;
/// `add_logs_500` on the preloaded rows.
pub const BATCH: u64 = 22;
/// The mix's rows; 100 more decides which of its calls read.
pub const MIXED: u64 = 23;
/// Where `get_logs_after_id` starts.
pub const AFTER: u64 = 24;
/// `upsert_attacker_new`.
pub const NEW_ATTACKER: u64 = 25;
/// `upsert_attacker_existing`; 100 more decides which attacker.
pub const EXISTING_ATTACKER: u64 = 26;
/// `add_bounty_new`.
pub const NEW_BOUNTY: u64 = 27;
/// Which bounty `add_bounty_dup` adds again.
pub const DUPLICATE_BOUNTY: u64 = 28;
/// Credentials of `upsert_credential_…`.
pub const CREDENTIAL: u64 = 50;
/// Hits on canary tokens.
pub const TRIGGER: u64 = 51;
/// Observations.
pub const OBSERVATION: u64 = 52;
/// Tags of techniques.
pub const TAG: u64 = 53;
/// The long mix, which the original's workload lacks.
pub const MIXED_LONG: u64 = 41;
/// Rows that are written beside the reads that are measured, which the original's workload lacks.
pub const BESIDE: u64 = 43;
/// Callers by number, which is added to this, and which the original's workload lacks.
pub const CALLERS: u64 = 400;
