//! What others know of attackers (contract document 84).

pub(crate) mod answers;
pub(crate) mod golden;
pub(crate) mod samples;

crate::catalogue::cases! { intel:
    answers {
        /// A new row takes the defaults, an update sets what is given alone, and neither takes uuid and version.
        answers_are_replaced_column_by_column,
        /// Lists and maps are taken where they are meant; what is missing, unknown or scalar is refused by its name.
        answers_of_the_wrong_form_are_refused,
        /// The event has DECNET's members, and providers only where they were given.
        the_event_has_the_members_that_decnet_publishes,
        /// Attackers without answers or with expired ones are to be asked about, the latest seen first.
        attackers_without_fresh_answers_are_listed,
        /// Any number of callers that store answers at once make one row.
        storing_at_once_makes_one_row,
    }
}
