//! Campaigns.

use async_trait::async_trait;

use super::SqlRepository;
use super::support::not_into_itself;
use crate::contract::unit::UnitOfWork;
use crate::contract::{AttackerIdentity, Campaign, CampaignCursor, Campaigns, Page};
use crate::error::Result;
use crate::sql::{Changeset, Value};
use crate::time::Timestamp;

#[async_trait]
impl Campaigns for SqlRepository {
    async fn get_campaign_by_uuid(&self, uuid: &str) -> Result<Option<Campaign>> {
        self.merged(Campaign::UUID, uuid).await
    }

    async fn list_campaigns(&self, limit: u64, offset: u64) -> Result<Vec<Campaign>> {
        self.list(|sql| {
            let sql = sql.only(Campaign::MERGED_INTO_UUID, Value::Null);
            sql.desc(Campaign::UPDATED_AT).desc(Campaign::UUID).part(limit, offset)
        })
        .await
    }

    async fn count_campaigns(&self) -> Result<u64> {
        self.count::<Campaign>(|sql| sql.only(Campaign::MERGED_INTO_UUID, Value::Null)).await
    }

    async fn list_all_campaigns(&self) -> Result<Vec<Campaign>> {
        self.list(|sql| sql.asc(Campaign::CREATED_AT).asc(Campaign::UUID)).await
    }

    async fn get_campaigns_page(
        &self,
        limit: u64,
        after: Option<CampaignCursor>,
    ) -> Result<Page<Campaign, CampaignCursor>> {
        let uuid = |campaign: &Campaign| campaign.uuid.clone();
        self.page_by_key(Campaign::UUID, uuid, limit, after, |sql| sql).await
    }

    async fn list_identities_for_campaign(
        &self,
        campaign_uuid: &str,
        limit: u64,
        offset: u64,
    ) -> Result<Vec<AttackerIdentity>> {
        self.list(|sql| {
            let sql = sql.only(AttackerIdentity::CAMPAIGN_ID, campaign_uuid);
            sql.desc(AttackerIdentity::UPDATED_AT).desc(AttackerIdentity::UUID).part(limit, offset)
        })
        .await
    }

    async fn count_identities_for_campaign(&self, campaign_uuid: &str) -> Result<u64> {
        self.count::<AttackerIdentity>(|sql| sql.only(AttackerIdentity::CAMPAIGN_ID, campaign_uuid)).await
    }
}

/// Campaigns: see [`Campaigns`].
impl<'r, T> UnitOfWork<'r, T> {
    /// See [`Campaigns::create_campaign`].
    pub fn create_campaign(self, row: Changeset<Campaign>) -> UnitOfWork<'r, String> {
        self.returning(|steps| {
            not_into_itself(row.text(Campaign::UUID), row.text(Campaign::MERGED_INTO_UUID))?;
            let uuid = row.text(Campaign::UUID).unwrap_or_default().to_owned();
            steps.insert(row.insert()?);
            Ok(|_: &mut _| Ok(uuid))
        })
    }

    /// See [`Campaigns::set_identity_campaign_id`].
    pub fn set_identity_campaign_id(
        self,
        identity_uuid: &str,
        campaign_uuid: Option<&str>,
    ) -> UnitOfWork<'r> {
        self.execute(|sql| {
            sql.update::<AttackerIdentity>()
                .set(AttackerIdentity::CAMPAIGN_ID, campaign_uuid)
                .set(AttackerIdentity::UPDATED_AT, Timestamp::now())
                .only(AttackerIdentity::UUID, identity_uuid)
        })
    }

    /// See [`Campaigns::update_campaign_merged_into`].
    pub fn update_campaign_merged_into(
        self,
        campaign_uuid: &str,
        winner_uuid: Option<&str>,
    ) -> UnitOfWork<'r> {
        let columns = (Campaign::UUID, Campaign::MERGED_INTO_UUID, Campaign::UPDATED_AT);
        self.steps(|steps| steps.merge(columns, campaign_uuid, winner_uuid))
    }
}
