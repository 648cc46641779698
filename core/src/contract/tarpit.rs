//! Tarpit rules (contract document 74).

use decnet_db_macros::Record;
use serde::{Deserialize, Serialize};

use super::Transactional;
use crate::error::Result;
use crate::json::JsonOrText;
use crate::sql::Changeset;
use crate::time::Timestamp;

/// Tarpit rules.
///
/// ```
/// # async fn example(repository: &dyn decnet_db_core::contract::Repository) -> decnet_db_core::Result<()> {
/// for rule in repository.list_tarpit_rules().await? {
///     println!("{}", rule.decky_name);
/// }
/// # Ok(())
/// # }
/// ```
#[crate::contract]
pub trait Tarpits: Transactional {
    /// Inserts a rule, or sets the given columns of the one of its `decky_name`.
    ///
    /// A new rule takes a fresh `id` and now as `created_at`; one that is there keeps them unless they are given. Null means
    /// absent for columns that can't be null. Exact under concurrency (ruling R7).
    ///
    /// # Errors
    /// `InvalidInput` without `decky_name`, for a new rule that lacks a member, and for an unknown member or one that its
    /// column can't hold; `Conflict` when the id is taken.
    #[write]
    async fn set_tarpit_rule(&self, data: Changeset<TarpitRule>) -> Result<()>;

    /// The rule of a decky, or null.
    async fn get_tarpit_rule(&self, decky_name: &str) -> Result<Option<TarpitRule>>;

    /// Deletes the rule of a decky and says whether there was one.
    #[write]
    async fn delete_tarpit_rule(&self, decky_name: &str) -> Result<bool>;

    /// The rules, by id. Those of deckies that are gone are there too.
    async fn list_tarpit_rules(&self) -> Result<Vec<TarpitRule>>;
}

/// How one decky is slowed down; the table `tarpit_rules`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Record)]
#[record(table = "tarpit_rules")]
#[non_exhaustive]
pub struct TarpitRule {
    /// The rule's key: a uuid.
    #[column(key, default = uuid)]
    pub id: String,
    /// The decky, unique: a name, or `t:<topology id>:<name>` for a decky of a topology.
    #[column(exact, unique)]
    pub decky_name: String,
    /// The ports that are slowed down: a JSON list of integers; text that is not JSON is shown as text.
    #[column(text, spaced = list)]
    pub ports: JsonOrText,
    /// By how many milliseconds.
    pub delay_ms: i64,
    /// When it was made.
    #[column(default = now)]
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: String,
}
