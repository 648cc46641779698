//! What threat-intelligence providers say about attackers (contract document 84).

use decnet_db_macros::Record;
use serde::Serialize;

use crate::json::JsonOrText;
use crate::time::Timestamp;

/// The cached answers of all providers about one attacker; the table `attacker_intel`.
///
/// Where a provider's time is null, its other columns say nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Record)]
#[record(table = "attacker_intel")]
pub struct AttackerIntel {
    /// The row's key: a uuid's 32 hex digits.
    #[column(key)]
    pub uuid: String,
    /// The attacker, unique.
    #[column(unique, references(attackers.uuid))]
    pub attacker_uuid: String,
    /// The address that was asked about.
    #[column(index)]
    pub attacker_ip: String,
    /// The version of the row's layout: 1.
    #[column(int32)]
    pub schema_version: i64,
    /// GreyNoise's class of the address.
    #[column(len = 32)]
    pub greynoise_classification: Option<String>,
    /// GreyNoise's name for the actor.
    #[column(len = 128)]
    pub greynoise_name: Option<String>,
    /// GreyNoise's tags: a JSON list of text.
    #[column(json)]
    pub greynoise_tags: JsonOrText,
    /// GreyNoise's answer: a JSON object.
    #[column(json)]
    pub greynoise_raw: JsonOrText,
    /// When GreyNoise was asked.
    pub greynoise_queried_at: Option<Timestamp>,
    /// AbuseIPDB's confidence of abuse, from 0 to 100.
    #[column(int32)]
    pub abuseipdb_score: Option<i64>,
    /// AbuseIPDB's categories of abuse: a JSON list of integers.
    #[column(json)]
    pub abuseipdb_categories: JsonOrText,
    /// AbuseIPDB's answer: a JSON object.
    #[column(json)]
    pub abuseipdb_raw: JsonOrText,
    /// When AbuseIPDB was asked.
    pub abuseipdb_queried_at: Option<Timestamp>,
    /// Whether Feodo Tracker lists the address; null when not asked.
    pub feodo_listed: Option<bool>,
    /// The malware that Feodo Tracker names.
    #[column(len = 64)]
    pub feodo_malware_family: Option<String>,
    /// Feodo Tracker's entry: a JSON object.
    #[column(json)]
    pub feodo_raw: JsonOrText,
    /// When Feodo Tracker was asked.
    pub feodo_queried_at: Option<Timestamp>,
    /// Whether ThreatFox lists the address; null when not asked.
    pub threatfox_listed: Option<bool>,
    /// ThreatFox's kinds of threat: a JSON list of text.
    #[column(json)]
    pub threatfox_threat_types: JsonOrText,
    /// ThreatFox's kinds of indicator: a JSON list of text.
    #[column(json)]
    pub threatfox_ioc_types: JsonOrText,
    /// The malware that ThreatFox names: a JSON list of text.
    #[column(json)]
    pub threatfox_malware_families: JsonOrText,
    /// ThreatFox's answer: a JSON object.
    #[column(json)]
    pub threatfox_raw: JsonOrText,
    /// When ThreatFox was asked.
    pub threatfox_queried_at: Option<Timestamp>,
    /// `malicious`, `suspicious`, `benign` or `unknown`, from all answers; null before the first.
    #[column(index, len = 32)]
    pub aggregate_verdict: Option<String>,
    /// When the answers were stored.
    #[column(index)]
    pub cached_at: Timestamp,
    /// From when on the attacker is to be asked about again.
    #[column(index)]
    pub expires_at: Timestamp,
}
