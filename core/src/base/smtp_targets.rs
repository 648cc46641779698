//! The domains that attackers try to send mail to.

use async_trait::async_trait;

use super::repository::checked;
use super::{SqlRepository, UnitOfWork};
use crate::contract::{SmtpTarget, SmtpTargetSeen, SmtpTargets};
use crate::error::Result;
use crate::sql::{Fields, Record, Sql};
use crate::time::Timestamp;

#[async_trait]
impl SmtpTargets for SqlRepository {
    async fn increment_smtp_target(&self, attacker_uuid: &str, domain: &str) -> Result<()> {
        UnitOfWork::new(self).increment_smtp_target(attacker_uuid, domain).commit().await
    }

    async fn list_smtp_targets(&self, attacker_uuid: &str) -> Result<Vec<SmtpTarget>> {
        let mut sql = self.select::<SmtpTarget>();
        sql.push(" WHERE attacker_uuid = ").bind(attacker_uuid).push(" ORDER BY last_seen DESC, id DESC");
        self.read(sql).await?.records()
    }

    async fn smtp_target_seen(&self, domain: &str) -> Result<SmtpTargetSeen> {
        let mut sql = self.sql();
        // A sum is a decimal on servers.
        sql.push("SELECT MIN(first_seen), MAX(last_seen), COUNT(*), CAST(COALESCE(SUM(count), 0) AS ");
        let integer = sql.dialect().integer();
        sql.push(integer).push(") FROM smtp_targets WHERE domain = ").bind(domain);
        let seen = self.read(sql).await?.decode(|row| {
            let table = SmtpTarget::TABLE.name;
            let (first_seen, last_seen) = (row.read(table, "first_seen")?, row.read(table, "last_seen")?);
            let rows: u64 = row.read(table, "id")?;
            Ok(SmtpTargetSeen { seen: rows > 0, count: row.read(table, "count")?, first_seen, last_seen })
        })?;
        Ok(seen.into_iter().next().unwrap_or_default())
    }
}

/// The domains that attackers try to send mail to: see [`SmtpTargets`].
impl UnitOfWork<'_> {
    /// See [`SmtpTargets::increment_smtp_target`].
    pub fn increment_smtp_target(self, attacker_uuid: &str, domain: &str) -> Self {
        self.add(|unit, dialect| {
            let now = Timestamp::now();
            let key = |sql: &mut Sql<'_>| {
                sql.push(" WHERE attacker_uuid = ").bind(attacker_uuid).push(" AND domain = ").bind(domain);
            };
            let row = Fields::<SmtpTarget>::new()
                .set("attacker_uuid", checked(SmtpTarget::TABLE, "attacker_uuid", attacker_uuid)?)
                .set("domain", checked(SmtpTarget::TABLE, "domain", domain)?)
                .set("first_seen", now)
                .set("last_seen", now)
                .insert()?;
            // The unique key would keep a second row out by failing; the guard lets both tries count.
            unit.guard("smtp_targets", &format!("{attacker_uuid}:{domain}"));
            let mut update = Sql::new(dialect);
            update.push("UPDATE smtp_targets SET count = count + 1, last_seen = ").bind(now);
            key(&mut update);
            unit.execute(update.finish());
            let mut insert = Sql::new(dialect);
            insert.insert_select(&row).push(" WHERE NOT EXISTS (SELECT 1 FROM smtp_targets");
            key(&mut insert);
            insert.push(")");
            unit.execute(insert.finish());
            Ok(())
        })
    }
}
