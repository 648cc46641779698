//! What the base relies on below the contract: values, keys and counts of rows.

pub(crate) mod steps;
pub(crate) mod values;

crate::catalogue::cases! { engine:
    steps {
        /// A statement affects the rows that it found, changed or not; rows that are left out don't count.
        affected_rows_are_those_that_were_found,
        /// A step that affects another number of rows than it must rolls the whole unit back, with its message.
        an_unmet_expectation_rolls_everything_back,
        /// Units with one guard run one after the other, across openings.
        a_guard_keeps_units_apart,
        /// A query within a unit sees what the unit wrote before it.
        queries_in_a_unit_see_its_writes,
    }
    values {
        /// Floats, integers and times come back bit by bit.
        floats_integers_and_times_keep_every_bit,
        /// Bytes that are no text, null and far times come back as they were.
        bytes_and_truth_values_keep_their_kind,
        /// An id that is given is stored as it is, 0 and negative ones too.
        ids_that_are_given_stay_and_others_follow_them,
        /// 40,000 rows go in at once, and keep their order.
        rows_of_one_statement_may_be_many,
    }
}
