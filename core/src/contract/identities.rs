//! Identities: what groups attackers, and how sure that is (contract document 82).

use decnet_db_macros::Record;
use serde::Serialize;

use super::Simhash;
use crate::json::JsonOrText;
use crate::time::Timestamp;

/// An actor behind one or more source addresses; the table `attacker_identities`.
///
/// The lists stay JSON text when it serialises.
#[derive(Debug, Clone, PartialEq, Serialize, Record)]
#[record(table = "attacker_identities")]
pub struct AttackerIdentity {
    /// The identity's key: a uuid, or its 32 hex digits alone.
    #[column(key)]
    pub uuid: String,
    /// The version of the row's layout: 1.
    #[column(int32)]
    pub schema_version: i64,
    /// The campaign that it takes part in; null when none is known.
    #[column(index, references(campaigns.uuid))]
    pub campaign_id: Option<String>,
    /// When the first of its addresses was first seen.
    #[column(index)]
    pub first_seen_at: Option<Timestamp>,
    /// When one of its addresses was last seen.
    #[column(index)]
    pub last_seen_at: Option<Timestamp>,
    /// When the row was made.
    #[column(index)]
    pub created_at: Timestamp,
    /// When the row was last written.
    #[column(index)]
    pub updated_at: Timestamp,
    /// How sure the grouping is, from 0 to 1; null when not computed.
    pub confidence: Option<f64>,
    /// How many observations it rests on.
    pub observation_count: i64,
    /// JA3 fingerprints of its TLS clients: the text of a JSON list of text.
    #[column(long)]
    pub ja3_hashes: Option<String>,
    /// HASSH fingerprints of its SSH clients: the text of a JSON list of text.
    #[column(long)]
    pub hassh_hashes: Option<String>,
    /// JA4H fingerprints of its HTTP requests: the text of a JSON list of text.
    #[column(long)]
    pub ja4h_hashes: Option<String>,
    /// JA4 fingerprints of its QUIC clients: the text of a JSON list of text.
    #[column(long)]
    pub ja4_quic_hashes: Option<String>,
    /// The HTTP versions that it spoke: the text of a JSON list of text.
    #[column(long)]
    pub http_versions_seen: Option<String>,
    /// SHA-256 of certificates that it showed: the text of a JSON list of text.
    #[column(long)]
    pub tls_cert_sha256: Option<String>,
    /// IPv6 addresses that it leaked: the text of a JSON list of objects with `iid`, `oui`, `kind`,
    /// `first_seen`.
    #[column(exact, long)]
    pub ipv6_link_local_iids: Option<String>,
    /// Similarity hashes of its payloads: the text of a JSON list of text.
    #[column(long)]
    pub payload_simhashes: Option<String>,
    /// Its command-and-control endpoints: the text of a JSON list of text.
    #[column(long)]
    pub c2_endpoints: Option<String>,
    /// Similarity hash of its typing rhythm: 8 bytes, most significant first.
    #[column(index, bytes = 8)]
    pub kd_digraph_simhash: Option<Simhash>,
    /// The identity that replaces this one; null while it stands for itself.
    #[column(index, references(attacker_identities.uuid))]
    pub merged_into_uuid: Option<String>,
    /// The operator's notes.
    #[column(long)]
    pub notes: Option<String>,
}

/// How steady one behavioural trait of an identity is; the table `attribution_state`.
#[derive(Debug, Clone, PartialEq, Serialize, Record)]
#[record(
    table = "attribution_state",
    index(ix_attribution_state_identity_state(identity_uuid, state)),
    index(ix_attribution_state_last_change(last_change_ts))
)]
pub struct AttributionState {
    /// Whose trait it is.
    #[column(key, references(attacker_identities.uuid))]
    pub identity_uuid: String,
    /// The trait's dotted name.
    #[column(key)]
    pub primitive: String,
    /// Its present value: any JSON value.
    #[column(json)]
    pub current_value: JsonOrText,
    /// `unknown`, `stable`, `drifting`, `conflicted` or `multi_actor`.
    #[column(index)]
    pub state: String,
    /// How sure that is, from 0 to 1.
    pub confidence: f64,
    /// How many observations it rests on.
    pub observation_count: i64,
    /// When the value last changed, in seconds since the Unix epoch.
    pub last_change_ts: f64,
    /// When it was last observed, in seconds since the Unix epoch.
    pub last_observation_ts: f64,
    /// The version of the row's layout: 1.
    #[column(int32)]
    pub schema_version: i64,
    /// When the row was last written.
    pub updated_at: Timestamp,
}
