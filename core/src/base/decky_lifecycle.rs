//! The progress of deploying and mutating deckies.

use std::collections::BTreeSet;

use async_trait::async_trait;

use super::SqlRepository;
use crate::contract::limits::check_keys;
use crate::contract::unit::{UnitOfWork, count};
use crate::contract::{DeckyLifecycle, DeckyLifecycles};
use crate::error::Result;
use crate::sql::{Changeset, Expect, Sql};
use crate::time::Timestamp;

const OPEN: [&str; 2] = ["pending", "running"];
const FINAL: [&str; 2] = ["succeeded", "failed"];

#[async_trait]
impl DeckyLifecycles for SqlRepository {
    async fn get_lifecycle_by_ids(&self, lifecycle_ids: &[String]) -> Result<Vec<DeckyLifecycle>> {
        check_keys("lifecycle_ids", lifecycle_ids.len())?;
        let ids: BTreeSet<&str> = lifecycle_ids.iter().map(String::as_str).collect();
        let mut found: Vec<DeckyLifecycle> = Vec::new();
        for ids in self.chunks(DeckyLifecycle::ID, ids) {
            found.extend(self.list::<DeckyLifecycle>(|sql| sql.only_in(DeckyLifecycle::ID, ids)).await?);
        }
        found.sort_by(|a, b| (a.started_at, &a.id).cmp(&(b.started_at, &b.id)));
        Ok(found)
    }

    async fn find_open_lifecycle(
        &self,
        decky_name: &str,
        operation: &str,
        host_uuid: Option<&str>,
    ) -> Result<Option<DeckyLifecycle>> {
        self.first(|sql| {
            let sql = sql.only(DeckyLifecycle::DECKY_NAME, decky_name);
            let sql = has_status(sql.only(DeckyLifecycle::OPERATION, operation).and(), OPEN);
            if let Some(host_uuid) = host_uuid {
                sql.only(DeckyLifecycle::HOST_UUID, host_uuid);
            }
            sql.desc(DeckyLifecycle::STARTED_AT).desc(DeckyLifecycle::ID)
        })
        .await
    }
}

/// The progress of deploying and mutating deckies: see [`DeckyLifecycles`].
impl<'r, T> UnitOfWork<'r, T> {
    /// See [`DeckyLifecycles::create_lifecycle`].
    pub fn create_lifecycle(self, data: Changeset<DeckyLifecycle>) -> UnitOfWork<'r, String> {
        self.returning(|steps| {
            let now = Timestamp::now();
            let data = data.set(DeckyLifecycle::UPDATED_AT, now).or_set(DeckyLifecycle::STARTED_AT, now);
            steps.insert_with_uuid(DeckyLifecycle::ID, data)
        })
    }

    /// See [`DeckyLifecycles::update_lifecycle`].
    pub fn update_lifecycle(self, lifecycle_id: &str, fields: Changeset<DeckyLifecycle>) -> UnitOfWork<'r> {
        self.steps(|steps| {
            let now = Timestamp::now();
            let fields = fields.set(DeckyLifecycle::UPDATED_AT, now).check()?;
            let status = fields.text(DeckyLifecycle::STATUS).map(str::to_owned);
            let ends = status.as_deref().is_some_and(|status| FINAL.contains(&status));
            if ends && fields.get(DeckyLifecycle::COMPLETED_AT).is_none() {
                steps.execute(|sql| {
                    let sql = sql.update::<DeckyLifecycle>().set(DeckyLifecycle::COMPLETED_AT, now);
                    has_status(sql.only(DeckyLifecycle::ID, lifecycle_id).and().push("NOT "), FINAL)
                })?;
            }
            let Some(status) = status else {
                return steps
                    .execute(|sql| {
                        sql.update::<DeckyLifecycle>().set_all(fields).only(DeckyLifecycle::ID, lifecycle_id)
                    })
                    .map(drop);
            };
            steps.execute(|sql| {
                let sql = sql.update::<DeckyLifecycle>().set_all(fields);
                has_status(sql.only(DeckyLifecycle::ID, lifecycle_id).and().push("(NOT "), FINAL);
                sql.push(" OR ").eq(DeckyLifecycle::STATUS, status.as_str()).push(")")
            })?;
            // What the update has left out is either no row or an operation that has ended otherwise: the latter stays as
            // it is, so that it can be told afterwards, which an expectation on the update itself could not.
            let ended = "status: the operation has ended, and with another status: that is final";
            steps.expect(Expect::rows(0..=0, ended), |sql| {
                let sql = sql.update::<DeckyLifecycle>().assign(DeckyLifecycle::STATUS);
                let sql = sql.column(DeckyLifecycle::STATUS).only(DeckyLifecycle::ID, lifecycle_id).and();
                has_status(sql, FINAL).and().column(DeckyLifecycle::STATUS).push(" <> ").bind(status)
            })?;
            Ok(())
        })
    }

    /// See [`DeckyLifecycles::sweep_stale_lifecycle`].
    pub fn sweep_stale_lifecycle(self, older_than: Timestamp, reason: &str) -> UnitOfWork<'r, u64> {
        self.returning(|steps| {
            let now = Timestamp::now();
            let swept = steps.execute(|sql| {
                let sql = sql.update::<DeckyLifecycle>().set(DeckyLifecycle::STATUS, "failed");
                let sql = sql.set(DeckyLifecycle::ERROR, reason).set(DeckyLifecycle::UPDATED_AT, now);
                let sql = sql.set(DeckyLifecycle::COMPLETED_AT, now).and();
                has_status(sql.column(DeckyLifecycle::STARTED_AT).push(" < ").bind(older_than).and(), OPEN)
            })?;
            Ok(count(swept))
        })
    }
}

/// A condition: the operation has one of the statuses.
fn has_status<'s, 'd>(sql: &'s mut Sql<'d>, statuses: [&'static str; 2]) -> &'s mut Sql<'d> {
    sql.column(DeckyLifecycle::STATUS).push(" IN (").bind_list(statuses).push(")")
}
