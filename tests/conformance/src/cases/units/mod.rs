//! Several writes in one commit.

pub(crate) mod atomicity;
pub(crate) mod isolation;

crate::catalogue::cases! { units:
    atomicity {
        /// Rows and the position behind them are seen by others after the one commit.
        a_batch_and_its_position_are_one_commit,
        /// A unit with an argument that is refused writes nothing.
        a_refused_argument_leaves_nothing,
        /// A unit that meets a duplicate key writes nothing, neither before it nor behind it.
        a_conflict_leaves_nothing,
        /// One duplicate among 1,500 rows keeps all of them out.
        one_bad_row_keeps_its_batch_out,
        /// Within a unit each write sees what the ones before it wrote.
        later_writes_see_earlier_ones,
        /// A unit without writes succeeds and changes nothing.
        an_empty_unit_is_committed,
        /// A unit that is dropped before its commit was polled writes nothing.
        nothing_happens_before_commit,
        /// A new password and the end of the sessions go into one commit.
        a_password_change_ends_sessions_in_one_commit,
        /// A purge deletes rows and the workers' cursors, and leaves the ingester's position and the users.
        purge_leaves_the_position_and_takes_the_cursors,
    }
    isolation {
        /// Of units that are committed together, those that fail take no other with them.
        a_unit_that_fails_takes_no_other_with_it,
        /// Of many callers at once only those to blame fail.
        of_many_callers_only_those_to_blame_fail,
        /// After a failed unit the ones that follow it are whole.
        an_error_in_a_group_leaves_later_units_whole,
        /// Of many callers at once each learns what its own unit did.
        each_caller_learns_what_its_own_unit_did,
        /// What a caller committed is what it reads next, and its units keep their order.
        units_of_a_caller_keep_their_order,
    }
}
