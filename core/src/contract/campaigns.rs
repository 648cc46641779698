//! Campaigns: what groups identities (contract document 82).

use decnet_db_macros::Record;
use serde::Serialize;

use crate::time::Timestamp;

/// An operation that several identities take part in; the table `campaigns`.
///
/// The lists stay JSON text when it serialises.
#[derive(Debug, Clone, PartialEq, Serialize, Record)]
#[record(table = "campaigns")]
pub struct Campaign {
    /// The campaign's key: a uuid.
    #[column(key)]
    pub uuid: String,
    /// The version of the row's layout: 1.
    #[column(int32)]
    pub schema_version: i64,
    /// When the first of its identities was first seen.
    #[column(index)]
    pub first_seen_at: Option<Timestamp>,
    /// When one of its identities was last seen.
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
    /// How many identities it had when it was made.
    pub identity_count: i64,
    /// JA3 fingerprints of its TLS clients: the text of a JSON list of text.
    #[column(long)]
    pub ja3_hashes: Option<String>,
    /// HASSH fingerprints of its SSH clients: the text of a JSON list of text.
    #[column(long)]
    pub hassh_hashes: Option<String>,
    /// SHA-256 of certificates that it showed: the text of a JSON list of text.
    #[column(long)]
    pub tls_cert_sha256: Option<String>,
    /// Similarity hashes of its payloads: the text of a JSON list of text.
    #[column(long)]
    pub payload_simhashes: Option<String>,
    /// Its command-and-control endpoints: the text of a JSON list of text.
    #[column(long)]
    pub c2_endpoints: Option<String>,
    /// The campaign that replaces this one; null while it stands for itself.
    #[column(index, references(campaigns.uuid))]
    pub merged_into_uuid: Option<String>,
    /// The operator's notes.
    #[column(long)]
    pub notes: Option<String>,
}
