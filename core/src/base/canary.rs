//! Canary files, tokens and their hits.

use async_trait::async_trait;
use uuid::Uuid;

use super::SqlRepository;
use super::support::broken;
use crate::contract::unit::{UnitOfWork, any};
use crate::contract::{
    Canaries, CanaryBlob, CanaryToken, CanaryTokenCursor, CanaryTokenFilter, CanaryTrigger,
    CanaryTriggerCursor, ListedBlob, Page,
};
use crate::error::{Error, Result};
use crate::sql::{Changeset, Expect, Receipt, Record, Sql, Value};
use crate::time::Timestamp;

#[async_trait]
impl Canaries for SqlRepository {
    async fn get_canary_blob(&self, uuid: &str) -> Result<Option<CanaryBlob>> {
        self.by(CanaryBlob::UUID, uuid).await
    }

    async fn get_canary_blob_by_sha256(&self, sha256: &str) -> Result<Option<CanaryBlob>> {
        self.by(CanaryBlob::SHA256, sha256).await
    }

    async fn list_canary_blobs(&self) -> Result<Vec<ListedBlob>> {
        let mut sql = self.sql();
        sql.push("SELECT ").columns(CanaryBlob::TABLE.columns);
        sql.push(", (SELECT COUNT(*) FROM canary_tokens t WHERE t.blob_uuid = canary_blobs.uuid)");
        sql.from::<CanaryBlob>().desc(CanaryBlob::UPLOADED_AT).desc(CanaryBlob::UUID);
        self.read(sql).await?.decode(|row| {
            Ok(ListedBlob { blob: CanaryBlob::decode(row)?, token_count: row.value("token_count")? })
        })
    }

    async fn get_canary_token(&self, uuid: &str) -> Result<Option<CanaryToken>> {
        self.by(CanaryToken::UUID, uuid).await
    }

    async fn get_canary_token_by_slug(&self, callback_token: &str) -> Result<Option<CanaryToken>> {
        self.first(|sql| {
            let sql = sql.only(CanaryToken::CALLBACK_TOKEN, callback_token);
            sql.only(CanaryToken::STATE, "planted")
        })
        .await
    }

    async fn list_canary_tokens(&self, filter: CanaryTokenFilter) -> Result<Vec<CanaryToken>> {
        self.list(|sql| left_by(sql, filter).desc(CanaryToken::PLACED_AT).desc(CanaryToken::UUID)).await
    }

    async fn get_canary_tokens_page(
        &self,
        filter: CanaryTokenFilter,
        limit: u64,
        after: Option<CanaryTokenCursor>,
    ) -> Result<Page<CanaryToken, CanaryTokenCursor>> {
        let uuid = |token: &CanaryToken| token.uuid.clone();
        self.page_by_key(CanaryToken::UUID, uuid, limit, after, |sql| left_by(sql, filter)).await
    }

    async fn list_canary_triggers(
        &self,
        token_uuid: &str,
        limit: u64,
        offset: u64,
    ) -> Result<Vec<CanaryTrigger>> {
        self.list(|sql| {
            let sql = sql.only(CanaryTrigger::TOKEN_UUID, token_uuid).desc(CanaryTrigger::OCCURRED_AT);
            sql.desc(CanaryTrigger::UUID).part(limit, offset)
        })
        .await
    }

    async fn iter_canary_triggers_since(&self, since: Timestamp) -> Result<Vec<CanaryTrigger>> {
        self.list(|sql| at_or_after(sql, since).asc(CanaryTrigger::UUID)).await
    }

    async fn get_canary_triggers_page(
        &self,
        since: Timestamp,
        limit: u64,
        after: Option<CanaryTriggerCursor>,
    ) -> Result<Page<CanaryTrigger, CanaryTriggerCursor>> {
        let uuid = |hit: &CanaryTrigger| hit.uuid.clone();
        self.page_by_key(CanaryTrigger::UUID, uuid, limit, after, |sql| at_or_after(sql, since)).await
    }
}

fn left_by<'s, 'd>(sql: &'s mut Sql<'d>, filter: CanaryTokenFilter) -> &'s mut Sql<'d> {
    sql.only_given(CanaryToken::DECKY_NAME, filter.decky_name)
        .only_given(CanaryToken::STATE, filter.state)
        .only_given(CanaryToken::KIND, filter.kind)
        .only_given(CanaryToken::TOPOLOGY_ID, filter.topology_id)
}

fn at_or_after<'s, 'd>(sql: &'s mut Sql<'d>, since: Timestamp) -> &'s mut Sql<'d> {
    sql.and().column(CanaryTrigger::OCCURRED_AT).push(" >= ").bind(since)
}

