//! The domains that attackers try to send mail to.

use async_trait::async_trait;

use super::SqlRepository;
use crate::contract::unit::UnitOfWork;
use crate::contract::{SmtpTarget, SmtpTargetSeen, SmtpTargets};
use crate::error::Result;
use crate::sql::{Changeset, Column};
use crate::time::Timestamp;

/// What there is one row of.
const KEY: [&Column; 2] = [SmtpTarget::ATTACKER_UUID.column(), SmtpTarget::DOMAIN.column()];

#[async_trait]
impl SmtpTargets for SqlRepository {
    async fn list_smtp_targets(&self, attacker_uuid: &str) -> Result<Vec<SmtpTarget>> {
        self.list(|sql| {
            let sql = sql.only(SmtpTarget::ATTACKER_UUID, attacker_uuid);
            sql.desc(SmtpTarget::LAST_SEEN).desc(SmtpTarget::ID)
        })
        .await
    }

    async fn smtp_target_seen(&self, domain: &str) -> Result<SmtpTargetSeen> {
        let mut sql = self.sql();
        // A sum is a decimal on servers.
        sql.push("SELECT MIN(first_seen), MAX(last_seen), COUNT(*), CAST(COALESCE(SUM(count), 0) AS ");
        let integer = sql.dialect().integer();
        sql.push(integer).push(")").from::<SmtpTarget>().only(SmtpTarget::DOMAIN, domain);
        let seen = self.read(sql).await?.decode(|row| {
            let (first_seen, last_seen) = (row.value("first_seen")?, row.value("last_seen")?);
            let rows: u64 = row.value("rows")?;
            Ok(SmtpTargetSeen { seen: rows > 0, count: row.value("count")?, first_seen, last_seen })
        })?;
        Ok(seen.into_iter().next().unwrap_or_default())
    }
}

/// The domains that attackers try to send mail to: see [`SmtpTargets`].
impl<'r, T> UnitOfWork<'r, T> {
    /// See [`SmtpTargets::increment_smtp_target`].
    pub fn increment_smtp_target(self, attacker_uuid: &str, domain: &str) -> UnitOfWork<'r> {
        self.steps(|steps| {
            let now = Timestamp::now();
            let row = Changeset::<SmtpTarget>::new()
                .set(SmtpTarget::ATTACKER_UUID, attacker_uuid)
                .set(SmtpTarget::DOMAIN, domain)
                .set(SmtpTarget::FIRST_SEEN, now)
                .set(SmtpTarget::LAST_SEEN, now)
                .insert()?;
            // One statement, which counts in the row that is there however many come at once.
            steps.execute(|sql| {
                sql.insert_values(&row)
                    .on_duplicate_update(&KEY, &[SmtpTarget::LAST_SEEN.column()])
                    .push(", count = smtp_targets.count + 1")
            })?;
            Ok(())
        })
    }
}
