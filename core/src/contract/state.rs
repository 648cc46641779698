//! Named JSON values: cursors and settings (contract document 40).

use decnet_db_macros::Record;
use serde::{Deserialize, Serialize};

use super::Transactional;
use crate::error::Result;
use crate::json::{Json, JsonOrText};

/// Named JSON values: cursors and settings.
///
/// ```
/// # async fn example(repository: &dyn decnet_db_core::contract::Repository) -> decnet_db_core::Result<()> {
/// repository.set_state("my-position", serde_json::json!({"position": 4096}).into()).await?;
/// if let Some(value) = repository.get_state("my-position").await? {
///     assert_eq!(value.as_str(), r#"{"position":4096}"#);
/// }
/// # Ok(())
/// # }
/// ```
#[crate::contract]
pub trait State: Transactional {
    /// The value of a key; null when there is none, which a stored null can't be told from.
    ///
    /// # Errors
    /// `Backend` when the stored text is not JSON.
    async fn get_state(&self, key: &str) -> Result<Option<Json>>;

    /// Stores a value under a key as compact JSON, replacing what is there.
    ///
    /// # Errors
    /// `InvalidInput` for a key of more than 255 characters, an integer beyond 64 bits, or nesting beyond 128 levels.
    #[write]
    async fn set_state(&self, key: &str, #[default(Json::null())] value: Json) -> Result<()>;
}

/// A named value; the table `state`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Record)]
#[record(table = "state")]
#[non_exhaustive]
pub struct StateEntry {
    /// Its name.
    #[column(exact, key)]
    pub key: String,
    /// Its JSON text.
    #[column(exact, long)]
    pub value: JsonOrText,
}
