//! Behavioural observations and mail attachments (contract document 84).

use std::collections::BTreeMap;

use decnet_db_macros::Record;
use serde::{Deserialize, Serialize};

use super::{Cursor, Page, Transactional};
use crate::error::Result;
use crate::json::JsonOrText;
use crate::sql::Changeset;
use crate::time::Timestamp;

/// Behavioural observations and mail attachments.
///
/// On tables that DECNET made on MySQL the times in epoch seconds are floats of four bytes, which tell no instants apart that
/// are less than two minutes from each other (ruling R19).
///
/// ```
/// # async fn example(repository: &dyn decnet_db_core::contract::Repository) -> decnet_db_core::Result<()> {
/// for value in repository.observations_time_series("an attacker's uuid", "motor.digraph_simhash").await? {
///     println!("{}: {} ({})", value.ts, value.value.text(), value.confidence);
/// }
/// # Ok(())
/// # }
/// ```
#[crate::contract]
pub trait Observations: Transactional {
    /// Stores an observation, or sets the given columns of the one with its `evidence_ref` and `primitive`.
    ///
    /// A null `value` is the value null; null means absent for other columns that can't be null (rulings R17 and R19). A new
    /// row has the given `id` or a fresh one; an existing one keeps its. Returns the row's id. Exact under concurrency.
    ///
    /// # Errors
    /// `InvalidInput` for a key or, in a new row, another column that is missing, an unknown one, or a value that its column
    /// can't hold; `Conflict` for an attacker that does not exist or an `id` that another observation has.
    #[write]
    async fn upsert_observation(&self, data: Changeset<Observation>) -> Result<String>;

    /// One observation, or null.
    async fn get_observation_by_id(&self, row_id: &str) -> Result<Option<Observation>>;

    /// What was observed last of each primitive of an attacker, by primitive; of one instant the greatest id counts.
    async fn latest_observation_per_primitive(
        &self,
        attacker_uuid: &str,
    ) -> Result<BTreeMap<String, LatestObservation>>;

    /// All values of one primitive of an attacker, by `ts`, then id.
    async fn observations_time_series(
        &self,
        attacker_uuid: &str,
        primitive: &str,
    ) -> Result<Vec<ObservedValue>>;

    /// All values of one primitive of the attackers of an identity, by `ts`, then id; merges are not followed.
    async fn observations_for_identity_primitive(
        &self,
        identity_uuid: &str,
        primitive: &str,
    ) -> Result<Vec<ObservedValue>>;

    /// Whether anything was observed on this evidence, by its whole reference.
    async fn has_observations_for_evidence(&self, evidence_ref: &str) -> Result<bool>;

    /// All observations of an attacker, by `window_end_ts`, then id.
    async fn list_observations_by_attacker(&self, attacker_uuid: &str) -> Result<Vec<ObservationEnvelope>>;

    /// All observations by attacker, each list by `window_end_ts`, then id. Holds the whole table:
    /// [`export_observations`](Self::export_observations) needs no more memory than a page.
    async fn get_all_observations_for_export(&self) -> Result<BTreeMap<String, Vec<ObservationEnvelope>>>;

    /// All observations, or those of an attacker, of a primitive or of both, page by page in the order of their ids.
    ///
    /// Each page costs the same; what is there from the first page to the last comes exactly once.
    ///
    /// # Errors
    /// `InvalidInput` for a limit below 1, or a cursor of another list.
    async fn export_observations(
        &self,
        #[default(1000)] limit: u64,
        attacker_uuid: Option<&str>,
        primitive: Option<&str>,
        #[doc = "`next` of the page before"] after: Option<ObservationCursor>,
    ) -> Result<Page<Observation, ObservationCursor>>;

    /// Counts one more mail with an attachment, and returns the attachment's uuid.
    ///
    /// `sha256` and `extension` are lower-cased; an empty extension or attacker means none. What was first seen stays; a new
    /// extension is appended. The verdict, with its provider and time, is replaced only from unknown, or from false to true.
    /// Exact under concurrency (ruling R7). Costs one read and one commit; both again for each writer that came in between.
    ///
    /// # Errors
    /// `InvalidInput` for a value that its column can't hold; `Unavailable` when other writers were faster all the time.
    #[allow(clippy::too_many_arguments, reason = "DECNET's")]
    #[writes]
    async fn upsert_observed_attachment(
        &self,
        sha256: &str,
        decky_uuid: Option<&str>,
        attacker_uuid: Option<&str>,
        extension: Option<&str>,
        subject: Option<&str>,
        mal_hash_match: Option<bool>,
        mal_hash_match_provider: Option<&str>,
    ) -> Result<String>;
}

