//! Bounties.

use crate::tables::{BOUNTY_TYPES, SERVICES, T0_US, USERS, decky, ip, one_of, part_of_span, zipf};
use crate::{Rng, SPAN_US, streams};

/// A row of the table `bounty`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns of the same names")]
pub struct Bounty {
    pub decky: String,
    pub service: &'static str,
    pub attacker_ip: String,
    pub bounty_type: &'static str,
    /// Compact JSON, the form in which it is stored.
    pub payload: String,
    /// When, in whole seconds since 1970.
    pub seconds: i64,
}

fn bounty(seed: u64, stream: u64, index: u64, base_us: i64) -> Bounty {
    let rng = &mut Rng::at(seed, stream, index);
    let decky = decky(rng.below(50));
    let service = one_of(rng, &SERVICES);
    let attacker_ip = ip(zipf(rng));
    let bounty_type = one_of(rng, &BOUNTY_TYPES);
    let user = one_of(rng, &USERS);
    let payload = format!(
        r#"{{"username":"{user}","value":"{:016x}","kind":"bench","seq":{}}}"#,
        rng.next_u64(),
        stream * 1_000_000_000 + index
    );
    Bounty { decky, service, attacker_ip, bounty_type, payload, seconds: base_us.div_euclid(1_000_000) }
}

/// How many bounties there are before anything is measured, with so many preloaded log rows.
pub fn preloaded_bounties(rows: u64) -> u64 {
    (rows / 20).max(1)
}

/// One of those, of so many.
pub fn preloaded_bounty(seed: u64, index: u64, bounties: u64) -> Bounty {
    bounty(seed, streams::BOUNTY, index, part_of_span(index, bounties))
}

/// The `k`th bounty that is not there.
pub fn new_bounty(seed: u64, k: u64) -> Bounty {
    bounty(seed, streams::NEW_BOUNTY, k, T0_US + SPAN_US + k as i64 * 1_000_000)
}
