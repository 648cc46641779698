//! ATT&CK techniques that were recognised, and the rules that recognise them (contract document 86).

use std::collections::BTreeMap;

use decnet_db_macros::{Insertable, Record};
use serde::{Deserialize, Serialize};
use uuid::{Uuid, uuid};

use super::{Attacker, Cursor, Page, Transactional};
use crate::error::Result;
use crate::json::{Json, JsonOrText};
use crate::time::Timestamp;

/// ATT&CK techniques that were recognised.
///
/// Names and addresses of techniques come from the catalogue that the configuration names; without one they are null (ruling
/// R19). The identity scope of an identity is the tags that have it, and those of its attackers; merges are not followed.
///
/// ```
/// # async fn example(repository: &dyn decnet_db_core::contract::Repository) -> decnet_db_core::Result<()> {
/// for technique in repository.list_techniques_by_attacker("an attacker's uuid").await? {
///     println!("{} {:?}: {} times", technique.technique_id, technique.technique_name, technique.count);
/// }
/// # Ok(())
/// # }
/// ```
#[crate::contract]
pub trait Techniques: Transactional {
    /// Stores tags, all or none, and returns how many were added.
    ///
    /// A tag below a confidence of 0.3 is dropped unseen; one whose uuid is stored already is neither added nor checked again.
    /// A tag without `uuid` gets the one that [`TtpTag::uuid_of`] computes.
    ///
    /// # Errors
    /// With the tag's index: `InvalidInput` for a missing or unknown member, one that its column can't hold, a confidence above
    /// 1 or no anchor; `Conflict` for an attacker or identity that does not exist.
    #[writes]
    async fn insert_tags(&self, rows: Vec<NewTag>) -> Result<u64>;

    /// The techniques in the scope of an identity, by technique, then sub-technique, null first.
    ///
    /// # Errors
    /// `Configuration` when the catalogue of techniques can't be read.
    async fn list_techniques_by_identity(&self, uuid: &str) -> Result<Vec<Technique>>;

    /// The techniques of an attacker, ordered as those of an identity.
    ///
    /// # Errors
    /// `Configuration` when the catalogue of techniques can't be read.
    async fn list_techniques_by_attacker(&self, uuid: &str) -> Result<Vec<Technique>>;

    /// The techniques of a session, ordered as those of an identity.
    ///
    /// # Errors
    /// `Configuration` when the catalogue of techniques can't be read.
    async fn list_techniques_by_session(&self, sid: &str) -> Result<Vec<Technique>>;

    /// The techniques of the tags that have an identity of a campaign, and of how many identities; ordered as those of one.
    ///
    /// # Errors
    /// `Configuration` when the catalogue of techniques can't be read.
    async fn list_techniques_by_campaign(&self, uuid: &str) -> Result<Vec<CampaignTechnique>>;

    /// The techniques of all tags, ordered as those of an identity.
    ///
    /// # Errors
    /// `Configuration` when the catalogue of techniques can't be read.
    async fn list_distinct_techniques(&self) -> Result<Vec<DistinctTechnique>>;

    /// The techniques of each attacker, ordered as those of an identity, without names.
    async fn get_all_ttp_rollups_for_export(&self) -> Result<BTreeMap<String, Vec<TechniqueRollup>>>;

    /// The tags of a technique in a scope, newest first, ties by descending uuid; an empty `sub_technique_id` is a filter too.
    ///
    /// # Errors
    /// `InvalidInput` for another scope or a negative limit.
    async fn list_tags_by_scope_and_technique(
        &self,
        #[doc = "`identity`, `attacker` or `session`"] scope: TagScope,
        uuid: &str,
        technique_id: &str,
        sub_technique_id: Option<&str>,
        #[default(200)] limit: u64,
    ) -> Result<Vec<TtpTag>>;

