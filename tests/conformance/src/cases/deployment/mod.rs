//! Swarm hosts, shards, the fleet and deployments (contract document 60).

pub(crate) mod deckies;
pub(crate) mod golden;
pub(crate) mod hosts;
pub(crate) mod operations;
pub(crate) mod samples;

crate::catalogue::cases! { deployment:
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

use decnet_db_core::ErrorKind;
use decnet_db_core::call::call;
use decnet_db_core::contract::Repository;
use decnet_db_core::json::Json;
use serde_json::Value;

/// Calls a method that must fail, and returns kind and message.
async fn refused(
    repository: &dyn Repository,
    method: &str,
    arguments: impl Into<Json>,
) -> (ErrorKind, String) {
    let error = call(repository, method, arguments).await.expect_err(method);
    assert!(!error.to_string().contains('\n'), "{error}");
    (error.kind(), error.to_string())
}

/// A worker host's columns, without those that have a default.
fn host(uuid: &str, name: &str) -> Value {
    serde_json::json!({
        "uuid": uuid, "name": name, "address": "10.0.0.1", "client_cert_fingerprint": "ab", "cert_bundle_path": "/c",
    })
}
