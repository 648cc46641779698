//! Synthetic files on deckies, and the settings of what makes them (contract document 76).

use decnet_db_macros::{Arguments, Record};
use serde::{Deserialize, Serialize};

use super::Transactional;
use crate::error::Result;
use crate::sql::Changeset;
use crate::time::Timestamp;

/// Synthetic files on deckies, and the settings of what makes them.
///
/// ```
/// # async fn example(repository: &dyn decnet_db_core::contract::Repository) -> decnet_db_core::Result<()> {
/// repository.set_realism_config("edit_rate", "0.2").await?;
/// if let Some(file) = repository.pick_random_synthetic_file_for_edit("a decky's uuid", 30).await? {
///     println!("{}", file.path);
/// }
/// # Ok(())
/// # }
/// ```
#[crate::contract]
pub trait Realism: Transactional {
    /// Inserts a file and returns its uuid: the given one, or a fresh one. Of the body 65536 characters are kept.
    ///
    /// # Errors
    /// `Conflict` when the decky has a file of this path, or the uuid is taken; `InvalidInput` for a missing or unknown
    /// member or one that its column can't hold.
    #[write]
    async fn record_synthetic_file(&self, data: Changeset<SyntheticFile>) -> Result<String>;

    /// Sets exactly the given columns of a file; an unknown uuid or an empty map changes nothing.
    ///
    /// # Errors
    /// `InvalidInput` for another uuid (ruling R18), an unknown column or a value that its column can't hold; `Conflict` when
    /// the decky has a file of the new path.
    #[write]
    async fn update_synthetic_file(&self, row_uuid: &str, data: Changeset<SyntheticFile>) -> Result<()>;

    /// The files that the filter leaves, the last modified first; those of one instant by descending uuid.
    ///
    /// # Errors
    /// `InvalidInput` for a negative limit or offset.
    async fn list_synthetic_files(
        &self,
        #[arguments] filter: SyntheticFileFilter,
        #[default(100)] limit: u64,
        #[default(0)] offset: u64,
    ) -> Result<Vec<SyntheticFile>>;

    /// How many files the filter leaves.
    async fn count_synthetic_files(&self, #[arguments] filter: SyntheticFileFilter) -> Result<u64>;

    /// The file with that uuid, or null.
    async fn get_synthetic_file(&self, uuid: &str) -> Result<Option<SyntheticFile>>;

    /// One of a decky's files that people edit and that were modified in the last days, or null: each with equal chance.
    ///
    /// Those are notes, to-do lists, drafts, scripts and logs. The database counts them and goes to one of them by index.
    ///
    /// # Errors
    /// `InvalidInput` for a negative number of days; `Unavailable` when files keep vanishing while one is picked.
    async fn pick_random_synthetic_file_for_edit(
        &self,
        decky_uuid: &str,
        #[default(30)] max_age_days: u64,
    ) -> Result<Option<SyntheticFile>>;

    /// A setting, or null.
    async fn get_realism_config(&self, key: &str) -> Result<Option<RealismConfig>>;

    /// Stores a setting's text, which is JSON by convention, replacing what is there. Exact under concurrency (ruling R7).
    ///
    /// # Errors
    /// `InvalidInput` for a key of more than 64 characters or a value that is no text.
    #[write]
    async fn set_realism_config(&self, key: &str, value: &str) -> Result<()>;
}

/// Which files: all conditions that are given must hold, that of an empty text too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Arguments)]
#[non_exhaustive]
pub struct SyntheticFileFilter {
    /// On this decky.
    pub decky_uuid: Option<String>,
    /// Of this persona.
    pub persona: Option<String>,
    /// Of this class.
    pub content_class: Option<String>,
}

impl SyntheticFileFilter {
    /// All files.
    pub fn all() -> Self {
        Self::default()
    }
}

/// A file that was written onto a decky to make it look lived in; the table `synthetic_files`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Record)]
#[record(
    table = "synthetic_files",
    unique(uq_synthetic_files_decky_path(decky_uuid, path)),
    index(ix_synthetic_files_decky_modified(decky_uuid, last_modified))
)]
#[non_exhaustive]
pub struct SyntheticFile {
    /// The file's key: a uuid.
    #[column(key, default = uuid)]
    pub uuid: String,
    /// The decky: the uuid of one in a topology, or `<host uuid>:<name>`.
    #[column(index, len = 64)]
    pub decky_uuid: String,
    /// Its path, unique on the decky.
    #[column(len = 512)]
    pub path: String,
    /// Who is supposed to have written it.
    #[column(len = 128)]
    pub persona: String,
    /// `note`, `todo`, `draft`, `script`, `log_cron`, `log_daemon`, `cache_tmp`, `email` or `canary_…`.
    #[column(index, len = 32)]
    pub content_class: String,
    /// When it was first written.
    #[column(index, default = now)]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[column(default = now)]
    pub last_modified: Timestamp,
    /// How often it was changed.
    #[column(default = 0)]
    pub edit_count: i64,
    /// SHA-256 of the whole body: 64 hex digits, as the caller gave it.
    #[column(len = 64)]
    pub content_hash: String,
    /// The body, cut at 65536 characters.
    #[column(long, default = "", cut)]
    pub last_body: String,
}

/// A setting of the realism engine; the table `realism_config`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Record)]
#[record(table = "realism_config")]
#[non_exhaustive]
pub struct RealismConfig {
    /// The row's key: a uuid.
    #[column(key, default = uuid)]
    pub uuid: String,
    /// The setting's name, unique; `weights` and `llm` are in use.
    #[column(exact, unique, len = 64)]
    pub key: String,
    /// Its JSON text, shown as text; that of `llm` holds an encrypted API key.
    #[column(long, default = "{}")]
    pub value: String,
    /// When the row was last written.
    #[column(default = now)]
    pub updated_at: Timestamp,
}

debug_without_secrets! {
    RealismConfig { uuid key updated_at }
}
