//! Observations of behaviour (contract document 84).

pub(crate) mod attachments;
pub(crate) mod golden;
pub(crate) mod samples;
pub(crate) mod values;

crate::catalogue::cases! { observations:
    values {
        /// Any JSON value comes back as it was given, null and text too.
        any_json_value_comes_back,
        /// Measuring again replaces what is given and keeps the rest and the id; the id that is given then is not used.
        measuring_again_replaces_what_is_given,
        /// What is missing, unknown or can't be stored is refused by its name, and nothing is written.
        what_cannot_be_an_observation_is_refused,
        /// An unknown attacker and an id that is taken are conflicts.
        an_unknown_attacker_and_a_taken_id_are_conflicts,
        /// Of one primitive the latest counts, and of one instant the greatest id.
        the_latest_is_the_greatest_time_then_id,
        /// Series are in the order of time, then id; those of an identity are of all of its attackers.
        series_are_in_the_order_of_time,
        /// Pages in key order are each observation once.
        pages_have_each_observation_once,
        /// Any number of callers that measure the same thing at once make one row.
        measuring_at_once_makes_one_row,
    }
    attachments {
        /// An attachment is known by its hash in either case; the first mail's details stay, extensions gather.
        an_attachment_is_counted_by_its_hash,
        /// A verdict goes from unknown to any, from false to true, and never back.
        a_verdict_only_gets_worse,
        /// No mail and no extension is lost among callers that count at once.
        counting_at_once_loses_nothing,
    }
}
