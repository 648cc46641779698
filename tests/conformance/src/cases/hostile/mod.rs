//! Hostile data is normal data.

pub(crate) mod arguments;
pub(crate) mod injection;
pub(crate) mod json;
pub(crate) mod limits;
pub(crate) mod numbers;
pub(crate) mod text;

crate::catalogue::cases! { hostile:
    text {
        /// Any text comes back as it was from every column, and names what it named.
        any_text_comes_back_as_it_was,
        /// A line of 8 MiB is stored and found; one of 16 MiB too, or it is refused by its name.
        a_line_of_many_mebibytes,
        /// SQL in a name is only a name.
        sql_in_names_is_only_a_name,
        /// Users are told apart by case, accents, trailing blanks and Unicode's forms.
        users_are_told_apart_exactly,
        /// A key of 255 characters is stored; a longer one is refused by the argument's name and never cut.
        over_long_keys_are_refused_and_never_cut,
        /// A look-up of a key that is longer than any stored one finds nothing, however many are looked up at once.
        a_read_with_an_over_long_key_finds_nothing,
    }
    numbers {
        /// Times from year 1 to 9999 are accepted in all forms of ruling R1 and in no other.
        times_at_both_ends_and_in_all_forms,
        /// Ids, offsets and intervals work up to both ends of 64 bits, limits up to the most rows of a page.
        integers_at_the_limits,
        /// The histogram's buckets round down over all years, before 1970 too.
        the_histogram_reaches_over_all_years,
    }
    arguments {
        /// An argument of the wrong kind is `invalid_input` that names it, and nothing is written.
        arguments_of_the_wrong_kind_are_refused_by_name,
        /// A null for an optional argument means that it is absent.
        null_means_absent,
        /// What a read returns is accepted back by the matching write.
        what_a_read_returns_is_accepted_back,
    }
    limits {
        /// Every list refuses a limit above the most rows of a page, before anything is read.
        no_list_is_longer_than_a_page_may_be,
        /// A search of a hundred words works; of more it is refused by its name.
        a_search_has_so_many_words,
        /// A search of 256 KiB works; a longer one is refused by its name, in every list that has one.
        a_search_is_so_long,
        /// More keys than one call may look up are refused, in every method that takes a list of them.
        one_call_looks_up_so_many_keys,
        /// More rows than one call may store are refused, and none is stored.
        one_call_stores_so_many_rows,
        /// Names that nobody knows are cut and escaped in what is said of them.
        foreign_names_are_cut_and_escaped,
    }
    json {
        /// `state` holds any JSON value.
        state_holds_any_json,
        /// JSON beyond 128 levels or 64 bits is refused where it is looked into.
        json_beyond_the_limits_is_refused,
        /// Half a surrogate pair is refused.
        half_a_surrogate_pair_is_refused,
    }
    injection {
        /// What attackers write finds nothing more than a word that nobody has stored, in each text of each method that reads.
        payloads_in_what_is_asked_find_nothing_more,
        /// What attackers write is stored as it is or refused, in each text of each method that writes; schema and users stay.
        payloads_in_what_is_stored_are_stored_as_they_are,
    }
}
