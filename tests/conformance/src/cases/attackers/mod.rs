//! Attackers, and what is derived from them.

pub(crate) mod activity;
pub(crate) mod behavior;
pub(crate) mod fingerprints;
pub(crate) mod golden;
pub(crate) mod ipv6_leaks;
pub(crate) mod pages;
pub(crate) mod samples;
pub(crate) mod upserts;

crate::catalogue::cases! { attackers:
    upserts {
        /// 64 upserts of a new address make one row and return its uuid.
        many_upserts_of_a_new_address_make_one_row,
        /// A new attacker takes the defaults and a fresh uuid.
        a_new_row_takes_defaults_and_a_fresh_uuid,
        /// An upsert keeps the columns that it is not given, and `updated_at` moves.
        a_row_that_is_there_keeps_what_is_not_given_and_its_update_time_moves,
        /// What an attacker's columns can't hold is refused by name, and nothing is written.
        what_cannot_be_stored_is_refused_and_nothing_is_written,
        /// A given uuid replaces the stored one unless rows refer to it.
        a_given_uuid_rewrites_the_key_unless_rows_refer_to_it,
        /// Of duplicates that DECNET left behind the first one counts.
        of_duplicates_that_were_left_the_first_counts,
        /// What the export returned is accepted back and changes nothing.
        what_a_read_returned_is_accepted_back,
        /// A unit stores an attacker and what hangs on it, or nothing.
        a_unit_stores_attackers_and_what_hangs_on_them_or_nothing,
        /// The filters of attackers are literal, and a service matches as a whole.
        filters_are_literal_and_services_whole,
    }
    pages {
        /// The pages of each list, put together, are the list.
        pages_put_together_are_the_list,
        /// Rows that arrive don't move a page.
        rows_that_arrive_do_not_move_a_page,
        /// A cursor of another list is refused.
        a_foreign_cursor_is_refused,
    }
    activity {
        /// A session is found by the value of its `sid`, and the newest one counts.
        a_session_is_found_by_the_value_of_its_sid,
        /// An attacker's artifacts are the latest two hundred.
        events_of_one_kind_are_the_latest_two_hundred,
        /// Stored commands that are no list of objects fail nothing.
        commands_that_are_no_list_of_objects_do_not_fail,
        /// A leak whose payload is no JSON is shown empty.
        a_leak_that_is_no_json_is_shown_empty,
    }
    behavior {
        /// Behaviour is stored, and an upsert replaces the columns that it is given.
        behaviour_is_stored_and_its_given_columns_replaced,
        /// Behaviour that was read is accepted back.
        behaviour_that_was_read_is_accepted_back,
        /// 64 mails to one domain are counted as 64.
        no_try_to_send_mail_is_lost,
    }
    fingerprints {
        /// A fingerprint is a first sighting, unchanged or rotated, by what was seen before.
        outcomes_follow_what_was_seen_before,
        /// The fingerprints that the original stored go on.
        the_state_that_the_original_left_goes_on,
        /// Of 64 rotations at once each counts once and replaces another hash.
        every_rotation_counts_once_and_replaces_another_hash,
    }
    ipv6_leaks {
        /// Each leak counts, and each link-local address is noted once.
        leaks_count_and_addresses_are_noted_once,
        /// Of leaks that come at once no count and no address is lost.
        no_leak_and_no_address_is_lost,
    }
}
