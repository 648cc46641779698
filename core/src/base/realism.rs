//! Synthetic files and the settings of realism.

use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use super::SqlRepository;
use super::support::{first_chars, in_rounds, same_key};
use crate::contract::unit::UnitOfWork;
use crate::contract::{Realism, RealismConfig, SyntheticFile, SyntheticFileFilter};
use crate::error::Result;
use crate::sql::{Changeset, Sql};
use crate::time::Timestamp;

/// How many characters of a body are kept.
const BODY_CHARS: usize = 65_536;

/// The classes of files that people edit.
const EDITABLE: [&str; 6] = ["note", "todo", "draft", "script", "log_cron", "log_daemon"];

#[async_trait]
impl Realism for SqlRepository {
    async fn list_synthetic_files(
        &self,
        filter: SyntheticFileFilter,
        limit: u64,
        offset: u64,
    ) -> Result<Vec<SyntheticFile>> {
        self.list(|sql| {
            let sql = matching(sql, filter).desc(SyntheticFile::LAST_MODIFIED).desc(SyntheticFile::UUID);
            sql.part(limit, offset)
        })
        .await
    }

    async fn count_synthetic_files(&self, filter: SyntheticFileFilter) -> Result<u64> {
        self.count::<SyntheticFile>(|sql| matching(sql, filter)).await
    }

    async fn get_synthetic_file(&self, uuid: &str) -> Result<Option<SyntheticFile>> {
        self.by(SyntheticFile::UUID, uuid).await
    }

    async fn pick_random_synthetic_file_for_edit(
        &self,
        decky_uuid: &str,
        max_age_days: u64,
    ) -> Result<Option<SyntheticFile>> {
        // A bound before the year 1 is no bound (ruling R18).
        let age = Duration::from_secs(max_age_days.saturating_mul(86_400));
        let since = Timestamp::now().checked_sub(age);
        in_rounds("the files of this decky", || async move {
            let count = self.count::<SyntheticFile>(|sql| editable(sql, decky_uuid, since)).await?;
            if count == 0 {
                return Ok(Some(None));
            }
            // The index has them in this order, so no more is sorted than those of one instant, and of those the keys.
            let picked = self.first::<SyntheticFile>(|sql| {
                sql.and().column(SyntheticFile::UUID).push(" = ").subquery(|sql| {
                    let sql = sql.push("SELECT ").column(SyntheticFile::UUID).from::<SyntheticFile>();
                    let sql = editable(sql, decky_uuid, since).asc(SyntheticFile::LAST_MODIFIED);
                    sql.asc(SyntheticFile::UUID).page(1, random_below(count))
                })
            });
            Ok(picked.await?.map(Some))
        })
        .await
    }

    async fn get_realism_config(&self, key: &str) -> Result<Option<RealismConfig>> {
        self.by(RealismConfig::KEY, key).await
    }
}

/// Adds the conditions of the filter.
fn matching<'s, 'd>(sql: &'s mut Sql<'d>, filter: SyntheticFileFilter) -> &'s mut Sql<'d> {
    sql.only_given(SyntheticFile::DECKY_UUID, filter.decky_uuid)
        .only_given(SyntheticFile::PERSONA, filter.persona)
        .only_given(SyntheticFile::CONTENT_CLASS, filter.content_class)
}

/// Adds that the file is one that people edit, and was modified since.
fn editable<'s, 'd>(sql: &'s mut Sql<'d>, decky_uuid: &str, since: Option<Timestamp>) -> &'s mut Sql<'d> {
    let sql = sql.only(SyntheticFile::DECKY_UUID, decky_uuid);
    if let Some(since) = since {
        sql.and().column(SyntheticFile::LAST_MODIFIED).push(" >= ").bind(since);
    }
    sql.and().column(SyntheticFile::CONTENT_CLASS).push(" IN (").bind_list(EDITABLE).push(")")
}

/// A random number below a bound that is not 0.
fn random_below(bound: u64) -> u64 {
    // 62 bits of a version 4 uuid are random without a gap; no table has so many rows that the remainder would be uneven.
    (Uuid::new_v4().as_u64_pair().1 & (u64::MAX >> 2)) % bound
}

/// The body, cut to what is kept of it.
fn with_body_cut(data: Changeset<SyntheticFile>) -> Changeset<SyntheticFile> {
    match data.text(SyntheticFile::LAST_BODY) {
        Some(body) => {
            let kept = first_chars(body, BODY_CHARS).to_owned();
            data.set(SyntheticFile::LAST_BODY, kept)
        }
        None => data,
    }
}

/// Synthetic files and the settings of realism: see [`Realism`].
impl<'r, T> UnitOfWork<'r, T> {
    /// See [`Realism::record_synthetic_file`].
    pub fn record_synthetic_file(self, data: Changeset<SyntheticFile>) -> UnitOfWork<'r, String> {
        self.returning(|steps| steps.insert_with_uuid(SyntheticFile::UUID, with_body_cut(data)))
    }

    /// See [`Realism::update_synthetic_file`].
    pub fn update_synthetic_file(self, row_uuid: &str, data: Changeset<SyntheticFile>) -> UnitOfWork<'r> {
        self.steps(|steps| {
            let mut data = with_body_cut(data);
            same_key(&mut data, SyntheticFile::UUID, row_uuid)?;
            if !data.is_empty() {
                steps.execute(|sql| {
                    sql.update::<SyntheticFile>().set_all(data).only(SyntheticFile::UUID, row_uuid)
                })?;
            }
            Ok(())
        })
    }

    /// See [`Realism::set_realism_config`].
    pub fn set_realism_config(self, key: &str, value: &str) -> UnitOfWork<'r> {
        let data = Changeset::new()
            .set(RealismConfig::KEY, key)
            .set(RealismConfig::VALUE, value)
            .set(RealismConfig::UPDATED_AT, Timestamp::now());
        self.steps(|steps| steps.upsert_by(&[RealismConfig::KEY.column()], &[], data))
    }
}
