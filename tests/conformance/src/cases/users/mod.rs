//! Users and their tokens.

pub(crate) mod accounts;
pub(crate) mod golden;
pub(crate) mod samples;
pub(crate) mod tokens;

crate::catalogue::cases! { users:
    accounts {
        /// A user is found by uuid and by name, with all that was given.
        a_user_is_found_by_uuid_and_by_name,
        /// A duplicate is a conflict that names the column and shows no value.
        duplicates_are_conflicts_that_name_the_column,
        /// An update changes one user's one thing; one of nobody changes nothing.
        updates_change_one_user_and_one_thing,
        /// A user is deleted once, by the uuid alone.
        a_user_is_deleted_once,
        /// Users are listed in the order of their uuids, byte by byte.
        users_are_listed_by_their_key,
    }
    tokens {
        /// A token is revoked by the first one, and told apart exactly.
        a_token_is_revoked_by_the_first_one,
        /// Expired tokens are swept by the next revocation.
        expired_tokens_are_swept_by_the_next_revocation,
    }
}
