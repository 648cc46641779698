//! Identities of attackers, and what is attributed to them (contract document 82).

pub(crate) mod attribution;
pub(crate) mod golden;
pub(crate) mod merges;
pub(crate) mod rows;
pub(crate) mod samples;

crate::catalogue::cases! { identities:
    rows {
        /// A new identity takes the defaults, lists as JSON text, and is accepted back as it was read.
        a_new_identity_takes_defaults_and_lists,
        /// What an identity can't hold is refused by name.
        what_cannot_be_stored_is_refused,
        /// A hash of typing rhythm is 16 hexadecimal digits wherever it is shown, and the four fingerprints are one.
        fingerprints_are_written_as_one,
        /// Of 32 calls at once for a new attacker one makes its identity and all return it.
        one_stub_is_made_for_an_attacker,
        /// Attackers of an identity are listed last seen first, and clustering gets all in order.
        attackers_of_an_identity_are_listed,
    }
    merges {
        /// Merges are followed to their end, more than a thousand of them too.
        merges_are_followed_to_their_end,
        /// Rings that others left end, and a merge into one or into itself is a conflict.
        rings_end_and_are_not_made,
        /// Of merges at once that would make a ring one is refused.
        merges_at_once_make_no_ring,
    }
    attribution {
        /// The state of a trait takes any JSON value, null too, and an upsert replaces what it is given.
        any_value_is_a_state,
        /// An identity seems to be several actors when two of its traits say so.
        several_actors_need_two_traits,
    }
}
