//! The progress of deploying and mutating deckies.

use std::collections::BTreeSet;

use async_trait::async_trait;
use uuid::Uuid;

use super::{SqlRepository, UnitOfWork};
use crate::contract::{DeckyLifecycle, DeckyLifecycles};
use crate::error::Result;
use crate::sql::{Expect, Fields, Record, Sql, Value};
use crate::time::Timestamp;

const OPEN: [&str; 2] = ["pending", "running"];
const FINAL: [&str; 2] = ["succeeded", "failed"];

#[async_trait]
impl DeckyLifecycles for SqlRepository {
    async fn create_lifecycle(&self, mut data: Fields<DeckyLifecycle>) -> Result<String> {
        let fresh = Uuid::new_v4().to_string();
        data.set_default("id", fresh.as_str());
        let id = match data.get("id") {
            Some(Value::Text(id)) => id.clone(),
            _ => fresh,
        };
        let unit = UnitOfWork::new(self).create_lifecycle(data);
        unit.commit().await.map_err(|error| error.within("data"))?;
        Ok(id)
    }

    async fn update_lifecycle(&self, lifecycle_id: &str, fields: Fields<DeckyLifecycle>) -> Result<()> {
        let unit = UnitOfWork::new(self).update_lifecycle(lifecycle_id, fields);
        unit.commit().await.map_err(|error| error.within("fields"))
    }

    async fn get_lifecycle_by_ids(&self, lifecycle_ids: &[String]) -> Result<Vec<DeckyLifecycle>> {
        let ids: BTreeSet<&str> = lifecycle_ids.iter().map(String::as_str).collect();
        let mut found: Vec<DeckyLifecycle> = Vec::new();
        for ids in self.lots(DeckyLifecycle::TABLE, "id", ids) {
            let mut sql = self.select::<DeckyLifecycle>();
            sql.push(" WHERE id IN (").bind_list(ids).push(")");
            found.extend(self.read(sql).await?.records::<DeckyLifecycle>()?);
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
        let mut sql = self.select::<DeckyLifecycle>();
        sql.push(" WHERE decky_name = ").bind(decky_name);
        sql.push(" AND ").identifier("operation").push(" = ").bind(operation).push(" AND ");
        has_status(&mut sql, OPEN);
        if let Some(host_uuid) = host_uuid {
            sql.push(" AND host_uuid = ").bind(host_uuid);
        }
        sql.push(" ORDER BY started_at DESC, id DESC").page(1, 0);
        self.read(sql).await?.first()
    }

    async fn sweep_stale_lifecycle(&self, older_than: Timestamp, reason: &str) -> Result<u64> {
        Ok(UnitOfWork::new(self).sweep_stale_lifecycle(older_than, reason).receipt().await?.affected(0))
    }
}

/// The progress of deploying and mutating deckies: see [`DeckyLifecycles`].
impl UnitOfWork<'_> {
    /// See [`DeckyLifecycles::create_lifecycle`]; give an `id` to know it.
    pub fn create_lifecycle(self, data: Fields<DeckyLifecycle>) -> Self {
        self.add(|unit, _| {
            let now = Timestamp::now();
            let mut data = data.set("updated_at", now);
            data.set_default("started_at", now);
            unit.insert(data.insert()?);
            Ok(())
        })
    }

    /// See [`DeckyLifecycles::update_lifecycle`].
    pub fn update_lifecycle(self, lifecycle_id: &str, fields: Fields<DeckyLifecycle>) -> Self {
        self.add(|unit, dialect| {
            let now = Timestamp::now();
            let fields = fields.set("updated_at", now).check()?;
            let status = match fields.get("status") {
                Some(Value::Text(status)) => Some(status.clone()),
                _ => None,
            };
            let ends = status.as_deref().is_some_and(|status| FINAL.contains(&status));
            if ends && fields.get("completed_at").is_none() {
                let mut complete = Sql::new(dialect);
                complete.push("UPDATE decky_lifecycle SET completed_at = ").bind(now);
                of_operation(&mut complete, lifecycle_id);
                complete.push(" AND NOT ");
                has_status(&mut complete, FINAL);
                unit.execute(complete.finish());
            }
            let mut update = Sql::new(dialect);
            update.push("UPDATE decky_lifecycle SET ");
            fields.assignments(&mut update)?;
            of_operation(&mut update, lifecycle_id);
            let Some(status) = status else {
                unit.execute(update.finish());
                return Ok(());
            };
            update.push(" AND (NOT ");
            has_status(&mut update, FINAL);
            update.push(" OR ").identifier("status").push(" = ").bind(status.as_str()).push(")");
            unit.execute(update.finish());
            // What the update has left out is either no row or an operation that has ended otherwise: the latter stays as
            // it is, so that it can be told afterwards, which an expectation on the update itself could not.
            let mut ended = Sql::new(dialect);
            ended.push("UPDATE decky_lifecycle SET ").identifier("status").push(" = ").identifier("status");
            of_operation(&mut ended, lifecycle_id);
            ended.push(" AND ");
            has_status(&mut ended, FINAL);
            ended.push(" AND ").identifier("status").push(" <> ").bind(status);
            unit.expect(
                ended.finish(),
                Expect::rows(
                    0..=0,
                    "status: the operation has ended, and with another status: that is final",
                ),
            );
            Ok(())
        })
    }

    /// See [`DeckyLifecycles::sweep_stale_lifecycle`].
    pub fn sweep_stale_lifecycle(self, older_than: Timestamp, reason: &str) -> Self {
        self.execute(|sql| {
            let now = Timestamp::now();
            sql.push("UPDATE decky_lifecycle SET ");
            Fields::<DeckyLifecycle>::new()
                .set("status", "failed")
                .set("error", reason)
                .set("updated_at", now)
                .set("completed_at", now)
                .assignments(sql)?;
            sql.push(" WHERE started_at < ").bind(older_than).push(" AND ");
            has_status(sql, OPEN);
            Ok(())
        })
    }
}

fn of_operation(sql: &mut Sql<'_>, id: &str) {
    sql.push(" WHERE id = ").bind(id);
}

fn has_status(sql: &mut Sql<'_>, statuses: [&'static str; 2]) {
    sql.identifier("status").push(" IN (").bind_list(statuses).push(")");
}
