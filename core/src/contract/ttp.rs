//! ATT&CK techniques that were recognised, and the rules that recognise them (contract document 86).

use decnet_db_macros::Record;
use serde::Serialize;

use crate::json::JsonOrText;
use crate::time::Timestamp;

/// A technique that a rule recognised; the table `ttp_tag`.
///
/// At least one of `attacker_uuid` and `identity_uuid` is set. Deleting either one's row deletes the tag.
#[derive(Debug, Clone, PartialEq, Serialize, Record)]
#[record(
    table = "ttp_tag",
    index(ix_ttp_tag_attacker_technique(attacker_uuid, technique_id)),
    index(ix_ttp_tag_identity_technique(identity_uuid, technique_id)),
    index(ix_ttp_tag_technique_created(technique_id, created_at)),
    check(ttp_tag_has_anchor = "attacker_uuid IS NOT NULL OR identity_uuid IS NOT NULL"),
    check(ttp_tag_confidence_range = "confidence >= 0.0 AND confidence <= 1.0")
)]
pub struct TtpTag {
    /// A uuid of version 5 that follows from source, rule and technique, so that recognising twice is one
    /// tag.
    #[column(key)]
    pub uuid: String,
    /// What was looked at: `command`, `intel`, `email`, `session`, `credential` or another kind.
    pub source_kind: String,
    /// Which one; its form depends on the kind.
    pub source_id: String,
    /// The attacker; null when only the identity is known.
    #[column(index, references(attackers.uuid, cascade))]
    pub attacker_uuid: Option<String>,
    /// The identity; null when only the attacker is known.
    #[column(index, references(attacker_identities.uuid, cascade))]
    pub identity_uuid: Option<String>,
    /// The session that it happened in.
    #[column(index)]
    pub session_id: Option<String>,
    /// The decky that it happened on.
    #[column(index)]
    pub decky_id: Option<String>,
    /// The ATT&CK tactic, such as `TA0006`.
    #[column(index)]
    pub tactic: String,
    /// The ATT&CK technique, such as `T1059`.
    #[column(index)]
    pub technique_id: String,
    /// The sub-technique, such as `T1059.004`; null when the technique is all.
    #[column(index)]
    pub sub_technique_id: Option<String>,
    /// How sure the rule is, from 0 to 1; the database refuses anything else.
    pub confidence: f64,
    /// The rule.
    #[column(index)]
    pub rule_id: String,
    /// The version of the rule.
    #[column(int32)]
    pub rule_version: i64,
    /// What the rule saw: a JSON object whose keys depend on the kind.
    #[column(json, spaced = map)]
    pub evidence: JsonOrText,
    /// The release of ATT&CK that the rule was written for.
    #[column(index)]
    pub attack_release: String,
    /// The technique's page.
    pub mitre_url: Option<String>,
    /// When it was recognised.
    #[column(index, default = now)]
    pub created_at: Timestamp,
}

/// A rule; the table `ttp_rule`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Record)]
#[record(table = "ttp_rule")]
pub struct TtpRule {
    /// The rule's key, such as `R0001`.
    #[column(key)]
    pub rule_id: String,
    /// Its version.
    #[column(int32)]
    pub rule_version: i64,
    /// The file that it was read from.
    pub source_path: String,
    /// The rule itself, as YAML.
    #[column(long)]
    pub yaml_content: String,
    /// When the row was last written.
    pub updated_at: Timestamp,
    /// `filesystem`, `git` or an operator.
    pub updated_by: String,
}

/// How an operator changed a rule's effect; the table `ttp_rule_state`.
///
/// A rule without a row is enabled. There may be a row without a rule.
#[derive(Debug, Clone, PartialEq, Serialize, Record)]
#[record(table = "ttp_rule_state")]
pub struct TtpRuleState {
    /// The rule. Not a foreign key.
    #[column(key)]
    pub rule_id: String,
    /// `enabled`, `disabled` or `clipped`.
    pub state: String,
    /// The most confidence that a clipped rule may claim.
    pub confidence_max: Option<f64>,
    /// When the change ends; null when it stays.
    pub expires_at: Option<Timestamp>,
    /// Why it was made.
    pub reason: Option<String>,
    /// Who made it.
    pub set_by: Option<String>,
    /// When it was made.
    pub set_at: Timestamp,
}