/// Where a page of observations ended.
pub type ObservationCursor = Cursor<Observation>;

/// One measured trait of an attacker's behaviour; the table `observations`.
///
/// Evidence and primitive together are unique: measuring again replaces the value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(
    table = "observations",
    unique(uq_observations_evidence_primitive(evidence_ref, primitive)),
    index(ix_observations_attacker_primitive_ts(attacker_uuid, primitive, ts)),
    index(ix_observations_primitive_ts(primitive, ts))
)]
#[non_exhaustive]
pub struct Observation {
    /// The observation's key: a uuid's 32 hex digits, unless the caller gave another.
    #[column(key)]
    pub id: String,
    /// The identity that the sensor named; null when it named none.
    pub identity_ref: Option<String>,
    /// What was measured: a dotted name such as `motor.digraph_simhash`.
    #[column(index)]
    pub primitive: String,
    /// The measured value: any JSON value, null included.
    #[column(json, spaced = any)]
    pub value: JsonOrText,
    /// How sure it is, from 0 to 1.
    pub confidence: f64,
    /// Where the measured time begins, in seconds since the Unix epoch.
    #[column(epoch)]
    pub window_start_ts: f64,
    /// Where the measured time ends, in seconds since the Unix epoch.
    #[column(epoch)]
    pub window_end_ts: f64,
    /// What measured it.
    pub source: String,
    /// What it was measured on, such as `shard:{decky}/{service}/{date}.jsonl#sid`.
    pub evidence_ref: String,
    /// The version of the envelope's format.
    #[column(int32)]
    pub envelope_v: i64,
    /// When it was measured, in seconds since the Unix epoch.
    #[column(index, epoch)]
    pub ts: f64,
    /// Whose behaviour it is.
    #[column(index, references(Attacker::UUID))]
    pub attacker_uuid: String,
}

/// What was observed last of a primitive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LatestObservation {
    /// The measured value.
    pub value: JsonOrText,
    /// How sure it is, from 0 to 1.
    pub confidence: f64,
    /// When it was measured, in seconds since the Unix epoch.
    pub ts: f64,
    /// What measured it.
    pub source: String,
}

/// A value of a time series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ObservedValue {
    /// When it was measured, in seconds since the Unix epoch.
    pub ts: f64,
    /// The measured value.
    pub value: JsonOrText,
    /// How sure it is, from 0 to 1.
    pub confidence: f64,
}

/// An observation in the form in which sensors send it: without keys and version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ObservationEnvelope {
    /// What was measured: a dotted name.
    pub primitive: String,
    /// The measured value.
    pub value: JsonOrText,
    /// How sure it is, from 0 to 1.
    pub confidence: f64,
    /// The measured time.
    pub window: ObservationWindow,
    /// What measured it.
    pub source: String,
    /// What it was measured on.
    pub evidence_ref: String,
    /// The identity that the sensor named; not in the JSON where it named none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_ref: Option<String>,
}

/// The time that an observation was measured in, in seconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ObservationWindow {
    /// Where it begins.
    pub start_ts: f64,
    /// Where it ends.
    pub end_ts: f64,
}

impl From<Observation> for ObservationEnvelope {
    fn from(observation: Observation) -> Self {
        Self {
            primitive: observation.primitive,
            value: observation.value,
            confidence: observation.confidence,
            window: ObservationWindow {
                start_ts: observation.window_start_ts,
                end_ts: observation.window_end_ts,
            },
            source: observation.source,
            evidence_ref: observation.evidence_ref,
            identity_ref: observation.identity_ref,
        }
    }
}

/// A mail attachment that attackers sent, once per content; the table `observed_attachments`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Record)]
#[record(table = "observed_attachments")]
#[non_exhaustive]
pub struct ObservedAttachment {
    /// The attachment's key: a uuid.
    #[column(key, default = uuid)]
    pub uuid: String,
    /// SHA-256 of its bytes: 64 lower-case hex digits, unique.
    #[column(unique, len = 64)]
    pub sha256: String,
    /// When it was first sent.
    #[column(index, default = now)]
    pub first_seen: Timestamp,
    /// When it was last sent.
    #[column(index, default = now)]
    pub last_seen: Timestamp,
    /// How often it was sent.
    #[column(default = 1)]
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
    #[column(json, default = "[]", spaced = list)]
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
