//! The search language.

pub(crate) mod language;
mod model;
mod strategies;

crate::catalogue::cases! { search:
    language {
        /// Random searches over random rows find what a plain filter in memory finds.
        random_searches_agree_with_the_model,
        /// Pages by offset and by id, put together, are the whole list in its order.
        each_page_has_the_next_rows,
        /// Both time bounds are inclusive instants, to the microsecond.
        time_bounds_are_inclusive_instants,
        /// Searches take `%`, `_` and `\` as they are, fold the case of ASCII letters only, and columns compare exactly.
        search_is_literal_and_folds_ascii_case_only,
        /// A member of `fields` matches by its text or its spelling, never by another type's value.
        a_member_is_matched_by_its_spelling,
        /// Members of all kinds of fields are told apart as ruling R5 says.
        members_of_every_kind_of_fields_are_told_apart,
        /// A needle of any length is found wherever it sits.
        a_needle_may_be_long_and_sit_anywhere,
        /// Fields that are no JSON object match nothing and fail no search.
        fields_that_are_no_json_object_match_nothing,
        /// Bounties are searched literally in every column that is searched.
        bounties_are_searched_literally,
    }
}
