//! Hostile data is normal data.

pub(crate) mod arguments;
pub(crate) mod json;
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
        /// Ids, limits, offsets and intervals work up to both ends of 64 bits.
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
    json {
        /// `state` holds any JSON value.
        state_holds_any_json,
        /// JSON beyond 128 levels or 64 bits is refused where it is looked into.
        json_beyond_the_limits_is_refused,
        /// Half a surrogate pair is refused.
        half_a_surrogate_pair_is_refused,
    }
}
