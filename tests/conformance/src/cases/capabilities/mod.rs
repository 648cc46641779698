//! What an engine may lack.

pub(crate) mod deep_json;
pub(crate) mod nul_in_text;

crate::catalogue::cases! { capabilities:
    nul_in_text {
        /// Rows and keys hold NUL; without the capability it is refused by the column's name, and nothing is stored.
        rows_and_keys_hold_it,
        /// Searches and look-ups find NUL; without the capability they find nothing or refuse it.
        searches_find_it,
    }
    deep_json {
        /// A member beside JSON of 500 levels is found; without the capability it is not, and nothing fails.
        a_member_beside_it_is_found,
    }
}
