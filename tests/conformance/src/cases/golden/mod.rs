//! What DECNET 1.0.0 wrote and returned.

pub(crate) mod replay;

crate::catalogue::cases! { golden:
    replay {
        /// Each read returns on the original's rows what the original returned, or what a ruling says.
        each_read_answers_as_the_original_did,
        /// Each write changes the original's rows as the original changed them, or as a ruling says.
        each_write_changes_what_the_original_changed,
    }
}
