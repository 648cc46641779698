//! Events.

pub(crate) mod golden;
pub(crate) mod limits;
pub(crate) mod order;
pub(crate) mod samples;

crate::catalogue::cases! { logs:
    order {
        /// Events come newest first, by their time and not by their id.
        newest_first_by_time_and_not_by_id,
        /// Events with the same time come by descending id, in lists and in pages.
        ties_are_broken_by_descending_id,
        /// Times that differ by a microsecond are two times.
        one_microsecond_decides,
        /// What follows an id comes by ascending id.
        after_an_id_by_ascending_id,
        /// The rows of a batch get ascending ids in its order.
        the_rows_of_a_batch_keep_its_order,
        /// The histogram's buckets are in the order of time, without empty ones.
        buckets_are_in_the_order_of_time,
    }
    limits {
        /// Lists of events have fifty rows at most unless the caller says otherwise.
        fifty_by_default,
        /// A limit of 0, an empty table and an offset beyond the end are empty lists.
        no_rows_and_rows_beyond_the_end,
        /// A filter counts and groups exactly the rows that it lists.
        a_filter_counts_what_it_lists,
        /// An id that is taken is a conflict, and the ids that follow are free.
        a_taken_id_is_a_conflict,
        /// The statistics count rows, and attackers once each.
        statistics_count_rows_and_different_attackers,
    }
}
