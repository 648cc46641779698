//! Synthetic files on deckies, and the settings of what makes them (contract document 76).

use decnet_db_macros::Record;
use serde::Serialize;

use crate::time::Timestamp;

/// A file that was written onto a decky to make it look lived in; the table `synthetic_files`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Record)]
#[record(
    table = "synthetic_files",
    unique(uq_synthetic_files_decky_path(decky_uuid, path)),
    index(ix_synthetic_files_decky_modified(decky_uuid, last_modified))
)]
pub struct SyntheticFile {
    /// The file's key: a uuid.
    #[column(key)]
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
    #[column(index)]
    pub created_at: Timestamp,
    /// When it was last changed.
    pub last_modified: Timestamp,
    /// How often it was changed.
    pub edit_count: i64,
    /// SHA-256 of the whole body: 64 hex digits, as the caller gave it.
    #[column(len = 64)]
    pub content_hash: String,
    /// The body, cut at 65536 characters.
    #[column(long)]
    pub last_body: String,
}

/// A setting of the realism engine; the table `realism_config`.
#[derive(Clone, PartialEq, Eq, Serialize, Record)]
#[record(table = "realism_config")]
pub struct RealismConfig {
    /// The row's key: a uuid.
    #[column(key)]
    pub uuid: String,
    /// The setting's name, unique; `weights` and `llm` are in use.
    #[column(unique, len = 64)]
    pub key: String,
    /// Its JSON text, shown as text; that of `llm` holds an encrypted API key.
    #[column(long)]
    pub value: String,
    /// When the row was last written.
    pub updated_at: Timestamp,
}

debug_without_secrets! {
    RealismConfig { uuid key updated_at }
}
