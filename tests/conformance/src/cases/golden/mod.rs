//! What DECNET 1.0.0 wrote and returned.

pub(crate) mod replay;

crate::catalogue::cases! { golden:
    replay {
        /// Each read returns on the original's rows what the original returned, or what a ruling says.
        each_read_answers_as_the_original_did,
        /// Each write changes the original's rows as the original changed them, or as a ruling says.
        each_write_changes_what_the_original_changed,
        /// Topologies, webhooks, canaries and realism are read as the original read them, or as a ruling says.
        deployments_are_read_as_the_original_read_them,
        /// Its writes of them, from an empty database on, return the same and leave the same rows.
        deployments_are_written_as_the_original_wrote_them,
        /// Credentials, identities, observations and techniques are read as the original read them, or as a ruling says.
        intelligence_is_read_as_the_original_read_it,
        /// Its writes of those, from an empty database on, return the same and leave the same rows.
        intelligence_is_written_as_the_original_wrote_it,
    }
}
