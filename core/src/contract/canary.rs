//! Canary files, tokens and their hits (contract document 74).

use decnet_db_macros::Record;
use serde::Serialize;

use crate::time::Timestamp;

/// A file that an operator uploaded to be turned into canaries; the table `canary_blobs`.
///
/// Only what is known about it: the bytes lie in a file named after `sha256`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Record)]
#[record(table = "canary_blobs")]
pub struct CanaryBlob {
    /// The blob's key: a uuid.
    #[column(key)]
    pub uuid: String,
    /// SHA-256 of its bytes: 64 hex digits, unique.
    #[column(unique)]
    pub sha256: String,
    /// The name that it was uploaded under.
    pub filename: String,
    /// Its media type.
    pub content_type: String,
    /// How many bytes it has.
    #[column(int32)]
    pub size_bytes: i64,
    /// The uuid of the user who uploaded it.
    #[column(index)]
    pub uploaded_by: String,
    /// When it was uploaded.
    pub uploaded_at: Timestamp,
}

/// A canary that was planted on a decky; the table `canary_tokens`.
#[derive(Clone, PartialEq, Eq, Serialize, Record)]
#[record(table = "canary_tokens", index(ix_canary_tokens_decky(decky_name, state)))]
pub struct CanaryToken {
    /// The token's key: a uuid.
    #[column(key)]
    pub uuid: String,
    /// How a hit reports itself: `http`, `dns` or `aws_passive`.
    #[column(index)]
    pub kind: String,
    /// The decky that holds it.
    #[column(index)]
    pub decky_name: String,
    /// The topology of that decky; null for a decky of the fleet. Not a foreign key.
    #[column(index)]
    pub topology_id: Option<String>,
    /// The blob that it was made from; null when it was generated.
    #[column(index, references(canary_blobs.uuid))]
    pub blob_uuid: Option<String>,
    /// What put the canary into the blob; null when it was generated.
    pub instrumenter: Option<String>,
    /// What generated it, such as `git_config`, `ssh_key` or `honeydoc_pdf`; null when a blob was
    /// instrumented.
    pub generator: Option<String>,
    /// Where it lies on the decky.
    pub placement_path: String,
    /// The secret part of the address that a hit calls, unique.
    #[column(unique)]
    pub callback_token: String,
    /// The seed that its generated secrets follow from.
    pub secret_seed: String,
    /// When it was planted.
    pub placed_at: Timestamp,
    /// When the hit that was recorded last happened; null without one.
    #[column(index)]
    pub last_triggered_at: Option<Timestamp>,
    /// How many hits were recorded.
    pub trigger_count: i64,
    /// The uuid of the user who planted it, or a label such as `system`.
    #[column(index)]
    pub created_by: String,
    /// `planted`, `revoked` or `failed`.
    #[column(index)]
    pub state: String,
    /// Why planting it failed.
    #[column(long)]
    pub last_error: Option<String>,
    /// The nonce of a page that takes the visitor's fingerprint; null for other canaries.
    #[column(len = 16)]
    pub fingerprint_nonce: Option<String>,
}

/// A hit on a canary; the table `canary_triggers`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Record)]
#[record(
    table = "canary_triggers",
    index(ix_canary_triggers_attacker(attacker_id)),
    index(ix_canary_triggers_token_ts(token_uuid, occurred_at))
)]
pub struct CanaryTrigger {
    /// The hit's key: a uuid.
    #[column(key)]
    pub uuid: String,
    /// The token that was hit.
    #[column(index, references(canary_tokens.uuid))]
    pub token_uuid: String,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// The address that it came from.
    #[column(index)]
    pub src_ip: String,
    /// What the client called itself; null for DNS.
    pub user_agent: Option<String>,
    /// The path that was requested; null for DNS.
    pub request_path: Option<String>,
    /// The name that was looked up; null for HTTP.
    pub dns_qname: Option<String>,
    /// The request's headers: the text of a JSON object, shown as text.
    #[column(long)]
    pub raw_headers: String,
    /// The uuid of the attacker that the hit was attributed to; null until it was.
    #[column(index)]
    pub attacker_id: Option<String>,
}

debug_without_secrets! {
    CanaryToken {
        uuid kind decky_name topology_id blob_uuid instrumenter generator placement_path placed_at
        last_triggered_at trigger_count created_by state last_error fingerprint_nonce
    }
}