/// Canary files, tokens and their hits: see [`Canaries`].
impl<'r, T> UnitOfWork<'r, T> {
    /// See [`Canaries::upsert_canary_blob`].
    pub fn upsert_canary_blob(self, data: Changeset<CanaryBlob>) -> UnitOfWork<'r, CanaryBlob> {
        self.returning(|steps| {
            let sha256 = data.clone().require_text(CanaryBlob::SHA256)?;
            if sha256.is_empty() {
                return Err(Error::invalid_input("sha256", "must not be empty"));
            }
            let columns: Vec<_> = CanaryBlob::TABLE.columns.iter().collect();
            steps.upsert_by(&[CanaryBlob::SHA256.column()], &columns, data)?;
            let find = steps.query(|sql| sql.select(CanaryBlob::TABLE).only(CanaryBlob::SHA256, sha256))?;
            Ok(move |receipt: &mut Receipt| {
                receipt.rows(find).first()?.ok_or_else(|| broken("the blob is not there after its upsert"))
            })
        })
    }

    /// See [`Canaries::delete_canary_blob`]. A token that comes while the unit is under way may make it fail with a conflict.
    pub fn delete_canary_blob(self, uuid: &str) -> UnitOfWork<'r, bool> {
        self.returning(|steps| {
            // Locks the blob, so that the tokens that are looked for next are all that there are.
            steps.execute(|sql| {
                let sql = sql.update::<CanaryBlob>().assign(CanaryBlob::FILENAME);
                sql.column(CanaryBlob::FILENAME).only(CanaryBlob::UUID, uuid)
            })?;
            let delete = steps.execute(|sql| {
                sql.delete::<CanaryBlob>().only(CanaryBlob::UUID, uuid).and().push("NOT EXISTS ").subquery(
                    |sql| sql.push("SELECT 1").from::<CanaryToken>().only(CanaryToken::BLOB_UUID, uuid),
                )
            })?;
            Ok(any(delete))
        })
    }

    /// See [`Canaries::create_canary_token`].
    pub fn create_canary_token(self, data: Changeset<CanaryToken>) -> UnitOfWork<'r> {
        self.steps(|steps| {
            steps.insert(data.insert()?);
            Ok(())
        })
    }

    /// See [`Canaries::update_canary_token_state`].
    pub fn update_canary_token_state(
        self,
        uuid: &str,
        state: &str,
        last_error: Option<&str>,
    ) -> UnitOfWork<'r, bool> {
        self.returning(|steps| {
            let update = steps.execute(|sql| {
                let sql = sql.update::<CanaryToken>().set(CanaryToken::STATE, state);
                sql.set(CanaryToken::LAST_ERROR, last_error).only(CanaryToken::UUID, uuid)
            })?;
            Ok(any(update))
        })
    }

    /// See [`Canaries::record_canary_trigger`].
    pub fn record_canary_trigger(self, data: Changeset<CanaryTrigger>) -> UnitOfWork<'r, String> {
        self.returning(|steps| {
            let data = data
                .or_set(CanaryTrigger::UUID, Uuid::new_v4().to_string())
                .or_set(CanaryTrigger::OCCURRED_AT, Timestamp::now());
            let row = data.clone().insert()?;
            let of = |column| data.get(column).cloned().unwrap_or(Value::Null);
            // The token's row first: inserting the hit takes a shared lock on it, and two callers that hold one wait for each
            // other when they go on to count.
            steps.expect(Expect::one_row("token_uuid: no canary token has this uuid"), |sql| {
                sql.update::<CanaryToken>()
                    .set(CanaryToken::LAST_TRIGGERED_AT, of(CanaryTrigger::OCCURRED_AT.column()))
                    .assign(CanaryToken::TRIGGER_COUNT)
                    .push("trigger_count + 1")
                    .only(CanaryToken::UUID, of(CanaryTrigger::TOKEN_UUID.column()))
            })?;
            steps.insert(row);
            let uuid = data.text(CanaryTrigger::UUID).unwrap_or_default().to_owned();
            Ok(|_: &mut _| Ok(uuid))
        })
    }

    /// See [`Canaries::attribute_canary_trigger`].
    pub fn attribute_canary_trigger(self, trigger_uuid: &str, attacker_id: &str) -> UnitOfWork<'r, bool> {
        self.returning(|steps| {
            let update = steps.execute(|sql| {
                let sql = sql.update::<CanaryTrigger>().set(CanaryTrigger::ATTACKER_ID, attacker_id);
                sql.only(CanaryTrigger::UUID, trigger_uuid)
            })?;
            Ok(any(update))
        })
    }
}