    /// The tags of an attacker, newest first, ties by descending uuid.
    ///
    /// # Errors
    /// `InvalidInput` for a negative limit.
    async fn list_ttp_tags_by_attacker(&self, uuid: &str, #[default(2000)] limit: u64)
    -> Result<Vec<TtpTag>>;

    /// All tags page by page in the order of their uuids; each page costs the same.
    ///
    /// # Errors
    /// `InvalidInput` for a limit below 1, or a cursor of another list.
    async fn export_ttp_tags(
        &self,
        #[default(1000)] limit: u64,
        #[doc = "`next` of the page before"] after: Option<TtpTagCursor>,
    ) -> Result<Page<TtpTag, TtpTagCursor>>;

    /// When which tactic was seen on which decky, in the scope of an identity: oldest first, ties by uuid.
    async fn list_ttp_decky_phases(&self, identity_uuid: &str) -> Result<Vec<DeckyPhase>>;

    /// The commands of all attackers that were seen since, by uuid. Entries that are no objects are left out, attackers whose
    /// commands are no list too. Holds all: [`attacker_commands_page`](Self::attacker_commands_page) needs a page's memory.
    async fn iter_attacker_commands_since(&self, since: Timestamp) -> Result<Vec<AttackerCommands>>;

    /// What [`iter_attacker_commands_since`](Self::iter_attacker_commands_since) has, page by page; a page may be shorter than
    /// its limit, as attackers without a list are left out of it.
    ///
    /// # Errors
    /// `InvalidInput` for a limit below 1, or a cursor of another list.
    async fn attacker_commands_page(
        &self,
        since: Timestamp,
        #[default(1000)] limit: u64,
        #[doc = "`next` of the page before"] after: Option<Cursor<Attacker>>,
    ) -> Result<Page<AttackerCommands, Cursor<Attacker>>>;
}

/// Where a page of tags ended.
pub type TtpTagCursor = Cursor<TtpTag>;

/// A technique that a rule recognised; the table `ttp_tag`.
///
/// At least one of `attacker_uuid` and `identity_uuid` is set. Deleting either one's row deletes the tag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(
    table = "ttp_tag",
    index(ix_ttp_tag_attacker_technique(attacker_uuid, technique_id)),
    index(ix_ttp_tag_identity_technique(identity_uuid, technique_id)),
    index(ix_ttp_tag_technique_created(technique_id, created_at)),
    check(ttp_tag_has_anchor = "attacker_uuid IS NOT NULL OR identity_uuid IS NOT NULL"),
    check(ttp_tag_confidence_range = "confidence >= 0.0 AND confidence <= 1.0")
)]
#[non_exhaustive]
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
    #[column(index, references(Attacker::UUID, cascade))]
    pub attacker_uuid: Option<String>,
    /// The identity; null when only the attacker is known.
    #[column(index, references(AttackerIdentity::UUID, cascade))]
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

/// The namespace of tags' uuids: `decnet:ttp_tag:v1` in that of URLs.
const NAMESPACE: Uuid = uuid!("1ca31f08-5522-5aae-8371-fe81f0e39de3");

impl TtpTag {
    /// The uuid that a tag has: the same source, rule and technique are one tag.
    ///
    /// ```
    /// use decnet_db_core::contract::TtpTag;
    ///
    /// let uuid = TtpTag::uuid_of("command", "cmd_1", "R0001", 1, "T1083", None);
    /// assert_eq!(uuid, "79084f41-98f9-59b1-9690-3ea972559e88");
    /// let uuid = TtpTag::uuid_of("email", "пошта|x", "R0046", 12, "T1566", Some("T1566.001"));
    /// assert_eq!(uuid, "875ef3fe-d157-5579-9836-b1e2cf058b0d");
    /// ```
    #[must_use]
    pub fn uuid_of(
        source_kind: &str,
        source_id: &str,
        rule_id: &str,
        rule_version: i64,
        technique_id: &str,
        sub_technique_id: Option<&str>,
    ) -> String {
        let sub_technique_id = sub_technique_id.unwrap_or_default();
        let name =
            format!("{source_kind}|{source_id}|{rule_id}|{rule_version}|{technique_id}|{sub_technique_id}");
        Uuid::new_v5(&NAMESPACE, name.as_bytes()).to_string()
    }
}

