//! Worker hosts of a swarm and the deckies that run on them (contract document 60).

use decnet_db_macros::Record;
use serde::{Serialize, Serializer};

use crate::json::JsonOrText;
use crate::time::Timestamp;

/// A worker host that the master has enrolled; the table `swarm_hosts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Record)]
#[record(table = "swarm_hosts")]
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
    #[column(int32)]
    pub agent_port: i64,
    /// `enrolled`, `active` or `unreachable`.
    #[column(index)]
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
    pub enrolled_at: Timestamp,
    /// The operator's notes.
    #[column(long)]
    pub notes: Option<String>,
    /// Whether its deckies are attached with ipvlan.
    pub use_ipvlan: bool,
}

/// A decky on a worker host; the table `decky_shards`.
///
/// The decky's name alone is the key, so writing it with another host moves the decky.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Record)]
#[record(table = "decky_shards")]
pub struct DeckyShard {
    /// The decky's name.
    #[column(key)]
    pub decky_name: String,
    /// The host that runs it.
    #[column(index, references(swarm_hosts.uuid))]
    pub host_uuid: String,
    /// The services that it offers: a JSON list of text; shown as an empty list where it is not JSON.
    #[serde(serialize_with = "list_or_empty")]
    pub services: JsonOrText,
    /// Its configuration: the text of a JSON object, shown as text.
    #[column(long)]
    pub decky_config: Option<String>,
    /// Its address; null when only the configuration says it.
    pub decky_ip: Option<String>,
    /// `pending`, `running`, `failed`, `torn_down`, `degraded`, `tearing_down` or `teardown_failed`.
    #[column(index)]
    pub state: String,
    /// Why it failed last; null while it runs.
    #[column(long)]
    pub last_error: Option<String>,
    /// Hash of the compose file that it was started from.
    pub compose_hash: Option<String>,
    /// When it was last seen to run.
    pub last_seen: Option<Timestamp>,
    /// When the row was last written.
    pub updated_at: Timestamp,
}

/// Shows JSON text as its value, and text that is not JSON as an empty list (contract document 60).
fn list_or_empty<S: Serializer>(text: &JsonOrText, serializer: S) -> Result<S::Ok, S::Error> {
    match text.json() {
        Some(json) => json.serialize(serializer),
        None => [(); 0].serialize(serializer),
    }
}
