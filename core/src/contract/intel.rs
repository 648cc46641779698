//! What threat-intelligence providers say about attackers (contract document 84).

use decnet_db_macros::Record;
use serde::{Deserialize, Serialize};

use super::Transactional;
use crate::error::Result;
use crate::json::JsonOrText;
use crate::sql::Changeset;
use crate::time::Timestamp;

/// Threat intelligence: the answers of its providers about attackers.
///
/// ```
/// # async fn example(repository: &dyn decnet_db_core::contract::Repository) -> decnet_db_core::Result<()> {
/// use decnet_db_core::contract::AttackerIntel;
/// use decnet_db_core::sql::Changeset;
///
/// for attacker in repository.get_unenriched_attackers(100).await? {
///     let answer = Changeset::new()
///         .set(AttackerIntel::ATTACKER_UUID, attacker.uuid)
///         .set(AttackerIntel::ATTACKER_IP, attacker.ip)
///         .set(AttackerIntel::AGGREGATE_VERDICT, "malicious");
///     repository.upsert_attacker_intel(answer).await?;
/// }
/// # Ok(())
/// # }
/// ```
#[crate::contract]
pub trait Intel: Transactional {
    /// Stores what providers say about an attacker, or sets exactly the given columns of its row.
    ///
    /// `uuid` and `schema_version` are ignored (ruling R19), null means absent for columns that can't be null (R17); an update
    /// moves `cached_at` only when it is given. Returns the row's uuid. Exact under concurrency (R7).
    ///
    /// # Errors
    /// `InvalidInput` without `attacker_uuid`, for a new row without `attacker_ip` or `expires_at`, an unknown column or a
    /// value that its column can't hold; `Conflict` for an attacker that does not exist.
    #[write]
    async fn upsert_attacker_intel(&self, data: Changeset<AttackerIntel>) -> Result<String>;

    /// What providers say about an attacker, by the attacker's uuid, or null.
    async fn get_attacker_intel_by_uuid(&self, uuid: &str) -> Result<Option<AttackerIntel>>;

    /// The same in the form in which DECNET publishes it, or null; `providers` are handed on when given.
    async fn get_attacker_intel_row_by_uuid(
        &self,
        #[doc = "the attacker's"] uuid: &str,
        providers: Option<Vec<String>>,
    ) -> Result<Option<IntelEvent>>;

    /// Attackers that were never asked about, or whose answers have expired; the latest seen first, ties by descending uuid.
    ///
    /// # Errors
    /// `InvalidInput` for a negative limit.
    async fn get_unenriched_attackers(&self, #[default(100)] limit: u64) -> Result<Vec<UnenrichedAttacker>>;
}

/// An attacker to ask providers about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UnenrichedAttacker {
    /// Its uuid.
    pub uuid: String,
    /// Its address.
    pub ip: String,
}

/// What DECNET publishes of an [`AttackerIntel`] row; JSON null stays null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields of `AttackerIntel`")]
#[non_exhaustive]
pub struct IntelEvent {
    pub attacker_uuid: String,
    pub attacker_ip: String,
    pub aggregate_verdict: Option<String>,
    pub abuseipdb_score: Option<i64>,
    pub abuseipdb_categories: JsonOrText,
    pub greynoise_classification: Option<String>,
    pub greynoise_name: Option<String>,
    pub greynoise_tags: JsonOrText,
    pub feodo_listed: Option<bool>,
    pub feodo_malware_family: Option<String>,
    pub threatfox_listed: Option<bool>,
    pub threatfox_threat_types: JsonOrText,
    pub threatfox_ioc_types: JsonOrText,
    pub threatfox_malware_families: JsonOrText,
    /// The providers that answered, where the caller said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub providers: Option<Vec<String>>,
}

