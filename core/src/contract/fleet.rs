//! The master's own deckies, and the progress of deploying and mutating them (contract document 60).

use decnet_db_macros::Record;
use serde::Serialize;

use crate::json::JsonOrText;
use crate::time::Timestamp;

/// A decky of a fleet; the table `fleet_deckies`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Record)]
#[record(table = "fleet_deckies")]
pub struct FleetDecky {
    /// The host that runs it: `local` for the master's own fleet.
    #[column(key, index)]
    pub host_uuid: String,
    /// The decky's name, unique on its host.
    #[column(key)]
    pub name: String,
    /// The services that it offers: a JSON list of text.
    pub services: JsonOrText,
    /// Its configuration: a JSON object.
    pub decky_config: Option<JsonOrText>,
    /// Its address.
    pub decky_ip: Option<String>,
    /// `pending`, `running`, `failed`, `torn_down`, `degraded`, `tearing_down` or `teardown_failed`.
    #[column(index)]
    pub state: String,
    /// Why it failed last; null while it runs.
    #[column(long)]
    pub last_error: Option<String>,
    /// Hash of the compose file that it was started from.
    pub compose_hash: Option<String>,
    /// When its state was last reported.
    pub last_seen: Option<Timestamp>,
    /// When the row was last written.
    pub updated_at: Timestamp,
}

/// One deployment or mutation of a decky; the table `decky_lifecycle`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Record)]
#[record(table = "decky_lifecycle")]
pub struct DeckyLifecycle {
    /// The operation's key: a uuid.
    #[column(key)]
    pub id: String,
    /// The decky.
    #[column(index)]
    pub decky_name: String,
    /// The host that does it; null for the master.
    #[column(index)]
    pub host_uuid: Option<String>,
    /// `deploy` or `mutate`.
    #[column(index)]
    pub operation: String,
    /// `pending`, then `running`, then `succeeded` or `failed`, which are final.
    #[column(index)]
    pub status: String,
    /// Why it failed.
    #[column(long)]
    pub error: Option<String>,
    /// When it was asked for.
    pub started_at: Timestamp,
    /// When the row was last written.
    pub updated_at: Timestamp,
    /// When it became final; null before.
    pub completed_at: Option<Timestamp>,
}
