//! What the orchestrator did and mailed.

use async_trait::async_trait;

use super::SqlRepository;
use crate::contract::unit::{Steps, UnitOfWork};
use crate::contract::{Orchestrator, OrchestratorEmail, OrchestratorEvent};
use crate::error::Result;
use crate::sql::{Changeset, Col, Receipt, Record, Sql};
use crate::time::Timestamp;

#[async_trait]
impl Orchestrator for SqlRepository {
    async fn list_orchestrator_events(
        &self,
        limit: u64,
        offset: u64,
        kind: Option<&str>,
        since_ts: Option<Timestamp>,
    ) -> Result<Vec<OrchestratorEvent>> {
        self.list(|sql| {
            let sql = sql.only_given(OrchestratorEvent::KIND, kind);
            let sql = since(sql, OrchestratorEvent::TS, since_ts).desc(OrchestratorEvent::TS);
            sql.desc(OrchestratorEvent::UUID).part(limit, offset)
        })
        .await
    }

    async fn count_orchestrator_events(&self, kind: Option<&str>) -> Result<u64> {
        self.count::<OrchestratorEvent>(|sql| sql.only_given(OrchestratorEvent::KIND, kind)).await
    }

    async fn count_orchestrator_failures(&self, since_ts: Timestamp, kind: Option<&str>) -> Result<u64> {
        let mut sql = self.sql();
        match kind {
            // Both at one moment.
            None => {
                sql.push("SELECT ").subquery(|sql| failed_events(sql, since_ts, None)).push(" + ");
                sql.subquery(|sql| failed_emails(sql, since_ts))
            }
            Some("email") => failed_emails(&mut sql, since_ts),
            Some("traffic" | "file") => failed_events(&mut sql, since_ts, kind),
            Some(_) => return Ok(0),
        };
        self.number(sql).await
    }

    async fn list_orchestrator_emails(
        &self,
        limit: u64,
        offset: u64,
        mail_decky_uuid: Option<&str>,
        thread_id: Option<&str>,
        since_ts: Option<Timestamp>,
    ) -> Result<Vec<OrchestratorEmail>> {
        self.list(|sql| {
            let sql = sql.only_given(OrchestratorEmail::MAIL_DECKY_UUID, mail_decky_uuid);
            let sql = sql.only_given(OrchestratorEmail::THREAD_ID, thread_id);
            newest_first(since(sql, OrchestratorEmail::TS, since_ts)).part(limit, offset)
        })
        .await
    }

    async fn count_orchestrator_emails(&self, mail_decky_uuid: Option<&str>) -> Result<u64> {
        self.count::<OrchestratorEmail>(|sql| {
            sql.only_given(OrchestratorEmail::MAIL_DECKY_UUID, mail_decky_uuid)
        })
        .await
    }

    async fn list_orchestrator_email_threads(
        &self,
        mail_decky_uuid: &str,
        sender_email: &str,
        recipient_email: &str,
        limit: u64,
    ) -> Result<Vec<OrchestratorEmail>> {
        self.list(|sql| {
            let sql = sql.only(OrchestratorEmail::MAIL_DECKY_UUID, mail_decky_uuid).and();
            let sql = sql.column(OrchestratorEmail::SUCCESS).push(" <> ").bind(false);
            let sql = from_to(sql.and().push("(("), sender_email, recipient_email).push(") OR (");
            newest_first(from_to(sql, recipient_email, sender_email).push("))")).part(limit, 0)
        })
        .await
    }
}

fn newest_first<'s, 'd>(sql: &'s mut Sql<'d>) -> &'s mut Sql<'d> {
    sql.desc(OrchestratorEmail::TS).desc(OrchestratorEmail::UUID)
}

