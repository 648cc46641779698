//! Campaigns: what groups identities (contract document 82).

use decnet_db_macros::Record;
use serde::{Deserialize, Serialize};

use super::{AttackerIdentity, Cursor, Page, Transactional};
use crate::error::Result;
use crate::sql::Changeset;
use crate::time::Timestamp;

/// Campaigns: what groups identities.
///
/// ```
/// # async fn example(repository: &dyn decnet_db_core::contract::Repository) -> decnet_db_core::Result<()> {
/// use decnet_db_core::contract::Campaign;
///
/// let uuid = repository.create_campaign(Default::default()).await?;
/// repository.set_identity_campaign_id("an identity's uuid", Some(&uuid)).await?;
/// let campaign: Option<Campaign> = repository.get_campaign_by_uuid(&uuid).await?;
/// # Ok(())
/// # }
/// ```
#[crate::contract]
pub trait Campaigns: Transactional {
    /// Inserts a campaign; its uuid. What is absent or null takes its default.
    ///
    /// # Errors
    /// `InvalidInput` without `uuid`, and for an unknown member or one that its column can't hold; `Conflict` when the uuid
    /// is taken, or no campaign has the given `merged_into_uuid`.
    #[write]
    async fn create_campaign(&self, row: Changeset<Campaign>) -> Result<String>;

    /// The campaign with that uuid, or the one that it was merged into in the end; null when one on the way is missing.
    ///
    /// Merges and rings are followed as by [`get_identity_by_uuid`](super::Identities::get_identity_by_uuid).
    async fn get_campaign_by_uuid(&self, uuid: &str) -> Result<Option<Campaign>>;

    /// The campaigns that are not merged, those written last first, those of one instant by descending uuid.
    ///
    /// # Errors
    /// `InvalidInput` for a negative limit or offset.
    async fn list_campaigns(
        &self,
        #[default(50)] limit: u64,
        #[default(0)] offset: u64,
    ) -> Result<Vec<Campaign>>;

    /// How many campaigns are not merged.
    async fn count_campaigns(&self) -> Result<u64>;

    /// All campaigns, merged ones too, in the order of their making. Reads the whole table;
    /// [`get_campaigns_page`](Self::get_campaigns_page) has them in pages.
    async fn list_all_campaigns(&self) -> Result<Vec<Campaign>>;

    /// All campaigns, merged ones too, by uuid, page by page.
    ///
    /// # Errors
    /// `InvalidInput` for a limit below 1, or a cursor of another list.
    async fn get_campaigns_page(
        &self,
        #[default(1000)] limit: u64,
        #[doc = "`next` of the page before"] after: Option<CampaignCursor>,
    ) -> Result<Page<Campaign, CampaignCursor>>;

    /// The identities of a campaign, merged ones too, those written last first; merges of campaigns are not followed.
    ///
    /// # Errors
    /// `InvalidInput` for a negative limit or offset.
    async fn list_identities_for_campaign(
        &self,
        campaign_uuid: &str,
        #[default(50)] limit: u64,
        #[default(0)] offset: u64,
    ) -> Result<Vec<AttackerIdentity>>;

    /// How many identities a campaign has, merged ones too; merges of campaigns are not followed.
    async fn count_identities_for_campaign(&self, campaign_uuid: &str) -> Result<u64>;

    /// Says which campaign an identity takes part in, null that none; an unknown identity changes nothing.
    ///
    /// # Errors
    /// `Conflict` when no campaign has the uuid.
    #[write(conflict = "campaign_uuid: no campaign has this uuid")]
    async fn set_identity_campaign_id(&self, identity_uuid: &str, campaign_uuid: Option<&str>) -> Result<()>;

    /// Says which campaign replaces this one, null that none does; an unknown campaign changes nothing.
    ///
    /// # Errors
    /// `Conflict` when no campaign has the winner's uuid, and for a merge into itself or into a ring (ruling R19).
    #[write(conflict = "winner_uuid: no campaign has this uuid")]
    async fn update_campaign_merged_into(&self, campaign_uuid: &str, winner_uuid: Option<&str>)
    -> Result<()>;
}

/// Where a page of campaigns ended.
pub type CampaignCursor = Cursor<Campaign>;

/// An operation that several identities take part in; the table `campaigns`.
///
/// The lists stay JSON text when it serialises.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(table = "campaigns")]
#[non_exhaustive]
pub struct Campaign {
    /// The campaign's key: a uuid.
    #[column(key)]
    pub uuid: String,
    /// The version of the row's layout: 1.
    #[column(int32, default = 1)]
    pub schema_version: i64,
    /// When the first of its identities was first seen.
    #[column(index)]
    pub first_seen_at: Option<Timestamp>,
    /// When one of its identities was last seen.
    #[column(index)]
    pub last_seen_at: Option<Timestamp>,
    /// When the row was made.
    #[column(index, default = now)]
    pub created_at: Timestamp,
    /// When the row was last written.
    #[column(index, default = now)]
    pub updated_at: Timestamp,
    /// How sure the grouping is, from 0 to 1; null when not computed.
    pub confidence: Option<f64>,
    /// How many identities it had when it was made.
    #[column(default = 0)]
    pub identity_count: i64,
    /// JA3 fingerprints of its TLS clients: the text of a JSON list of text.
    #[column(long, spaced = list)]
    pub ja3_hashes: Option<String>,
    /// HASSH fingerprints of its SSH clients: the text of a JSON list of text.
    #[column(long, spaced = list)]
    pub hassh_hashes: Option<String>,
    /// SHA-256 of certificates that it showed: the text of a JSON list of text.
    #[column(long, spaced = list)]
    pub tls_cert_sha256: Option<String>,
    /// Similarity hashes of its payloads: the text of a JSON list of text.
    #[column(long, spaced = list)]
    pub payload_simhashes: Option<String>,
    /// Its command-and-control endpoints: the text of a JSON list of text.
    #[column(long, spaced = list)]
    pub c2_endpoints: Option<String>,
    /// The campaign that replaces this one; null while it stands for itself.
    #[column(index, references(Campaign::UUID))]
    pub merged_into_uuid: Option<String>,
    /// The operator's notes.
    #[column(long)]
    pub notes: Option<String>,
}
