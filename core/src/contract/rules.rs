//! The store of the rules that recognise techniques (contract document 86, ruling R19).

use serde::{Deserialize, Deserializer, Serialize};

use super::Transactional;
use crate::error::Result;
use crate::json::Json;
use crate::time::Timestamp;

/// The store of the rules that recognise techniques, and of how operators changed their effect.
///
/// A rule whose YAML or state can't be read is left out of lists, with a warning that names it. An expired state counts as
/// none. Nothing is announced, and nothing runs in the background: see
/// [`get_rules_updated_since`](Self::get_rules_updated_since).
///
/// ```
/// # async fn example(repository: &dyn decnet_db_core::contract::Repository) -> decnet_db_core::Result<()> {
/// use decnet_db_core::contract::{Rule, RuleState};
///
/// repository.upsert_rule(Rule::new("R0001", 1, "Remote shell"), "rules/R0001.yml", "filesystem").await?;
/// repository.set_rule_state("R0001", RuleState::default(), Some("operator")).await?;
/// for compiled in repository.load_compiled().await? {
///     println!("{} is {}", compiled.rule.rule_id, compiled.state.state.as_str());
/// }
/// # Ok(())
/// # }
/// ```
#[crate::contract]
pub trait Rules: Transactional {
    /// Stores a rule, whole: what is there is replaced, and its state stays.
    ///
    /// # Errors
    /// `InvalidInput` for a missing or unknown member, or one that can't be stored.
    #[write]
    async fn upsert_rule(&self, rule: Rule, source_path: &str, updated_by: &str) -> Result<()>;

    /// Deletes a rule, if it is there; its state stays.
    #[write]
    async fn delete_rule(&self, rule_id: &str) -> Result<()>;

    /// All rules with their states, by id.
    async fn load_compiled(&self) -> Result<Vec<CompiledRule>>;

    /// The state of a rule, which need not exist: enabled when none was set. An expired state is deleted, unless somebody has
    /// set another one meanwhile.
    ///
    /// # Errors
    /// `InvalidInput` when what is stored is none of the three states; `Unavailable` when others set it all the time.
    async fn get_rule_state(&self, rule_id: &str) -> Result<RuleState>;

    /// Sets the state of a rule, which need not exist: all of it, nulls too. `set_by` and `set_at` in it are ignored.
    ///
    /// # Errors
    /// `InvalidInput` for another state than `enabled`, `disabled` and `clipped`, or an unknown member.
    #[write]
    async fn set_rule_state(&self, rule_id: &str, state: RuleState, set_by: Option<&str>) -> Result<()>;

    /// The rules that were written at this instant or later, by (`updated_at`, id): for callers that look again and again.
    ///
    /// On tables that DECNET made on MySQL `updated_at` has whole seconds: begin with one that is cut to the second.
    async fn get_rules_updated_since(&self, watermark: Timestamp) -> Result<Vec<UpdatedRule>>;
}

/// A rule. As JSON: what [`Rules::load_compiled`] returns; `state` and `updated_at` are ignored.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Rule {
    /// Its key, such as `R0001`.
    pub rule_id: String,
    /// Its version.
    pub rule_version: i64,
    /// Its name.
    pub name: String,
    /// What it is for; may be empty.
    pub description: String,
    /// The kinds of sources that it looks at; stored sorted.
    pub applies_to: Vec<String>,
    /// What it looks for: a JSON object.
    pub match_spec: Json,
    /// What it recognises: lists of technique, sub-technique or null, tactic and confidence.
    pub emits: Vec<Emit>,
    /// What goes into the evidence of its tags.
    pub evidence_fields: Vec<String>,
}

/// Technique, sub-technique, tactic and confidence.
pub type Emit = (String, Option<String>, String, f64);

impl Rule {
    /// A rule that looks for nothing yet.
    pub fn new(rule_id: impl Into<String>, rule_version: i64, name: impl Into<String>) -> Self {
        Self {
            rule_id: rule_id.into(),
            rule_version,
            name: name.into(),
            description: String::new(),
            applies_to: Vec::new(),
            match_spec: serde_json::json!({}).into(),
            emits: Vec::new(),
            evidence_fields: Vec::new(),
        }
    }
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Given {
            rule_id: String,
            rule_version: i64,
            name: String,
            #[serde(default)]
            description: Option<String>,
            applies_to: Vec<String>,
            match_spec: Json,
            emits: Vec<Emit>,
            #[serde(default)]
            evidence_fields: Option<Vec<String>>,
            #[serde(default, rename = "state")]
            _state: Option<Json>,
            #[serde(default, rename = "updated_at")]
            _updated_at: Option<Json>,
        }
        let given = Given::deserialize(deserializer)?;
        Ok(Self {
            rule_id: given.rule_id,
            rule_version: given.rule_version,
            name: given.name,
            description: given.description.unwrap_or_default(),
            applies_to: given.applies_to,
            match_spec: given.match_spec,
            emits: given.emits,
            evidence_fields: given.evidence_fields.unwrap_or_default(),
        })
    }
}

/// Whether and how far a rule works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum RuleStatus {
    /// It works.
    #[default]
    Enabled,
    /// It does not.
    Disabled,
    /// It works, and claims no more confidence than the state says.
    Clipped,
}

impl RuleStatus {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::Clipped => "clipped",
        }
    }
}

/// How an operator changed a rule's effect; the default is that nobody did.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RuleState {
    /// Whether and how far the rule works.
    pub state: RuleStatus,
    /// The most confidence that a clipped rule may claim.
    #[serde(default)]
    pub confidence_max: Option<f64>,
    /// When the change ends; null when it stays.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    /// Why it was made.
    #[serde(default)]
    pub reason: Option<String>,
    /// Who made it.
    #[serde(default)]
    pub set_by: Option<String>,
    /// When it was made.
    #[serde(default)]
    pub set_at: Option<Timestamp>,
}

/// A rule with its state.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CompiledRule {
    /// The rule.
    #[serde(flatten)]
    pub rule: Rule,
    /// Its state.
    pub state: RuleState,
}

/// A rule with its state, and when it was written.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct UpdatedRule {
    /// The rule and its state.
    #[serde(flatten)]
    pub compiled: CompiledRule,
    /// When it was written.
    pub updated_at: Timestamp,
}

deserialize_flattened! {
    CompiledRule { rule, state: RuleState }
    UpdatedRule { compiled, updated_at: Timestamp }
}
