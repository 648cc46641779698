//! Topologies: networks of deckies, their history and their queue of changes (contract document 70).

use decnet_db_macros::Record;
use serde::{Deserialize, Serialize};

use crate::json::JsonOrText;
use crate::time::Timestamp;

/// A designed network of deckies; the table `topologies`.
///
/// It serialises without `config_snapshot`, as every method of DECNET shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Record)]
#[record(table = "topologies")]
#[non_exhaustive]
pub struct Topology {
    /// The topology's key: a uuid.
    #[column(key, default = uuid)]
    pub id: String,
    /// Its name, unique.
    #[column(unique)]
    pub name: String,
    /// `unihost` or `agent`.
    #[column(len = 16, default = "unihost")]
    pub mode: String,
    /// The swarm host that runs it; null on the master.
    #[column(index, references(SwarmHost::UUID))]
    pub target_host_uuid: Option<String>,
    /// The configuration that it was made from: JSON text. No method shows it, so it is empty in a record that was read from JSON.
    #[column(long, default = "{}", compact = map)]
    #[serde(default, skip_serializing)]
    pub config_snapshot: String,
    /// `pending`, `deploying`, `active`, `degraded`, `failed`, `tearing_down` or `torn_down`.
    #[column(index, len = 32, default = "pending")]
    pub status: String,
    /// When it took that status.
    #[column(default = now)]
    pub status_changed_at: Timestamp,
    /// When it was made.
    #[column(index, default = now)]
    pub created_at: Timestamp,
    /// Counts the changes of its design, from 1; a writer that names an older one is refused.
    #[column(default = 1)]
    pub version: i64,
    /// Whether its host has to be told about changes.
    #[column(default = false)]
    pub needs_resync: bool,
    /// The people who write its mail: the text of a JSON list, shown as text.
    #[column(long, default = "[]")]
    pub email_personas: String,
    /// Language code for generated content, such as `en`.
    #[column(len = 8, default = "en")]
    pub language_default: String,
}

/// A network segment of a topology; the table `lans`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(table = "lans", unique(uq_lan_topology_name(topology_id, name)))]
#[non_exhaustive]
pub struct Lan {
    /// The segment's key: a uuid.
    #[column(key, default = uuid)]
    pub id: String,
    /// The topology that it is part of.
    #[column(index, references(Topology::ID))]
    pub topology_id: String,
    /// Its name, unique within the topology.
    pub name: String,
    /// The Docker network that realises it; null while it is not deployed.
    pub docker_network_id: Option<String>,
    /// Its addresses, as a prefix such as `10.0.1.0/24`.
    pub subnet: String,
    /// Whether it is the part that faces attackers.
    #[column(default = false)]
    pub is_dmz: bool,
    /// Where the editor draws it, horizontally; null when it was not placed.
    pub x: Option<f64>,
    /// Where the editor draws it, vertically; null when it was not placed.
    pub y: Option<f64>,
}

/// A decky of a topology; the table `topology_deckies`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(table = "topology_deckies", unique(uq_topology_decky_name(topology_id, name)))]
#[non_exhaustive]
pub struct TopologyDecky {
    /// The decky's key: a uuid.
    #[column(key, default = uuid)]
    pub uuid: String,
    /// The topology that it is part of.
    #[column(index, references(Topology::ID))]
    pub topology_id: String,
    /// Its name, unique within the topology.
    pub name: String,
    /// The services that it offers: a JSON list of text.
    #[column(default = "[]", compact = list)]
    pub services: JsonOrText,
    /// Its configuration: a JSON object; null when it has none.
    #[column(compact = map)]
    pub decky_config: Option<JsonOrText>,
    /// Its first address.
    pub ip: Option<String>,
    /// `pending`, `running`, `failed`, `torn_down`, `degraded`, `tearing_down` or `teardown_failed`.
    #[column(index, len = 32, default = "pending")]
    pub state: String,
    /// Why it failed last.
    #[column(long)]
    pub last_error: Option<String>,
    /// Hash of the compose file that it was started from.
    pub compose_hash: Option<String>,
    /// When it was last seen to run.
    pub last_seen: Option<Timestamp>,
    /// When the row was last written.
    #[column(default = now)]
    pub updated_at: Timestamp,
    /// Where the editor draws it, horizontally; null when it was not placed.
    pub x: Option<f64>,
    /// Where the editor draws it, vertically; null when it was not placed.
    pub y: Option<f64>,
}

