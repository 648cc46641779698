//! Canary files, tokens and their hits (contract document 74).

use std::collections::BTreeMap;

use decnet_db_macros::{Arguments, Record};
use serde::{Deserialize, Serialize};

use super::{Cursor, Page, Transactional};
use crate::error::{ErrorKind, Result};
use crate::json::Json;
use crate::sql::Changeset;
use crate::time::Timestamp;

/// Canary files, tokens and their hits.
///
/// ```
/// # async fn example(repository: &dyn decnet_db_core::contract::Repository) -> decnet_db_core::Result<()> {
/// use decnet_db_core::contract::CanaryTrigger;
/// use decnet_db_core::sql::Changeset;
///
/// if let Some(token) = repository.get_canary_token_by_slug("the slug of a callback").await? {
///     let hit = Changeset::new().set(CanaryTrigger::TOKEN_UUID, token.uuid).set(CanaryTrigger::SRC_IP, "203.0.113.7");
///     repository.record_canary_trigger(hit).await?;
/// }
/// # Ok(())
/// # }
/// ```
#[crate::contract]
pub trait Canaries: Transactional {
    /// The blob with that `sha256`; where there is none it is inserted.
    ///
    /// A blob that is there stays as it is, and nothing else is needed to find it (ruling R18). Exact under concurrency.
    ///
    /// # Errors
    /// `InvalidInput` without `sha256`, for a new blob that lacks a member, and for an unknown member or one that its column
    /// can't hold; `Conflict` when the uuid is taken.
    #[write]
    async fn upsert_canary_blob(&self, data: Changeset<CanaryBlob>) -> Result<CanaryBlob>;

    /// The blob with that uuid, or null.
    async fn get_canary_blob(&self, uuid: &str) -> Result<Option<CanaryBlob>>;

    /// The blob with that hash, or null.
    async fn get_canary_blob_by_sha256(&self, sha256: &str) -> Result<Option<CanaryBlob>>;

    /// The blobs, latest first, with the number of tokens that refer to each.
    async fn list_canary_blobs(&self) -> Result<Vec<ListedBlob>>;

    /// Deletes a blob that no token refers to, whatever the token's state, and says whether there was one.
    #[writes]
    async fn delete_canary_blob(&self, uuid: &str) -> Result<bool> {
        let deleted = self.unit().delete_canary_blob(uuid).commit().await;
        match deleted {
            // On engines where a token can come while the blob is being deleted.
            Err(error) if error.kind() == ErrorKind::Conflict => Ok(false),
            other => other,
        }
    }

    /// Inserts a token; columns that are absent or null take their defaults.
    ///
    /// # Errors
    /// `Conflict` when the uuid or the callback token is taken, or for a blob that does not exist; `InvalidInput` for a
    /// missing or unknown member or one that its column can't hold.
    #[write]
    async fn create_canary_token(&self, data: Changeset<CanaryToken>) -> Result<()>;

    /// The token with that uuid, in any state, or null.
    async fn get_canary_token(&self, uuid: &str) -> Result<Option<CanaryToken>>;

    /// The planted token that this callback token calls, or null.
    async fn get_canary_token_by_slug(&self, callback_token: &str) -> Result<Option<CanaryToken>>;

