//! Behavioural observations and mail attachments (contract document 84).

use decnet_db_macros::Record;
use serde::Serialize;

use crate::json::JsonOrText;
use crate::time::Timestamp;

/// One measured trait of an attacker's behaviour; the table `observations`.
///
/// Evidence and primitive together are unique: measuring again replaces the value.
#[derive(Debug, Clone, PartialEq, Serialize, Record)]
#[record(
    table = "observations",
    unique(uq_observations_evidence_primitive(evidence_ref, primitive)),
    index(ix_observations_attacker_primitive_ts(attacker_uuid, primitive, ts)),
    index(ix_observations_primitive_ts(primitive, ts))
)]
pub struct Observation {
    /// The observation's key: a uuid's 32 hex digits, unless the caller gave another.
    #[column(key)]
    pub id: String,
    /// The identity that the sensor named; null when it named none.
    pub identity_ref: Option<String>,
    /// What was measured: a dotted name such as `motor.digraph_simhash`.
    #[column(index)]
    pub primitive: String,
    /// The measured value: any JSON value.
    #[column(json)]
    pub value: JsonOrText,
    /// How sure it is, from 0 to 1.
    pub confidence: f64,
    /// Where the measured time begins, in seconds since the Unix epoch.
    pub window_start_ts: f64,
    /// Where the measured time ends, in seconds since the Unix epoch.
    pub window_end_ts: f64,
    /// What measured it.
    pub source: String,
    /// What it was measured on, such as `shard:{decky}/{service}/{date}.jsonl#sid`.
    pub evidence_ref: String,
    /// The version of the envelope's format.
    #[column(int32)]
    pub envelope_v: i64,
    /// When it was measured, in seconds since the Unix epoch.
    #[column(index)]
    pub ts: f64,
    /// Whose behaviour it is.
    #[column(index, references(attackers.uuid))]
    pub attacker_uuid: String,
}

/// A mail attachment that attackers sent, once per content; the table `observed_attachments`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Record)]
#[record(table = "observed_attachments")]
pub struct ObservedAttachment {
    /// The attachment's key: a uuid.
    #[column(key)]
    pub uuid: String,
    /// SHA-256 of its bytes: 64 lower-case hex digits, unique.
    #[column(unique, len = 64)]
    pub sha256: String,
    /// When it was first sent.
    #[column(index)]
    pub first_seen: Timestamp,
    /// When it was last sent.
    #[column(index)]
    pub last_seen: Timestamp,
    /// How often it was sent.
    pub observation_count: i64,
    /// The decky that first got it. Not a foreign key.
    #[column(index)]
    pub first_seen_decky_uuid: Option<String>,
    /// Who first sent it. Not a foreign key.
    #[column(index)]
    pub first_seen_attacker_uuid: Option<String>,
    /// Who last sent it. Not a foreign key.
    #[column(index)]
    pub last_seen_attacker_uuid: Option<String>,
    /// The file extensions that it went by: a JSON list of lower-case text.
    #[column(json)]
    pub extensions: JsonOrText,
    /// The subject of the mail that first brought it.
    pub first_subject: Option<String>,
    /// Whether a provider knows it as malicious; null when none was asked.
    #[column(index)]
    pub mal_hash_match: Option<bool>,
    /// Who said so; null without a verdict.
    #[column(len = 64)]
    pub mal_hash_match_provider: Option<String>,
    /// When; null without a verdict.
    pub mal_hash_match_at: Option<Timestamp>,
}
