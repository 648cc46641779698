//! Worker hosts of a swarm and the deckies that run on them (contract document 60).

use std::collections::BTreeMap;

use decnet_db_macros::Record;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Transactional;
use crate::error::Result;
use crate::json::{Json, JsonOrText};
use crate::sql::{Changeset, Record};
use crate::time::Timestamp;

/// Worker hosts of a swarm and the deckies that run on them.
///
/// ```
/// # async fn example(repository: &dyn decnet_db_core::contract::Repository) -> decnet_db_core::Result<()> {
/// use decnet_db_core::contract::DeckyShard;
/// use decnet_db_core::sql::Changeset;
///
/// if let Some(host) = repository.get_swarm_host_by_name("worker-1").await? {
///     let shard = Changeset::new().set(DeckyShard::DECKY_NAME, "decky-01").set(DeckyShard::HOST_UUID, host.uuid);
///     repository.upsert_decky_shard(shard).await?;
/// }
/// # Ok(())
/// # }
/// ```
#[crate::contract]
pub trait Swarm: Transactional {
    /// Enrols a worker host; columns that are absent or null take their defaults.
    ///
    /// # Errors
    /// `Conflict` when the uuid or the name is taken; `InvalidInput` for a missing or unknown member or one that its column
    /// can't hold.
    #[write]
    async fn add_swarm_host(&self, data: Changeset<SwarmHost>) -> Result<()>;

    /// The worker host of that name, or null.
    async fn get_swarm_host_by_name(&self, name: &str) -> Result<Option<SwarmHost>>;

    /// The worker host with that uuid, or null.
    async fn get_swarm_host_by_uuid(&self, uuid: &str) -> Result<Option<SwarmHost>>;

    /// The worker host whose client certificate has that fingerprint, or null.
    ///
    /// Fingerprints are not unique: of several hosts the first by uuid is returned (ruling R7).
    async fn get_swarm_host_by_fingerprint(&self, fingerprint: &str) -> Result<Option<SwarmHost>>;

    /// The worker hosts, or those with a status, by name. An empty status means all.
    async fn list_swarm_hosts(&self, status: Option<&str>) -> Result<Vec<SwarmHost>>;

    /// Sets the given columns of a worker host; an unknown uuid changes nothing.
    ///
    /// # Errors
    /// `InvalidInput` for an unknown column or a value that its column can't hold, whether the host exists or not;
    /// `Conflict` when the new name or uuid is taken, or a uuid that others refer to would change.
    #[write]
    async fn update_swarm_host(&self, uuid: &str, fields: Changeset<SwarmHost>) -> Result<()>;

    /// Deletes a worker host with its shards and says whether there was one.
    ///
    /// An unknown host changes nothing: shards that refer to it stay (ruling R14, 60.1).
    ///
    /// # Errors
    /// `Conflict` when a topology targets the host; then nothing is deleted (ruling R14, 60.2).
    #[write(conflict = "a topology targets the host: retarget or delete it first")]
    async fn delete_swarm_host(&self, uuid: &str) -> Result<bool>;

    /// Inserts a shard, or sets the given columns of the one with its `decky_name`.
    ///
    /// The decky's name alone is the key, so another `host_uuid` moves the decky. `updated_at` becomes now, whatever is
    /// given. State `running` without a `last_error` clears it, a given one stays (ruling R16). What
    /// [`list_decky_shards`](Self::list_decky_shards) returns is accepted; its members that are no columns are ignored.
    /// Null means absent for columns that can't be null. Exact under concurrency (ruling R7).
    ///
    /// # Errors
    /// `InvalidInput` without `decky_name`, for a new shard without `host_uuid`, and for an unknown member or one that its
    /// column can't hold; `Conflict` for a host that does not exist.
    #[write(conflict = "host_uuid: no swarm host has this uuid")]
    async fn upsert_decky_shard(&self, data: Changeset<DeckyShard>) -> Result<()>;

    /// The shards, or those of one host, by decky name, with what their configurations say. An empty host means all.
    async fn list_decky_shards(&self, host_uuid: Option<&str>) -> Result<Vec<ListedShard>>;

    /// Deletes the shards of a host and says how many there were.
    #[write]
    async fn delete_decky_shards_for_host(&self, host_uuid: &str) -> Result<u64>;

    /// Deletes a shard and says whether there was one.
    #[write]
    async fn delete_decky_shard(&self, decky_name: &str) -> Result<bool>;
}