    /// The tokens that the filter leaves, latest first; those of one instant by descending uuid.
    /// [`get_canary_tokens_page`](Self::get_canary_tokens_page) has them in pages.
    async fn list_canary_tokens(&self, #[arguments] filter: CanaryTokenFilter) -> Result<Vec<CanaryToken>>;

    /// The tokens that the filter leaves, by uuid, page by page.
    ///
    /// # Errors
    /// `InvalidInput` for a limit below 1, or a cursor of another list.
    async fn get_canary_tokens_page(
        &self,
        #[arguments] filter: CanaryTokenFilter,
        #[default(1000)] limit: u64,
        #[doc = "`next` of the page before"] after: Option<CanaryTokenCursor>,
    ) -> Result<Page<CanaryToken, CanaryTokenCursor>>;

    /// Sets a token's state and its error, which is cleared when it is absent, and says whether there is such a token.
    ///
    /// # Errors
    /// `InvalidInput` for a state of more than 255 characters.
    #[write]
    async fn update_canary_token_state(
        &self,
        uuid: &str,
        state: &str,
        last_error: Option<&str>,
    ) -> Result<bool>;

    /// Records a hit, counts it on its token, and returns the hit's uuid: the given one, or a fresh one.
    ///
    /// The token's `last_triggered_at` becomes the hit's `occurred_at`, whichever came last. No hit is lost, however many
    /// come at once.
    ///
    /// # Errors
    /// `Conflict` for a token that does not exist (ruling R15), or when the uuid is taken; `InvalidInput` for a missing or
    /// unknown member or one that its column can't hold.
    #[write]
    async fn record_canary_trigger(&self, data: Changeset<CanaryTrigger>) -> Result<String>;

    /// The hits on a token, latest first; those of one instant by descending uuid.
    ///
    /// # Errors
    /// `InvalidInput` for a negative limit or offset.
    async fn list_canary_triggers(
        &self,
        token_uuid: &str,
        #[default(100)] limit: u64,
        #[default(0)] offset: u64,
    ) -> Result<Vec<CanaryTrigger>>;

    /// Attributes a hit to an attacker, whatever it was attributed to, and says whether there is such a hit.
    ///
    /// # Errors
    /// `InvalidInput` for an id of more than 255 characters.
    #[write]
    async fn attribute_canary_trigger(&self, trigger_uuid: &str, attacker_id: &str) -> Result<bool>;

    /// The hits at or after an instant, by uuid; [`get_canary_triggers_page`](Self::get_canary_triggers_page) has them in pages.
    async fn iter_canary_triggers_since(&self, since: Timestamp) -> Result<Vec<CanaryTrigger>>;

    /// The hits at or after an instant, by uuid, page by page.
    ///
    /// # Errors
    /// `InvalidInput` for a limit below 1, or a cursor of another list.
    async fn get_canary_triggers_page(
        &self,
        since: Timestamp,
        #[default(1000)] limit: u64,
        #[doc = "`next` of the page before"] after: Option<CanaryTriggerCursor>,
    ) -> Result<Page<CanaryTrigger, CanaryTriggerCursor>>;
}

/// Where a page of tokens ended.
pub type CanaryTokenCursor = Cursor<CanaryToken>;

/// Where a page of hits ended.
pub type CanaryTriggerCursor = Cursor<CanaryTrigger>;

/// Which tokens: all conditions that are given must hold, that of an empty text too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Arguments)]
#[non_exhaustive]
pub struct CanaryTokenFilter {
    /// On this decky.
    pub decky_name: Option<String>,
    /// In this state.
    pub state: Option<String>,
    /// Of this kind.
    pub kind: Option<String>,
    /// In this topology.
    pub topology_id: Option<String>,
}

impl CanaryTokenFilter {
    /// All tokens.
    pub fn all() -> Self {
        Self::default()
    }
}

/// A file that an operator uploaded to be turned into canaries; the table `canary_blobs`.
///
/// Only what is known about it: the bytes lie in a file named after `sha256`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Record)]
#[record(table = "canary_blobs", derived(token_count))]
#[non_exhaustive]
pub struct CanaryBlob {
    /// The blob's key: a uuid.
    #[column(key, default = uuid)]
    pub uuid: String,
    /// SHA-256 of its bytes: 64 hex digits, unique.
    #[column(exact, unique)]
    pub sha256: String,
    /// The name that it was uploaded under.
    pub filename: String,
    /// Its media type.
    pub content_type: String,
    /// How many bytes it has.
    pub size_bytes: i64,
    /// The uuid of the user who uploaded it.
    #[column(index)]
    pub uploaded_by: String,
    /// When it was uploaded.
    #[column(default = now)]
    pub uploaded_at: Timestamp,
}

/// A blob as [`Canaries::list_canary_blobs`] shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ListedBlob {
    /// The blob.
    #[serde(flatten)]
    pub blob: CanaryBlob,
    /// How many tokens refer to it, in any state.
    pub token_count: u64,
}