/// A decky as [`list_topology_deckies`](super::Topologies::list_topology_deckies) shows it: without what its deployment left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DesignedDecky {
    /// The decky's key: a uuid.
    pub uuid: String,
    /// The topology that it is part of.
    pub topology_id: String,
    /// Its name, unique within the topology.
    pub name: String,
    /// The services that it offers: a JSON list of text; text that is not JSON is shown as text (ruling R18).
    pub services: JsonOrText,
    /// Its configuration: a JSON object; null when it has none. Text that is not JSON is shown as text (ruling R18).
    pub decky_config: Option<JsonOrText>,
    /// Its first address.
    pub ip: Option<String>,
    /// The state that it is in.
    pub state: String,
    /// Why it failed last.
    pub last_error: Option<String>,
    /// Where the editor draws it, horizontally; null when it was not placed.
    pub x: Option<f64>,
    /// Where the editor draws it, vertically; null when it was not placed.
    pub y: Option<f64>,
}

impl From<TopologyDecky> for DesignedDecky {
    fn from(decky: TopologyDecky) -> Self {
        let TopologyDecky {
            uuid,
            topology_id,
            name,
            services,
            decky_config,
            ip,
            state,
            last_error,
            x,
            y,
            ..
        } = decky;
        Self { uuid, topology_id, name, services, decky_config, ip, state, last_error, x, y }
    }
}

/// A decky's leg in a network segment; the table `topology_edges`.
///
/// Nothing keeps the same decky and segment from being joined twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Record)]
#[record(table = "topology_edges")]
#[non_exhaustive]
pub struct TopologyEdge {
    /// The edge's key: a uuid.
    #[column(key, default = uuid)]
    pub id: String,
    /// The topology that it is part of.
    #[column(index, references(Topology::ID))]
    pub topology_id: String,
    /// The decky.
    #[column(index, references(TopologyDecky::UUID))]
    pub decky_uuid: String,
    /// The segment.
    #[column(index, references(Lan::ID))]
    pub lan_id: String,
    /// Whether the decky joins this segment to another.
    #[column(default = false)]
    pub is_bridge: bool,
    /// Whether the decky routes packets between its segments.
    #[column(default = false)]
    pub forwards_l3: bool,
}

/// A change of a topology's status; the table `topology_status_events`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Record)]
#[record(table = "topology_status_events")]
#[non_exhaustive]
pub struct TopologyStatusEvent {
    /// The event's key: a uuid.
    #[column(key, default = uuid)]
    pub id: String,
    /// The topology.
    #[column(index, references(Topology::ID))]
    pub topology_id: String,
    /// The status before.
    pub from_status: String,
    /// The status after.
    pub to_status: String,
    /// When it changed.
    #[column(index, default = now)]
    pub at: Timestamp,
    /// Why, where somebody said so.
    #[column(long)]
    pub reason: Option<String>,
}

/// A change that a running topology waits for; the table `topology_mutations`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Record)]
#[record(table = "topology_mutations", index(ix_topology_mutations_state_topology(state, topology_id)))]
#[non_exhaustive]
pub struct TopologyMutation {
    /// The change's key: a uuid.
    #[column(key, default = uuid)]
    pub id: String,
    /// The topology to change.
    #[column(index, references(Topology::ID))]
    pub topology_id: String,
    /// `add_lan`, `remove_lan`, `update_lan`, `add_decky`, `attach_decky`, `detach_decky`, `remove_decky` or
    /// `update_decky`.
    #[column(index, len = 32)]
    pub op: String,
    /// The operation's arguments: JSON text, shown as text.
    #[column(long, default = "{}")]
    pub payload: String,
    /// `pending`, then `applying`, then `applied` or `failed`.
    #[column(index, len = 32, default = "pending")]
    pub state: String,
    /// When it was asked for; the oldest is applied first.
    #[column(index, default = now)]
    pub requested_at: Timestamp,
    /// When it was applied or failed; null before. DECNET itself writes it with an offset, which is read as
    /// well.
    pub applied_at: Option<Timestamp>,
    /// Why it failed.
    #[column(long)]
    pub reason: Option<String>,
}
