//! Techniques: tags and rules (contract document 86).

pub(crate) mod golden;
pub(crate) mod rollups;
pub(crate) mod rules;
pub(crate) mod samples;
pub(crate) mod tags;

crate::catalogue::cases! { ttp:
    tags {
        /// A tag is stored once, under the uuid that follows from it; what is not sure enough is dropped unseen.
        a_tag_is_stored_once_and_unsure_ones_are_dropped,
        /// One bad tag refuses all, with its index and what is wrong with it.
        one_bad_tag_refuses_all_with_its_index,
        /// A tag that is stored already is not checked again.
        a_stored_tag_is_not_checked_again,
        /// Any number of callers that store the same tags at once add each once.
        storing_at_once_adds_each_tag_once,
        /// More tags than one statement takes are one unit.
        many_tags_are_one_unit,
    }
    rollups {
        /// Roll-ups are in the order of technique and sub-technique, null first, with their figures.
        rollups_are_in_order_with_their_figures,
        /// Tags of a scope are the newest first, and of one instant by descending uuid.
        tags_of_a_scope_are_newest_first,
        /// Commands are the objects of those lists that are lists.
        commands_are_the_objects_of_lists,
    }
    rules {
        /// A rule comes back as it was stored, whatever its text, and replaces the one before.
        a_rule_comes_back_as_it_was_stored,
        /// What can't be a rule or a state is refused by its name.
        what_cannot_be_a_rule_is_refused,
        /// A state is replaced whole, and deleted when it has expired.
        a_state_is_replaced_whole_and_expires,
        /// A rule that can't be read is left out, the others are there.
        a_rule_that_cannot_be_read_is_left_out,
        /// Rules that were written since come in the order in which they were written.
        rules_come_in_the_order_of_writing,
    }
}