/// A canary that was planted on a decky; the table `canary_tokens`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Record)]
#[record(table = "canary_tokens", index(ix_canary_tokens_decky(decky_name, state)))]
#[non_exhaustive]
pub struct CanaryToken {
    /// The token's key: a uuid.
    #[column(key, default = uuid)]
    pub uuid: String,
    /// How a hit reports itself: `http`, `dns` or `aws_passive`.
    #[column(index)]
    pub kind: String,
    /// The decky that holds it.
    #[column(index)]
    pub decky_name: String,
    /// The topology of that decky; null for a decky of the fleet. Not a foreign key.
    #[column(index)]
    pub topology_id: Option<String>,
    /// The blob that it was made from; null when it was generated.
    #[column(index, references(CanaryBlob::UUID))]
    pub blob_uuid: Option<String>,
    /// What put the canary into the blob; null when it was generated.
    pub instrumenter: Option<String>,
    /// What generated it, such as `git_config`, `ssh_key` or `honeydoc_pdf`; null when a blob was
    /// instrumented.
    pub generator: Option<String>,
    /// Where it lies on the decky.
    pub placement_path: String,
    /// The secret part of the address that a hit calls, unique.
    #[column(exact, unique)]
    pub callback_token: String,
    /// The seed that its generated secrets follow from.
    pub secret_seed: String,
    /// When it was planted.
    #[column(default = now)]
    pub placed_at: Timestamp,
    /// When the hit that was recorded last happened; null without one.
    #[column(index)]
    pub last_triggered_at: Option<Timestamp>,
    /// How many hits were recorded.
    #[column(default = 0)]
    pub trigger_count: i64,
    /// The uuid of the user who planted it, or a label such as `system`.
    #[column(index)]
    pub created_by: String,
    /// `planted`, `revoked` or `failed`.
    #[column(index, default = "planted")]
    pub state: String,
    /// Why planting it failed.
    #[column(long)]
    pub last_error: Option<String>,
    /// The nonce of a page that takes the visitor's fingerprint; null for other canaries.
    #[column(len = 16)]
    pub fingerprint_nonce: Option<String>,
}

/// A hit on a canary; the table `canary_triggers`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Record)]
#[record(
    table = "canary_triggers",
    index(ix_canary_triggers_attacker(attacker_id)),
    index(ix_canary_triggers_token_ts(token_uuid, occurred_at))
)]
#[non_exhaustive]
pub struct CanaryTrigger {
    /// The hit's key: a uuid.
    #[column(key, default = uuid)]
    pub uuid: String,
    /// The token that was hit.
    #[column(index, references(CanaryToken::UUID))]
    pub token_uuid: String,
    /// When it happened.
    #[column(default = now)]
    pub occurred_at: Timestamp,
    /// The address that it came from.
    #[column(index)]
    pub src_ip: String,
    /// What the client called itself; null for DNS.
    #[column(cut)]
    pub user_agent: Option<String>,
    /// The path that was requested; null for DNS.
    #[column(cut)]
    pub request_path: Option<String>,
    /// The name that was looked up; null for HTTP.
    #[column(cut)]
    pub dns_qname: Option<String>,
    /// The request's headers: the text of a JSON object, shown as text; a map is accepted too.
    #[column(long, default = "{}", spaced = map)]
    pub raw_headers: String,
    /// The uuid of the attacker that the hit was attributed to; null until it was.
    #[column(index)]
    pub attacker_id: Option<String>,
}

impl CanaryTrigger {
    /// The request's headers by name; none where `raw_headers` is no JSON object.
    pub fn headers(&self) -> BTreeMap<String, Json> {
        serde_json::from_str(&self.raw_headers).unwrap_or_default()
    }
}

debug_without_secrets! {
    CanaryToken {
        uuid kind decky_name topology_id blob_uuid instrumenter generator placement_path placed_at
        last_triggered_at trigger_count created_by state last_error fingerprint_nonce
    }
}

deserialize_flattened! {
    ListedBlob { blob, token_count: u64 }
}
