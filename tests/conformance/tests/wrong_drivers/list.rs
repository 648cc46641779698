//! Each wrong driver, and the case that must catch it.

use crate::faults::*;

/// One `#[test]` for each wrong driver, and the list for the README.
macro_rules! wrong_drivers {
    ($(#[doc = $does:literal] $test:ident: $module:ident::$fault:ident => $case:literal,)+) => {
        /// What each one does, and its case.
        pub(crate) const WRONG_DRIVERS: &[(&str, &str)] = &[$(($does, $case),)+];

        $(
            #[doc = $does]
            #[test]
            fn $test() {
                crate::is_caught::<$module::$fault>($case);
            }
        )+
    };
}

wrong_drivers! {
    /// reverses the order of events with one time
    reverses_ties: reads::ReversesTies
        => "logs::order::ties_are_broken_by_descending_id",
    /// orders events by id alone
    orders_by_id_alone: reads::OrdersByIdAlone
        => "logs::order::newest_first_by_time_and_not_by_id",
    /// ends each result at 1,000 rows
    stops_at_a_thousand_rows: reads::StopsAtAThousandRows
        => "logs::order::the_rows_of_a_batch_keep_its_order",
    /// swaps two columns
    swaps_two_columns: reads::SwapsTwoColumns
        => "golden::replay::each_read_answers_as_the_original_did",
    /// answers from a cache that other openings don't invalidate
    answers_from_a_cache: reads::AnswersFromACache
        => "counts::figures::counts_follow_every_writer",

    /// cuts text at 255 characters
    cuts_text_at_255: values::CutsTextAt255
        => "hostile::text::a_line_of_many_mebibytes",
    /// declares a lack that is none
    declares_a_lack_that_is_none: search::DeclaresALackThatIsNone
        => "capabilities::nul_in_text::rows_and_keys_hold_it",
    /// ends text at the first NUL and does not declare it
    ends_text_at_nul: values::EndsTextAtNul
        => "capabilities::nul_in_text::rows_and_keys_hold_it",
    /// stores characters of four bytes as `?`
    stores_three_bytes_a_character: values::StoresThreeBytesACharacter
        => "hostile::text::any_text_comes_back_as_it_was",
    /// trims trailing blanks
    trims_trailing_blanks: values::TrimsTrailingBlanks
        => "state::values::keys_are_told_apart_exactly",
    /// composes letters and accents
    composes_accents: values::ComposesAccents
        => "hostile::text::users_are_told_apart_exactly",
    /// spells stored JSON its own way
    respells_json: values::RespellsJson
        => "bounties::loot::a_payload_of_json_keeps_its_spelling",
    /// stores empty text as NULL
    stores_empty_text_as_null: values::StoresEmptyTextAsNull
        => "hostile::text::any_text_comes_back_as_it_was",
    /// stores NULL as empty text
    stores_null_as_empty_text: values::StoresNullAsEmptyText
        => "hostile::text::any_text_comes_back_as_it_was",
    /// drops microseconds
    drops_microseconds: values::DropsMicroseconds
        => "logs::order::one_microsecond_decides",
    /// has no times before 1970
    begins_in_1970: values::BeginsIn1970
        => "hostile::numbers::times_at_both_ends_and_in_all_forms",
    /// passes integers through doubles
    passes_integers_through_doubles: values::PassesIntegersThroughDoubles
        => "hostile::numbers::integers_at_the_limits",
    /// has integers of 32 bits
    has_integers_of_32_bits: values::HasIntegersOf32Bits
        => "engine::values::ids_that_are_given_stay_and_others_follow_them",
    /// has floats of 32 bits
    has_floats_of_32_bits: values::HasFloatsOf32Bits
        => "engine::values::floats_integers_and_times_keep_every_bit",
    /// stores bytes as text
    stores_bytes_as_text: values::StoresBytesAsText
        => "engine::values::bytes_and_truth_values_keep_their_kind",

    /// takes `%` and `_` in what is searched for as wildcards
    takes_wildcards: search::TakesWildcards
        => "search::language::search_is_literal_and_folds_ascii_case_only",
    /// searches text up to the first NUL
    searches_up_to_nul: search::SearchesUpToNul
        => "capabilities::nul_in_text::searches_find_it",
    /// minds case where it searches
    minds_case: search::MindsCase
        => "search::language::bounties_are_searched_literally",
    /// folds the case of all letters, `É` too
    folds_all_letters: search::FoldsAllLetters
        => "search::language::search_is_literal_and_folds_ascii_case_only",
    /// finds members of `fields` that are lists or objects by their spelling
    matches_objects: search::MatchesObjects
        => "search::language::a_member_is_matched_by_its_spelling",
    /// takes `true` in `fields` for 1
    compares_members_by_their_value: search::ComparesMembersByTheirValue
        => "search::language::a_member_is_matched_by_its_spelling",
    /// fails on `fields` that are no JSON
    fails_on_broken_json: search::FailsOnBrokenJson
        => "search::language::fields_that_are_no_json_object_match_nothing",
    /// does not look into JSON that is nested deep, and does not declare it
    does_not_look_into_deep_json: search::DoesNotLookIntoDeepJson
        => "capabilities::deep_json::a_member_beside_it_is_found",
    /// compares keys in any case
    compares_keys_in_any_case: search::ComparesKeysInAnyCase
        => "hostile::text::users_are_told_apart_exactly",
    /// compares keys without trailing blanks
    compares_without_trailing_blanks: search::ComparesWithoutTrailingBlanks
        => "state::values::keys_are_told_apart_exactly",
    /// compares the first hundred characters of keys
    compares_the_first_hundred_characters: search::ComparesTheFirstHundredCharacters
        => "hostile::text::a_read_with_an_over_long_key_finds_nothing",
    /// compares columns in any case
    compares_columns_in_any_case: search::ComparesColumnsInAnyCase
        => "search::language::search_is_literal_and_folds_ascii_case_only",
    /// leaves out the instant at which a search ends
    ends_before_the_bound: search::EndsBeforeTheBound
        => "search::language::time_bounds_are_inclusive_instants",
    /// cuts times before 1970 toward zero where it counts by intervals
    cuts_buckets_toward_zero: search::CutsBucketsTowardZero
        => "hostile::numbers::the_histogram_reaches_over_all_years",

    /// loses the last row of a bulk insert
    loses_the_last_row: writes::LosesTheLastRow
        => "engine::values::rows_of_one_statement_may_be_many",
    /// leaves a row as it is where it should be overwritten
    upserts_only_new_rows: writes::UpsertsOnlyNewRows
        => "state::values::a_value_is_replaced_and_null_is_a_value",
    /// overwrites the columns of a row that are not given
    upserts_whole_rows: writes::UpsertsWholeRows
        => "attackers::behavior::behaviour_is_stored_and_its_given_columns_replaced",
    /// fails on duplicates that are to be left out
    never_leaves_duplicates_out: writes::NeverLeavesDuplicatesOut
        => "users::tokens::a_token_is_revoked_by_the_first_one",
    /// leaves out duplicates that are to fail
    always_leaves_duplicates_out: writes::AlwaysLeavesDuplicatesOut
        => "units::atomicity::one_bad_row_keeps_its_batch_out",
    /// says that each statement affected one row
    counts_one_row_always: writes::CountsOneRowAlways
        => "users::accounts::a_user_is_deleted_once",
    /// reports a duplicate as `backend`
    says_backend_for_conflicts: writes::SaysBackendForConflicts
        => "users::accounts::duplicates_are_conflicts_that_name_the_column",
    /// reports a missing schema as `backend`
    says_backend_for_a_missing_schema: writes::SaysBackendForAMissingSchema
        => "lifecycle::bootstrap::without_schema_every_method_says_to_initialize",
    /// shows in its errors what it could not store
    shows_what_it_could_not_store: writes::ShowsWhatItCouldNotStore
        => "users::accounts::duplicates_are_conflicts_that_name_the_column",

    /// ignores rollback: leaves the steps before the one that failed
    ignores_rollback: units::IgnoresRollback
        => "units::atomicity::a_conflict_leaves_nothing",
    /// commits each step by itself
    commits_each_step: units::CommitsEachStep
        => "engine::steps::an_unmet_expectation_rolls_everything_back",
    /// stops halfway when its caller goes away
    stops_halfway_when_dropped: units::StopsHalfwayWhenDropped
        => "cancellation::dropped::a_dropped_write_happens_whole_or_not_at_all",
    /// ignores failed expectations
    ignores_expectations: units::IgnoresExpectations
        => "deployment::operations::of_two_ends_one_wins",
    /// runs a unit's queries before its writes
    runs_queries_before_the_unit: units::RunsQueriesBeforeTheUnit
        => "engine::steps::queries_in_a_unit_see_its_writes",
    /// does not roll back a failed transaction before the next one
    leaves_a_failed_transaction_open: units::LeavesAFailedTransactionOpen
        => "units::atomicity::a_conflict_leaves_nothing",
    /// answers before it has committed
    answers_before_the_commit: units::AnswersBeforeTheCommit
        => "logs::limits::a_taken_id_is_a_conflict",

    /// applies a unit twice when it retries
    replays_what_was_committed: together::ReplaysWhatWasCommitted
        => "concurrency::callers::writers_and_readers_go_on_together",
    /// lets one failed unit of a group fail its neighbours
    fails_the_whole_group: together::FailsTheWholeGroup
        => "units::isolation::a_unit_that_fails_takes_no_other_with_it",
    /// hands a caller the receipt of another one's unit
    mixes_up_receipts: together::MixesUpReceipts
        => "units::isolation::each_caller_learns_what_its_own_unit_did",
    /// ignores guards
    ignores_guards: together::IgnoresGuards
        => "concurrency::callers::identical_bounties_are_stored_once",
    /// shows readers half a unit
    shows_half_a_unit: together::ShowsHalfAUnit
        => "concurrency::callers::a_batch_is_seen_whole_or_not_at_all",
    /// loses the connection of a read that is dropped
    loses_connections_of_dropped_reads: together::LosesConnectionsOfDroppedReads
        => "cancellation::dropped::a_dropped_read_leaves_nothing_behind",

    /// creates the schema without a lock
    initializes_without_a_lock: lifecycle::InitializesWithoutALock
        => "lifecycle::bootstrap::many_openings_initialize_at_once",
    /// has a catalog that hides indexes
    hides_indexes: lifecycle::HidesIndexes
        => "concurrency::callers::concurrent_initializations_make_one_schema",
    /// creates tables without their references
    forgets_references: lifecycle::ForgetsReferences
        => "attackers::behavior::behaviour_is_stored_and_its_given_columns_replaced",
    /// creates unique indexes that are not unique
    forgets_unique_keys: lifecycle::ForgetsUniqueKeys
        => "users::accounts::duplicates_are_conflicts_that_name_the_column",
    /// answers a ping without asking the engine
    answers_pings_by_itself: lifecycle::AnswersPingsByItself
        => "lifecycle::bootstrap::a_closed_repository_is_unavailable",
    /// loses what was written last when it is closed
    loses_the_latest_on_closing: lifecycle::LosesTheLatestOnClosing
        => "lifecycle::bootstrap::what_was_written_is_there_when_opened_again",
    /// goes on after it was closed
    goes_on_after_closing: lifecycle::GoesOnAfterClosing
        => "lifecycle::bootstrap::a_closed_repository_is_unavailable",

    /// claims that its keys become visible in order
    claims_keys_in_order: counts::ClaimsKeysInOrder
        => "counts::figures::counts_follow_openings_that_write_in_turn",

    /// forgets earlier failures of a webhook
    forgets_earlier_failures: domains::ForgetsEarlierFailures
        => "webhooks::deliveries::each_failure_has_a_count_of_its_own",
    /// does not count a canary's hits
    does_not_count_hits: domains::DoesNotCountHits
        => "canary::hits::no_hit_is_lost",
    /// does not count attempts with a credential
    does_not_count_attempts: domains::DoesNotCountAttempts
        => "credentials::attempts::no_attempt_is_lost",
    /// keeps findings in a purge
    keeps_findings_in_a_purge: domains::KeepsFindingsInAPurge
        => "credentials::reuse::a_purge_takes_findings_too",
    /// takes any version of a topology
    takes_any_version: domains::TakesAnyVersion
        => "topology::races::a_version_has_one_winner",
    /// hands a change of a topology out twice
    hands_a_change_out_twice: domains::HandsAChangeOutTwice
        => "topology::races::a_change_has_one_claimer",
    /// hands out the newest change first
    hands_out_the_newest_change: domains::HandsOutTheNewestChange
        => "topology::queue::changes_are_claimed_in_order",
    /// prunes across groups
    prunes_across_groups: domains::PrunesAcrossGroups
        => "orchestrator::prunes::the_newest_of_each_group_stay",
    /// prunes the newest
    prunes_the_newest: domains::PrunesTheNewest
        => "orchestrator::prunes::the_newest_of_each_group_stay",
    /// takes the earliest observation for the latest
    takes_the_earliest_for_the_latest: domains::TakesTheEarliestForTheLatest
        => "observations::values::the_latest_is_the_greatest_time_then_id",
    /// counts tags of different techniques together
    counts_tags_together: domains::CountsTagsTogether
        => "ttp::rollups::rollups_are_in_order_with_their_figures",
    /// finds fresh answers of intelligence stale
    finds_fresh_answers_stale: domains::FindsFreshAnswersStale
        => "intel::answers::attackers_without_fresh_answers_are_listed",
    /// follows no merge of identities
    follows_no_merge: domains::FollowsNoMerge
        => "identities::merges::merges_are_followed_to_their_end",
    /// makes rings of merged identities
    makes_rings: domains::MakesRings
        => "identities::merges::rings_end_and_are_not_made",
}