impl IntelEvent {
    /// The event of a row; `providers` are those that answered.
    pub fn new(row: AttackerIntel, providers: Option<Vec<String>>) -> Self {
        Self {
            attacker_uuid: row.attacker_uuid,
            attacker_ip: row.attacker_ip,
            aggregate_verdict: row.aggregate_verdict,
            abuseipdb_score: row.abuseipdb_score,
            abuseipdb_categories: row.abuseipdb_categories,
            greynoise_classification: row.greynoise_classification,
            greynoise_name: row.greynoise_name,
            greynoise_tags: row.greynoise_tags,
            feodo_listed: row.feodo_listed,
            feodo_malware_family: row.feodo_malware_family,
            threatfox_listed: row.threatfox_listed,
            threatfox_threat_types: row.threatfox_threat_types,
            threatfox_ioc_types: row.threatfox_ioc_types,
            threatfox_malware_families: row.threatfox_malware_families,
            providers,
        }
    }
}

/// The cached answers of all providers about one attacker; the table `attacker_intel`.
///
/// Where a provider's time is null, its other columns say nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Record)]
#[record(table = "attacker_intel")]
#[non_exhaustive]
pub struct AttackerIntel {
    /// The row's key: a uuid's 32 hex digits.
    #[column(key)]
    pub uuid: String,
    /// The attacker, unique.
    #[column(unique, references(Attacker::UUID))]
    pub attacker_uuid: String,
    /// The address that was asked about.
    #[column(index)]
    pub attacker_ip: String,
    /// The version of the row's layout: 1.
    #[column(int32, default = 1)]
    pub schema_version: i64,
    /// GreyNoise's class of the address.
    #[column(len = 32)]
    pub greynoise_classification: Option<String>,
    /// GreyNoise's name for the actor.
    #[column(len = 128)]
    pub greynoise_name: Option<String>,
    /// GreyNoise's tags: a JSON list of text.
    #[column(json, default = "[]", spaced = list)]
    pub greynoise_tags: JsonOrText,
    /// GreyNoise's answer: a JSON object.
    #[column(json, default = "{}", spaced = map)]
    pub greynoise_raw: JsonOrText,
    /// When GreyNoise was asked.
    pub greynoise_queried_at: Option<Timestamp>,
    /// AbuseIPDB's confidence of abuse, from 0 to 100.
    #[column(int32)]
    pub abuseipdb_score: Option<i64>,
    /// AbuseIPDB's categories of abuse: a JSON list of integers.
    #[column(json, default = "[]", spaced = list)]
    pub abuseipdb_categories: JsonOrText,
    /// AbuseIPDB's answer: a JSON object.
    #[column(json, default = "{}", spaced = map)]
    pub abuseipdb_raw: JsonOrText,
    /// When AbuseIPDB was asked.
    pub abuseipdb_queried_at: Option<Timestamp>,
    /// Whether Feodo Tracker lists the address; null when not asked.
    pub feodo_listed: Option<bool>,
    /// The malware that Feodo Tracker names.
    #[column(len = 64)]
    pub feodo_malware_family: Option<String>,
    /// Feodo Tracker's entry: a JSON object.
    #[column(json, default = "{}", spaced = map)]
    pub feodo_raw: JsonOrText,
    /// When Feodo Tracker was asked.
    pub feodo_queried_at: Option<Timestamp>,
    /// Whether ThreatFox lists the address; null when not asked.
    pub threatfox_listed: Option<bool>,
    /// ThreatFox's kinds of threat: a JSON list of text.
    #[column(json, default = "[]", spaced = list)]
    pub threatfox_threat_types: JsonOrText,
    /// ThreatFox's kinds of indicator: a JSON list of text.
    #[column(json, default = "[]", spaced = list)]
    pub threatfox_ioc_types: JsonOrText,
    /// The malware that ThreatFox names: a JSON list of text.
    #[column(json, default = "[]", spaced = list)]
    pub threatfox_malware_families: JsonOrText,
    /// ThreatFox's answer: a JSON object.
    #[column(json, default = "{}", spaced = map)]
    pub threatfox_raw: JsonOrText,
    /// When ThreatFox was asked.
    pub threatfox_queried_at: Option<Timestamp>,
    /// `malicious`, `suspicious`, `benign` or `unknown`, from all answers; null before the first.
    #[column(index, len = 32)]
    pub aggregate_verdict: Option<String>,
    /// When the answers were stored.
    #[column(index, default = now)]
    pub cached_at: Timestamp,
    /// From when on the attacker is to be asked about again.
    #[column(index)]
    pub expires_at: Timestamp,
}
