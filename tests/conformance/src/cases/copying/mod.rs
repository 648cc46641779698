//! Whole databases: copied, compared, emptied.

pub(crate) mod copies;
pub(crate) mod resets;
pub(crate) mod snapshots;

crate::catalogue::cases! { copying:
    copies {
        /// What the original wrote is copied into another database, and reads there as it did.
        what_the_original_wrote_is_copied_whole,
        /// Every table is copied, and a comparison names the row that differs.
        every_table_is_copied_and_compared,
        /// Hostile text, far times, ids at the limits and long lines are copied.
        hostile_values_are_copied,
        /// A target that has rows is refused, unless it is to be overwritten.
        a_target_with_rows_is_refused_unless_it_is_to_be_overwritten,
        /// A database is never copied into itself.
        a_database_is_not_copied_into_itself,
    }
    snapshots {
        /// A snapshot sees what was committed when it began, whatever is written and deleted since.
        a_snapshot_sees_one_moment,
    }
    resets {
        /// Truncating deletes all rows, keeps the schema, and keys are assigned as in a fresh database.
        truncating_deletes_all_rows_and_assigns_keys_as_at_first,
        /// Dropping removes tables and stamp, and the schema can be created again.
        dropping_takes_the_stamp_too_and_the_schema_can_be_created_again,
    }
}
