//! Tarpit rules (contract document 74).

use decnet_db_macros::Record;
use serde::Serialize;

use crate::json::JsonOrText;
use crate::time::Timestamp;

/// How one decky is slowed down; the table `tarpit_rules`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Record)]
#[record(table = "tarpit_rules")]
pub struct TarpitRule {
    /// The rule's key: a uuid.
    #[column(key)]
    pub id: String,
    /// The decky, unique: a name, or `t:<topology id>:<name>` for a decky of a topology.
    #[column(unique)]
    pub decky_name: String,
    /// The ports that are slowed down: a JSON list of integers.
    #[column(text)]
    pub ports: JsonOrText,
    /// By how many milliseconds.
    #[column(int32)]
    pub delay_ms: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: String,
}
