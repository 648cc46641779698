//! Loot.

pub(crate) mod golden;
pub(crate) mod loot;
pub(crate) mod samples;

crate::catalogue::cases! { bounties:
    loot {
        /// The same payload of the same kind from the same attacker is stored once, compared exactly.
        what_differs_in_nothing_that_counts_is_stored_once,
        /// Bounties come newest first, and ties by descending id.
        bounties_are_newest_first_with_ties_by_id,
        /// Bounties are grouped by attacker, for all and for those that are asked for.
        bounties_are_grouped_by_their_attackers,
        /// A payload that is JSON keeps its spelling.
        a_payload_of_json_keeps_its_spelling,
    }
}
