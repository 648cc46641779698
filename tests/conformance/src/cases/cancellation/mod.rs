//! Futures that are dropped.

pub(crate) mod dropped;
pub(crate) mod every_method;

crate::catalogue::cases! { cancellation:
    dropped {
        /// A commit that is dropped after any number of polls happens whole or not at all.
        a_dropped_write_happens_whole_or_not_at_all,
        /// Reads that are dropped halfway leave every connection fit for use.
        a_dropped_read_leaves_nothing_behind,
    }
    every_method {
        /// Every method, dropped at each of its await points, leaves the database and its connections fit for use.
        leaves_the_database_fit_for_use,
        /// A unit of many writes, dropped at each await point, happens whole or not at all.
        writes_happen_whole_or_not_at_all,
        /// A batch and a purge, dropped at each await point, happen whole or not at all.
        batches_and_purges_happen_whole_or_not_at_all,
        /// An `initialize` that was dropped leaves what the next one completes.
        initialize_leaves_what_the_next_one_completes,
    }
}
