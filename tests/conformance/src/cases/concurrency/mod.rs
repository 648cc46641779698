//! Many callers at once.

pub(crate) mod callers;
pub(crate) mod processes;
pub(crate) mod race;

crate::catalogue::cases! { concurrency:
    callers {
        /// 64 writers lose and double nothing, and what readers see meanwhile only grows.
        writers_and_readers_go_on_together,
        /// Two openings write at the same time, each in its own order.
        two_openings_write_at_the_same_time,
        /// The same bounty from 64 callers is one row.
        identical_bounties_are_stored_once,
        /// 64 first writes of one key of `state` all succeed.
        first_writes_of_a_state_key_all_succeed,
        /// A token is revoked once, by the first one, and expired ones are swept.
        a_token_is_revoked_once_and_by_the_first,
        /// Another opening sees a batch of rows whole or not at all.
        a_batch_is_seen_whole_or_not_at_all,
        /// Initializing what is initialized creates nothing, however many do it at once.
        concurrent_initializations_make_one_schema,
    }
    processes {
        /// A second process writes at the same time: nothing is lost.
        a_second_process_writes_at_the_same_time,
        /// A process that is killed leaves whole units and nothing locked.
        a_killed_process_leaves_whole_units,
    }
    race {
        /// Four processes race: counters lose nothing, versions have one winner, changes one claimer, and statuses are a chain.
        four_processes_race_for_the_same_rows,
    }
}