/// A tag to store: the columns of [`TtpTag`]; what may not be null is needed, but for `uuid` and `created_at`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Insertable)]
#[serde(deny_unknown_fields, default)]
#[insertable(TtpTag)]
#[allow(missing_docs, reason = "the columns of `TtpTag`")]
#[non_exhaustive]
pub struct NewTag {
    pub uuid: Option<String>,
    pub source_kind: Option<String>,
    pub source_id: Option<String>,
    pub attacker_uuid: Option<String>,
    pub identity_uuid: Option<String>,
    pub session_id: Option<String>,
    pub decky_id: Option<String>,
    pub tactic: Option<String>,
    pub technique_id: Option<String>,
    pub sub_technique_id: Option<String>,
    pub confidence: Option<f64>,
    pub rule_id: Option<String>,
    pub rule_version: Option<i64>,
    /// A JSON object.
    pub evidence: Option<Json>,
    pub attack_release: Option<String>,
    pub mitre_url: Option<String>,
    #[insertable(default = Timestamp::now())]
    pub created_at: Option<Timestamp>,
}

/// Whose tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum TagScope {
    /// An identity's and its attackers'.
    Identity,
    /// An attacker's.
    Attacker,
    /// A session's.
    Session,
}

/// A technique in a scope: how often and when it was recognised there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Technique {
    /// The technique, such as `T1059`.
    pub technique_id: String,
    /// Its name; null where the catalogue does not have it.
    pub technique_name: Option<String>,
    /// The sub-technique, such as `T1059.004`; null when the technique is all.
    pub sub_technique_id: Option<String>,
    /// Its name after that of the technique.
    pub sub_technique_name: Option<String>,
    /// The greatest of the tags' tactics.
    pub tactic: String,
    /// How many tags.
    pub count: u64,
    /// When it was first recognised.
    pub first_seen: Timestamp,
    /// When it was last recognised.
    pub last_seen: Timestamp,
    /// The greatest confidence.
    pub confidence_max: f64,
    /// The page of the sub-technique, or of the technique when there is none.
    pub mitre_url: Option<String>,
}

/// A technique of a campaign; the fields are those of [`Technique`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields of `Technique`")]
#[non_exhaustive]
pub struct CampaignTechnique {
    pub technique_id: String,
    pub technique_name: Option<String>,
    pub sub_technique_id: Option<String>,
    pub sub_technique_name: Option<String>,
    pub tactic: String,
    pub count: u64,
    pub last_seen: Timestamp,
    pub mitre_url: Option<String>,
    /// Of how many identities.
    pub identity_count: u64,
}

/// A technique among all tags; the fields are those of [`Technique`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields of `Technique`")]
#[non_exhaustive]
pub struct DistinctTechnique {
    pub technique_id: String,
    pub technique_name: Option<String>,
    pub sub_technique_id: Option<String>,
    pub sub_technique_name: Option<String>,
    pub tactic: String,
    pub count: u64,
    pub last_seen: Timestamp,
    pub mitre_url: Option<String>,
}

/// A technique of one attacker, for exports; the fields are those of [`Technique`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields of `Technique`")]
#[non_exhaustive]
pub struct TechniqueRollup {
    pub technique_id: String,
    pub sub_technique_id: Option<String>,
    pub tactic: String,
    pub count: u64,
    pub confidence_max: f64,
}

/// A tactic that was seen on a decky.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DeckyPhase {
    /// The decky.
    pub decky_id: String,
    /// The tactic.
    pub tactic: String,
    /// When, in seconds since the Unix epoch, with microseconds.
    pub created_at_ts: f64,
}

/// The commands of an attacker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AttackerCommands {
    /// The attacker.
    pub attacker_uuid: String,
    /// JSON objects.
    pub commands: Vec<Json>,
}

/// A rule; the table `ttp_rule`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Record)]
#[record(table = "ttp_rule")]
#[non_exhaustive]
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
    #[column(default = now)]
    pub updated_at: Timestamp,
    /// `filesystem`, `git` or an operator.
    pub updated_by: String,
}

/// How an operator changed a rule's effect; the table `ttp_rule_state`.
///
/// A rule without a row is enabled. There may be a row without a rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(table = "ttp_rule_state")]
#[non_exhaustive]
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
    #[column(default = now)]
    pub set_at: Timestamp,
}
