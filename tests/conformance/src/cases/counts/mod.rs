//! What is computed from the last answer and what came since.

pub(crate) mod figures;
pub(crate) mod pages;

crate::catalogue::cases! { counts:
    figures {
        /// Totals, sources and histograms follow the writes of every opening.
        counts_follow_every_writer,
        /// They follow two openings that write in turn.
        counts_follow_openings_that_write_in_turn,
        /// They follow rows that something else than the contract deletes, in the middle too.
        counts_follow_deletions_past_the_contract,
        /// They follow a purge by another opening, and ids that begin again after it.
        counts_follow_a_purge_and_what_comes_after_it,
        /// They follow events whose ids lie below those that were counted already.
        counts_follow_ids_that_were_left_out_before,
        /// They follow events whose ids come late, so far behind the newest that they seemed lost.
        counts_follow_ids_in_gaps_far_behind,
        /// The first and the last year have minutes too.
        times_at_the_ends_of_the_calendar_have_their_minutes,
    }
    pages {
        /// A page deep in the list is the one that counting up to it gives.
        deep_pages_are_where_they_belong,
        /// It follows events that arrive, and is whole and in order while they do.
        deep_pages_follow_events_that_come_meanwhile,
    }
}

use decnet_db_core::contract::NewLog;
use decnet_db_core::time::Timestamp;

/// An event of a source: out of order, several in a minute, some before 1970.
fn event(number: i64, source: i64) -> NewLog {
    let time = Timestamp::from_microseconds((number * 7_919 % 4_001 - 2_000) * 17_000_001).unwrap();
    NewLog::new("d", "s", "e", format!("203.0.113.{source}")).timestamp(time).raw_line(number.to_string())
}