/// A condition: the mail's sender and recipient are these.
fn from_to<'s, 'd>(sql: &'s mut Sql<'d>, sender: &str, recipient: &str) -> &'s mut Sql<'d> {
    let sql = sql.eq(OrchestratorEmail::SENDER_EMAIL, sender).push(" AND ");
    sql.eq(OrchestratorEmail::RECIPIENT_EMAIL, recipient)
}

/// Adds that the row's instant is this one or later, if there is one.
fn since<'s, 'd, R>(
    sql: &'s mut Sql<'d>,
    column: Col<R, Timestamp>,
    since_ts: Option<Timestamp>,
) -> &'s mut Sql<'d> {
    match since_ts {
        Some(ts) => sql.and().column(column).push(" >= ").bind(ts),
        None => sql,
    }
}

fn failed_events<'s, 'd>(sql: &'s mut Sql<'d>, ts: Timestamp, kind: Option<&str>) -> &'s mut Sql<'d> {
    let sql = sql.push("SELECT COUNT(*)").from::<OrchestratorEvent>().only(OrchestratorEvent::SUCCESS, false);
    since(sql, OrchestratorEvent::TS, Some(ts)).only_given(OrchestratorEvent::KIND, kind)
}

fn failed_emails<'s, 'd>(sql: &'s mut Sql<'d>, ts: Timestamp) -> &'s mut Sql<'d> {
    let sql = sql.push("SELECT COUNT(*)").from::<OrchestratorEmail>().only(OrchestratorEmail::SUCCESS, false);
    since(sql, OrchestratorEmail::TS, Some(ts))
}

/// What the orchestrator did and mailed: see [`Orchestrator`].
impl<'r, T> UnitOfWork<'r, T> {
    /// See [`Orchestrator::record_orchestrator_event`].
    pub fn record_orchestrator_event(self, data: Changeset<OrchestratorEvent>) -> UnitOfWork<'r, String> {
        self.returning(|steps| steps.insert_with_uuid(OrchestratorEvent::UUID, data))
    }

    /// See [`Orchestrator::prune_orchestrator_events`].
    pub fn prune_orchestrator_events(self, per_dst_cap: u64) -> UnitOfWork<'r, u64> {
        self.returning(|steps| prune(steps, OrchestratorEvent::DST_DECKY_UUID, per_dst_cap))
    }

    /// See [`Orchestrator::record_orchestrator_email`].
    pub fn record_orchestrator_email(self, data: Changeset<OrchestratorEmail>) -> UnitOfWork<'r, String> {
        self.returning(|steps| steps.insert_with_uuid(OrchestratorEmail::UUID, data))
    }

    /// See [`Orchestrator::prune_orchestrator_emails`].
    pub fn prune_orchestrator_emails(self, per_decky_cap: u64) -> UnitOfWork<'r, u64> {
        self.returning(|steps| prune(steps, OrchestratorEmail::MAIL_DECKY_UUID, per_decky_cap))
    }
}

/// Deletes all rows of each group but the newest `cap` by (ts, uuid), none for a cap of 0, and answers how many.
fn prune<R: Record>(
    steps: &mut Steps<'_>,
    group: Col<R, String>,
    cap: u64,
) -> Result<impl FnOnce(&mut Receipt) -> Result<u64> + Send + 'static + use<R>> {
    let pruned = (cap > 0).then(|| {
        steps.execute(|sql| {
            // A derived table, since MySQL does not read the table that it deletes from otherwise.
            sql.delete::<R>().and().push("uuid IN ").subquery(|sql| {
                let sql = sql.push("SELECT uuid FROM ").subquery(|sql| {
                    sql.push("SELECT uuid, ROW_NUMBER() OVER (PARTITION BY ").column(group);
                    sql.push(" ORDER BY ts DESC, uuid DESC) AS place").from::<R>()
                });
                sql.push(" AS ranked WHERE place > ").bind(cap)
            })
        })
    });
    let pruned = pruned.transpose()?;
    Ok(move |receipt: &mut Receipt| Ok(pruned.map_or(0, |step| receipt.affected(step))))
}
