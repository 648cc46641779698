//! Creating, seeding, closing.

pub(crate) mod bootstrap;
pub(crate) mod golden;
pub(crate) mod samples;

crate::catalogue::cases! { lifecycle:
    bootstrap {
        /// Every method can be called on a database that has just been initialized.
        every_method_answers_on_a_fresh_database,
        /// On a database without schema every method fails with `configuration`, says to initialize, and creates nothing.
        without_schema_every_method_says_to_initialize,
        /// When many openings initialize one empty database at once, one creates the schema, one seeds, and all succeed.
        many_openings_initialize_at_once,
        /// When six processes initialize one empty database at once, all succeed and there is one schema.
        many_processes_initialize_at_once,
        /// Without a password nobody is seeded, and `initialize` says so.
        nobody_is_seeded_without_a_password,
        /// The administrator's password follows the configuration until it was changed.
        the_administrator_is_seeded_until_the_password_was_changed,
        /// A password that is too weak fails the seeding, is not shown, and leaves the schema.
        a_weak_password_stops_the_seeding_and_nothing_else,
        /// The user of DECNET's contract tests is seeded once, when it is asked for.
        the_contract_test_user_is_seeded_on_request,
        /// What was written is there when the database is closed and opened again.
        what_was_written_is_there_when_opened_again,
        /// After `close`, which may be called twice, every method fails with `unavailable`.
        a_closed_repository_is_unavailable,
        /// The engine answers a ping with its name and version, and the pool's numbers are sane.
        the_engine_says_what_it_is,
    }
}
