//! Every case by name, with the one sentence that it promises.

use crate::case::Case;

/// Makes one `#[test]` of each case, in modules as the cases are grouped: `units::atomicity::a_conflict_leaves_nothing`.
///
/// The one argument is an expression for the [`Harness`](crate::Harness); it is evaluated once per test program. It stands
/// alone in a file of the driver's crate, `tests/conformance.rs`.
///
/// ```no_run
/// use decnet_db_conformance::Files;
/// use decnet_db_core::config::DatabaseUrl;
/// # use decnet_db_core::driver::{Driver, OpenFuture};
/// # fn open(_: &decnet_db_core::config::Config) -> OpenFuture<'_> { unimplemented!() }
/// # const DRIVER: Driver = Driver::new("sqlite", &["sqlite"], open);
///
/// decnet_db_conformance::suite!(Files::new(DRIVER, |folder| DatabaseUrl::sqlite(folder.join("decnet.db"))));
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! suite {
    ($harness:expr) => {
        #[doc(hidden)]
        fn __conformance_harness() -> &'static $crate::for_macros::Shared {
            static HARNESS: $crate::for_macros::OnceLock<$crate::for_macros::Shared> =
                $crate::for_macros::OnceLock::new();
            HARNESS.get_or_init(|| $crate::for_macros::shared($harness))
        }

        const __CONFORMANCE_MODULE: &str = ::core::module_path!();

        /// What the cases start in a second process.
        #[test]
        fn in_a_second_process() {
            $crate::for_macros::second_process(__conformance_harness(), __CONFORMANCE_MODULE);
        }

        $crate::__catalogue! { __tests }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __tests {
    ($($group:ident {$($topic:ident {$($(#[doc = $line:literal])+ $case:ident,)+})+})+) => {
        $(mod $group {
            $(mod $topic {
                $($(#[doc = $line])+
                #[test]
                fn $case() {
                    $crate::for_macros::test(
                        super::super::__conformance_harness(),
                        super::super::__CONFORMANCE_MODULE,
                        ::core::concat!(
                            ::core::stringify!($group), "::", ::core::stringify!($topic), "::", ::core::stringify!($case)
                        ),
                    );
                })+
            })+
        })+
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __list {
    ($($group:ident {$($topic:ident {$($(#[doc = $line:literal])+ $case:ident,)+})+})+) => {
        &[$($($($crate::case::Case {
            name: concat!(stringify!($group), "::", stringify!($topic), "::", stringify!($case)),
            documentation: concat!($($line, "\n"),+),
            body: |database| Box::pin($crate::cases::$group::$topic::$case(database)),
        },)+)+)+]
    };
}

/// The list: group, topic, promise, name. A case that is missing here is dead code, which the lints refuse.
#[doc(hidden)]
#[macro_export]
macro_rules! __catalogue {
    ($callback:ident) => {
        $crate::$callback! {
            golden {
                replay {
                    /// Each read returns on the original's rows what the original returned, or what a ruling says.
                    each_read_answers_as_the_original_did,
                    /// Each write changes the original's rows as the original changed them, or as a ruling says.
                    each_write_changes_what_the_original_changed,
                }
            }
            lifecycle {
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
            logs {
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
            users {
                accounts {
                    /// A user is found by uuid and by name, with all that was given.
                    a_user_is_found_by_uuid_and_by_name,
                    /// A duplicate is a conflict that names the column and shows no value.
                    duplicates_are_conflicts_that_name_the_column,
                    /// An update changes one user's one thing; one of nobody changes nothing.
                    updates_change_one_user_and_one_thing,
                    /// A user is deleted once, by the uuid alone.
                    a_user_is_deleted_once,
                    /// Users are listed in the order of their uuids, byte by byte.
                    users_are_listed_by_their_key,
                }
                tokens {
                    /// A token is revoked by the first one, and told apart exactly.
                    a_token_is_revoked_by_the_first_one,
                    /// Expired tokens are swept by the next revocation.
                    expired_tokens_are_swept_by_the_next_revocation,
                }
            }
            bounties {
                loot {
                    /// The same payload of the same kind from the same attacker is stored once, compared exactly.
                    what_differs_in_nothing_that_counts_is_stored_once,
                    /// Bounties come newest first, and ties by descending id.
                    bounties_are_newest_first_with_ties_by_id,
                    /// Bounties are grouped by attacker, for all and for those that are asked for.
                    bounties_are_grouped_by_their_attackers,
                    /// A payload that is JSON keeps its spelling.
                    a_payload_of_json_keeps_its_spelling,
                }
            }
            state {
                values {
                    /// A value replaces the one before, and null is a value.
                    a_value_is_replaced_and_null_is_a_value,
                    /// Keys are told apart by case, accents and blanks.
                    keys_are_told_apart_exactly,
                }
            }
            units {
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
            engine {
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
            concurrency {
                callers {
                    /// 64 writers lose and double nothing, and what readers see meanwhile only grows.
                    writers_and_readers_go_on_together,
                    /// Two openings write at the same time, each in its own order.
                    two_openings_write_at_the_same_time,
                    /// The same bounty from 64 callers is one row.
                    identical_bounties_are_stored_once,
                    /// 64 first writes of one key of `state` all succeed.
                    first_writes_of_a_state_key_all_succeed,
                    /// A token is revoked once, by the first one, and expired ones are swept.
                    a_token_is_revoked_once_and_by_the_first,
                    /// Another opening sees a batch of rows whole or not at all.
                    a_batch_is_seen_whole_or_not_at_all,
                    /// Initializing what is initialized creates nothing, however many do it at once.
                    concurrent_initializations_make_one_schema,
                }
                processes {
                    /// A second process writes at the same time: nothing is lost.
                    a_second_process_writes_at_the_same_time,
                    /// A process that is killed leaves whole units and nothing locked.
                    a_killed_process_leaves_whole_units,
                }
            }
            cancellation {
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
            search {
                language {
                    /// Random searches over random rows find what a plain filter in memory finds.
                    random_searches_agree_with_the_model,
                    /// Pages by offset and by id, put together, are the whole list in its order.
                    each_page_has_the_next_rows,
                    /// Both time bounds are inclusive instants, to the microsecond.
                    time_bounds_are_inclusive_instants,
                    /// Searches take `%`, `_` and `\` as they are, fold the case of ASCII letters only, and columns compare exactly.
                    search_is_literal_and_folds_ascii_case_only,
                    /// A member of `fields` matches by its text or its spelling, never by another type's value.
                    a_member_is_matched_by_its_spelling,
                    /// Members of all kinds of fields are told apart as ruling R5 says.
                    members_of_every_kind_of_fields_are_told_apart,
                    /// A needle of any length is found wherever it sits.
                    a_needle_may_be_long_and_sit_anywhere,
                    /// Fields that are no JSON object match nothing and fail no search.
                    fields_that_are_no_json_object_match_nothing,
                    /// Bounties are searched literally in every column that is searched.
                    bounties_are_searched_literally,
                }
            }
            capabilities {
                nul_in_text {
                    /// Rows and keys hold NUL; without the capability it is refused by the column's name, and nothing is stored.
                    rows_and_keys_hold_it,
                    /// Searches and look-ups find NUL; without the capability they find nothing or refuse it.
                    searches_find_it,
                }
                deep_json {
                    /// A member beside JSON of 500 levels is found; without the capability it is not, and nothing fails.
                    a_member_beside_it_is_found,
                }
            }
            copying {
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
                resets {
                    /// Truncating deletes all rows, keeps the schema, and the assigned keys begin at 1 again.
                    truncating_deletes_all_rows_and_assigns_keys_from_one,
                    /// Dropping removes tables and stamp, and the schema can be created again.
                    dropping_takes_the_stamp_too_and_the_schema_can_be_created_again,
                }
            }
            large {
                results {
                    /// 50,000 events come out as a whole, by pages and by ids, each once and in order.
                    fifty_thousand_events_come_out_whole,
                }
            }
            hostile {
                text {
                    /// Any text comes back as it was from every column, and names what it named.
                    any_text_comes_back_as_it_was,
                    /// A line of 8 MiB is stored and found; one of 16 MiB too, or it is refused by its name.
                    a_line_of_many_mebibytes,
                    /// SQL in a name is only a name.
                    sql_in_names_is_only_a_name,
                    /// Users are told apart by case, accents, trailing blanks and Unicode's forms.
                    users_are_told_apart_exactly,
                    /// A key of 255 characters is stored; a longer one is refused by the argument's name and never cut.
                    over_long_keys_are_refused_and_never_cut,
                    /// A look-up of a key that is longer than any stored one finds nothing, however many are looked up at once.
                    a_read_with_an_over_long_key_finds_nothing,
                }
                numbers {
                    /// Times from year 1 to 9999 are accepted in all forms of ruling R1 and in no other.
                    times_at_both_ends_and_in_all_forms,
                    /// Ids, limits, offsets and intervals work up to both ends of 64 bits.
                    integers_at_the_limits,
                    /// The histogram's buckets round down over all years, before 1970 too.
                    the_histogram_reaches_over_all_years,
                }
                arguments {
                    /// An argument of the wrong kind is `invalid_input` that names it, and nothing is written.
                    arguments_of_the_wrong_kind_are_refused_by_name,
                    /// A null for an optional argument means that it is absent.
                    null_means_absent,
                    /// What a read returns is accepted back by the matching write.
                    what_a_read_returns_is_accepted_back,
                }
                json {
                    /// `state` holds any JSON value.
                    state_holds_any_json,
                    /// JSON beyond 128 levels or 64 bits is refused where it is looked into.
                    json_beyond_the_limits_is_refused,
                    /// Half a surrogate pair is refused.
                    half_a_surrogate_pair_is_refused,
                }
            }
            attackers {
                upserts {
                    /// 64 upserts of a new address make one row and return its uuid.
                    many_upserts_of_a_new_address_make_one_row,
                    /// A new attacker takes the defaults and a fresh uuid.
                    a_new_row_takes_defaults_and_a_fresh_uuid,
                    /// An upsert keeps the columns that it is not given, and `updated_at` moves.
                    a_row_that_is_there_keeps_what_is_not_given_and_its_update_time_moves,
                    /// What an attacker's columns can't hold is refused by name, and nothing is written.
                    what_cannot_be_stored_is_refused_and_nothing_is_written,
                    /// A given uuid replaces the stored one unless rows refer to it.
                    a_given_uuid_rewrites_the_key_unless_rows_refer_to_it,
                    /// Of duplicates that DECNET left behind the first one counts.
                    of_duplicates_that_were_left_the_first_counts,
                    /// What the export returned is accepted back and changes nothing.
                    what_a_read_returned_is_accepted_back,
                    /// A unit stores an attacker and what hangs on it, or nothing.
                    a_unit_stores_attackers_and_what_hangs_on_them_or_nothing,
                    /// The filters of attackers are literal, and a service matches as a whole.
                    filters_are_literal_and_services_whole,
                }
                pages {
                    /// The pages of each list, put together, are the list.
                    pages_put_together_are_the_list,
                    /// Rows that arrive don't move a page.
                    rows_that_arrive_do_not_move_a_page,
                    /// A cursor of another list is refused.
                    a_foreign_cursor_is_refused,
                }
                activity {
                    /// A session is found by the value of its `sid`, and the newest one counts.
                    a_session_is_found_by_the_value_of_its_sid,
                    /// An attacker's artifacts are the latest two hundred.
                    events_of_one_kind_are_the_latest_two_hundred,
                    /// Stored commands that are no list of objects fail nothing.
                    commands_that_are_no_list_of_objects_do_not_fail,
                    /// A leak whose payload is no JSON is shown empty.
                    a_leak_that_is_no_json_is_shown_empty,
                }
                behavior {
                    /// Behaviour is stored, and an upsert replaces the columns that it is given.
                    behaviour_is_stored_and_its_given_columns_replaced,
                    /// Behaviour that was read is accepted back.
                    behaviour_that_was_read_is_accepted_back,
                    /// 64 mails to one domain are counted as 64.
                    no_try_to_send_mail_is_lost,
                }
                fingerprints {
                    /// A fingerprint is a first sighting, unchanged or rotated, by what was seen before.
                    outcomes_follow_what_was_seen_before,
                    /// The fingerprints that the original stored go on.
                    the_state_that_the_original_left_goes_on,
                    /// Of 64 rotations at once each counts once and replaces another hash.
                    every_rotation_counts_once_and_replaces_another_hash,
                }
                ipv6_leaks {
                    /// Each leak counts, and each link-local address is noted once.
                    leaks_count_and_addresses_are_noted_once,
                    /// Of leaks that come at once no count and no address is lost.
                    no_leak_and_no_address_is_lost,
                }
            }
            counts {
                figures {
                    /// Totals, sources and histograms follow the writes of every opening.
                    counts_follow_every_writer,
                    /// They follow two openings that write in turn.
                    counts_follow_openings_that_write_in_turn,
                    /// They follow rows that something else than the contract deletes, in the middle too.
                    counts_follow_deletions_past_the_contract,
                    /// They follow a purge by another opening, and ids that begin again after it.
                    counts_follow_a_purge_and_what_comes_after_it,
                    /// They follow events whose ids lie below those that were counted already.
                    counts_follow_ids_that_were_left_out_before,
                    /// They follow events whose ids come late, so far behind the newest that they seemed lost.
                    counts_follow_ids_in_gaps_far_behind,
                    /// The first and the last year have minutes too.
                    times_at_the_ends_of_the_calendar_have_their_minutes,
                }
                pages {
                    /// A page deep in the list is the one that counting up to it gives.
                    deep_pages_are_where_they_belong,
                    /// It follows events that arrive, and is whole and in order while they do.
                    deep_pages_follow_events_that_come_meanwhile,
                }
            }
            deployment {
                hosts {
                    /// A worker host takes the original's defaults.
                    a_host_has_the_defaults_of_the_original,
                    /// A host's uuid and name are unique, and its columns are checked.
                    hosts_are_unique_and_checked,
                    /// Of several hosts with one fingerprint the first by key is found.
                    the_first_host_has_the_fingerprint,
                    /// What `list_swarm_hosts` shows is accepted back.
                    what_list_swarm_hosts_shows_is_accepted_back,
                    /// A host is deleted together with its shards.
                    a_host_is_deleted_with_its_shards,
                    /// A host that a topology targets can't be deleted.
                    a_host_that_a_topology_targets_stays,
                    /// A shard shows what its stored configuration says.
                    shards_show_what_their_configuration_says,
                    /// What `list_decky_shards` shows is accepted back.
                    what_list_decky_shards_shows_is_accepted_back,
                    /// A shard's upsert changes only the columns that it is given.
                    a_shard_is_updated_column_by_column,
                    /// A new shard needs a host that exists.
                    a_new_shard_needs_a_host_that_exists,
                    /// 64 first upserts of a shard make one row.
                    shards_that_come_at_the_same_time_are_one,
                    /// Partial updates of one shard at the same time all arrive.
                    partial_updates_at_the_same_time_all_arrive,
                    /// `running` without an error ends the error of a shard.
                    running_ends_the_error_of_a_shard,
                }
                deckies {
                    /// A decky takes the original's defaults.
                    a_decky_has_the_defaults_of_the_original,
                    /// What `list_fleet_deckies` shows is accepted back.
                    what_list_fleet_deckies_shows_is_accepted_back,
                    /// Of several deckies with one name the first host's is found.
                    the_first_host_has_the_name,
                    /// `running` without an error ends the error of a decky.
                    running_ends_the_error_of_a_decky,
                    /// 64 first upserts of a decky make one row.
                    deckies_that_come_at_the_same_time_are_one,
                    /// Deckies with an empty configuration are left out of `get_deckies`.
                    empty_configurations_are_left_out,
                    /// The services of what runs are lists or text, as they are stored.
                    services_of_what_runs_are_lists_or_text,
                    /// The statistics count deckies from the database alone.
                    deckies_are_counted,
                }
                operations {
                    /// An operation takes the original's defaults.
                    an_operation_has_the_defaults_of_the_original,
                    /// What `get_lifecycle_by_ids` shows is accepted back.
                    what_get_lifecycle_by_ids_shows_is_accepted_back,
                    /// The end of an operation is final.
                    an_end_is_final,
                    /// An operation that the original let go on after its end gets a new end.
                    an_end_of_the_past_is_replaced,
                    /// Of two different ends that come at once one wins, and the other is a conflict.
                    of_two_ends_one_wins,
                    /// The newest open operation is found.
                    the_newest_open_operation_is_found,
                    /// Operations that are older than the limit fail, with the reason.
                    stale_operations_fail,
                    /// Any number of ids is looked up at once.
                    any_number_of_ids_is_looked_up,
                }
            }
        }
    };
}

/// All cases.
pub(crate) const CASES: &[Case] = __catalogue!(__list);
