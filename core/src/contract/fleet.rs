//! The master's own deckies (contract document 60).

use decnet_db_macros::Record;
use serde::{Deserialize, Serialize};

use super::Transactional;
use crate::error::Result;
use crate::json::JsonOrText;
use crate::sql::Changeset;
use crate::time::Timestamp;

/// The master's own deckies, and what runs anywhere.
///
/// ```
/// # async fn example(repository: &dyn decnet_db_core::contract::Repository) -> decnet_db_core::Result<()> {
/// use decnet_db_core::contract::FleetDecky;
/// use decnet_db_core::sql::Changeset;
///
/// repository.upsert_fleet_decky(Changeset::new().set(FleetDecky::NAME, "decky-01")).await?;
/// repository.update_fleet_decky_state("local", "decky-01", "running", None).await?;
/// assert!(repository.list_running_deckies().await?.iter().any(|decky| decky.name == "decky-01"));
/// # Ok(())
/// # }
/// ```
#[crate::contract]
pub trait Fleet: Transactional {
    /// Inserts a decky, or sets the given columns of the one with its `host_uuid` and `name`.
    ///
    /// An absent or null `host_uuid` is `local`; null means absent for the other columns that can't be null, too.
    /// `updated_at` becomes now, whatever is given. State `running` without a `last_error` clears it, a given one stays
    /// (rulings R14, 60.4, and R16). Exact under concurrency (ruling R7).
    ///
    /// # Errors
    /// `InvalidInput` without `name`, and for an unknown member or one that its column can't hold.
    #[write]
    async fn upsert_fleet_decky(&self, data: Changeset<FleetDecky>) -> Result<()>;

    /// Deletes a decky, if it is there.
    #[write]
    async fn delete_fleet_decky(&self, host_uuid: &str, name: &str) -> Result<()>;

    /// The decky of that name on any host, or null.
    ///
    /// The same name on several hosts is that of the first by `host_uuid` (ruling R7).
    async fn get_fleet_decky_by_name(&self, name: &str) -> Result<Option<FleetDecky>>;

    /// The deckies, or those of one host, by name, those of one name by host. An empty host means all.
    async fn list_fleet_deckies(&self, host_uuid: Option<&str>) -> Result<Vec<FleetDecky>>;

    /// The deckies in state `running`, by host and name.
    async fn list_running_fleet_deckies(&self) -> Result<Vec<FleetDecky>>;

    /// Sets a decky's state, and `updated_at` and `last_seen` to now; a decky that is not there changes nothing.
    ///
    /// `last_error` is set when it is given; otherwise state `running` clears it and any other state keeps it (ruling R14,
    /// 60.4).
    ///
    /// # Errors
    /// `InvalidInput` for a state of more than 255 characters.
    #[write]
    async fn update_fleet_decky_state(
        &self,
        host_uuid: &str,
        name: &str,
        state: &str,
        last_error: Option<&str>,
    ) -> Result<()>;

    /// The configurations of all deckies, by name; one that is not JSON comes as text.
    ///
    /// Deckies without a configuration are left out, and so are empty ones: `null`, `{}`, `[]`, `0`, `false`, `""`
    /// (rulings R14 and R16).
    async fn get_deckies(&self) -> Result<Vec<JsonOrText>>;

    /// Everything in state `running`: the deckies of topologies by uuid, then the fleet's by host and name, then the swarm's
    /// shards by name.
    ///
    /// One statement reads all three, so they are of one moment.
    async fn list_running_deckies(&self) -> Result<Vec<RunningDecky>>;
}

/// A decky of a fleet; the table `fleet_deckies`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Record)]
#[record(table = "fleet_deckies")]
#[non_exhaustive]
pub struct FleetDecky {
    /// The host that runs it: `local` for the master's own fleet.
    #[column(key, index, default = "local")]
    pub host_uuid: String,
    /// The decky's name, unique on its host.
    #[column(key)]
    pub name: String,
    /// The services that it offers: a JSON list of text.
    #[column(default = "[]", compact = list)]
    pub services: JsonOrText,
    /// Its configuration: a JSON object.
    #[column(compact = map)]
    pub decky_config: Option<JsonOrText>,
    /// Its address.
    pub decky_ip: Option<String>,
    /// `pending`, `running`, `failed`, `torn_down`, `degraded`, `tearing_down` or `teardown_failed`.
    #[column(index, default = "pending")]
    pub state: String,
    /// Why it failed last; null while it runs.
    #[column(long)]
    pub last_error: Option<String>,
    /// Hash of the compose file that it was started from.
    pub compose_hash: Option<String>,
    /// When its state was last reported.
    pub last_seen: Option<Timestamp>,
    /// When the row was last written.
    #[column(default = now)]
    pub updated_at: Timestamp,
}

/// A decky that runs, wherever it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunningDecky {
    /// A topology decky's uuid; otherwise its host and its name, with a colon between them.
    pub uuid: String,
    /// Its name.
    pub name: String,
    /// Its address. For a shard that of the row alone, not that of its configuration.
    pub ip: Option<String>,
    /// A JSON list; text that is not JSON is passed on, and anything else is an empty list.
    pub services: JsonOrText,
    /// The topology that it is part of; not in the JSON of the other two sources.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topology_id: Option<String>,
    /// Where it is kept.
    pub source: DeckySource,
}

/// The table that a running decky is in, named as in contract document 60.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DeckySource {
    /// `topology_deckies`
    Topology,
    /// `fleet_deckies`
    Fleet,
    /// `decky_shards`
    Shard,
}