/// A worker host that the master has enrolled; the table `swarm_hosts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Record)]
#[record(table = "swarm_hosts")]
#[non_exhaustive]
pub struct SwarmHost {
    /// The host's key: a uuid.
    #[column(key)]
    pub uuid: String,
    /// The host's name, unique.
    #[column(unique)]
    pub name: String,
    /// The name or address at which the master reaches it.
    pub address: String,
    /// The TCP port of its agent; 8765 by default.
    #[column(int32, default = 8765)]
    pub agent_port: i64,
    /// `enrolled`, `active` or `unreachable`.
    #[column(index, default = "enrolled")]
    pub status: String,
    /// When the host last reported; null when it never did.
    pub last_heartbeat: Option<Timestamp>,
    /// SHA-256 of its client certificate: 64 lower-case hex digits. Not unique.
    pub client_cert_fingerprint: String,
    /// SHA-256 of its updater's certificate; null when it has none.
    pub updater_cert_fingerprint: Option<String>,
    /// Where the master keeps the host's certificates.
    pub cert_bundle_path: String,
    /// When it was enrolled.
    #[column(default = now)]
    pub enrolled_at: Timestamp,
    /// The operator's notes.
    #[column(long)]
    pub notes: Option<String>,
    /// Whether its deckies are attached with ipvlan.
    #[column(default = false)]
    pub use_ipvlan: bool,
}

/// A decky on a worker host; the table `decky_shards`.
///
/// The decky's name alone is the key, so writing it with another host moves the decky.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Record)]
#[record(
    table = "decky_shards",
    derived(hostname, distro, archetype, service_config, mutate_interval, last_mutated)
)]
#[non_exhaustive]
pub struct DeckyShard {
    /// The decky's name.
    #[column(key)]
    pub decky_name: String,
    /// The host that runs it.
    #[column(index, references(SwarmHost::UUID))]
    pub host_uuid: String,
    /// The services that it offers: a JSON list of text; shown as an empty list where it is not JSON.
    #[column(default = "[]", compact = list)]
    #[serde(serialize_with = "list_or_empty", deserialize_with = "as_spelled")]
    pub services: JsonOrText,
    /// Its configuration: the text of a JSON object, shown as text; a map is accepted too (ruling R14, 60.8).
    #[column(long, compact = map)]
    pub decky_config: Option<String>,
    /// Its address; null when only the configuration says it.
    pub decky_ip: Option<String>,
    /// `pending`, `running`, `failed`, `torn_down`, `degraded`, `tearing_down` or `teardown_failed`.
    #[column(index, default = "pending")]
    pub state: String,
    /// Why it failed last; null while it runs.
    #[column(long)]
    pub last_error: Option<String>,
    /// Hash of the compose file that it was started from.
    pub compose_hash: Option<String>,
    /// When it was last seen to run.
    pub last_seen: Option<Timestamp>,
    /// When the row was last written.
    #[column(default = now)]
    pub updated_at: Timestamp,
}

/// A shard as [`Swarm::list_decky_shards`] shows it: with what its configuration says about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ListedShard {
    /// The shard; its `decky_ip` is the configuration's `ip` where the column has none.
    #[serde(flatten)]
    pub shard: DeckyShard,
    /// Those of `hostname`, `distro`, `archetype`, `service_config`, `mutate_interval` and `last_mutated` that the
    /// configuration has; none when it is not a JSON object. In JSON they stand beside the columns.
    #[serde(flatten)]
    pub configured: BTreeMap<&'static str, Json>,
}

impl From<DeckyShard> for ListedShard {
    fn from(mut shard: DeckyShard) -> Self {
        let config = shard.decky_config.as_deref().unwrap_or_default();
        let mut members: BTreeMap<String, Json> = serde_json::from_str(config).unwrap_or_default();
        if shard.decky_ip.as_deref().is_none_or(str::is_empty)
            && let Some(ip) = members.get("ip").and_then(|ip| ip.decode::<String>().ok())
        {
            shard.decky_ip = Some(ip);
        }
        Self { shard, configured: configured(&mut members) }
    }
}

impl<'de> Deserialize<'de> for ListedShard {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Json::deserialize(deserializer)?;
        let shard = json.decode().map_err(D::Error::custom)?;
        let mut members: BTreeMap<String, Json> = json.decode().map_err(D::Error::custom)?;
        Ok(Self { shard, configured: configured(&mut members) })
    }
}

/// The members that stand beside a shard's columns, taken out of the others.
fn configured(members: &mut BTreeMap<String, Json>) -> BTreeMap<&'static str, Json> {
    DeckyShard::DERIVED.iter().filter_map(|name| Some((*name, members.remove(*name)?))).collect()
}

/// Shows JSON text as its value, and text that is not JSON as an empty list (contract document 60).
fn list_or_empty<S: Serializer>(text: &JsonOrText, serializer: S) -> Result<S::Ok, S::Error> {
    match text.json() {
        Some(json) => json.serialize(serializer),
        None => [(); 0].serialize(serializer),
    }
}

/// Takes back what [`list_or_empty`] shows, which always is a value: a string with its quotes.
fn as_spelled<'de, D: Deserializer<'de>>(deserializer: D) -> Result<JsonOrText, D::Error> {
    Ok(Json::deserialize(deserializer)?.as_str().into())
}
