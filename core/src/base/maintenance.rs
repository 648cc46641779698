//! Clearing what was captured.

use async_trait::async_trait;

use super::{SqlRepository, UnitOfWork};
use crate::contract::{Maintenance, Purged};
use crate::error::Result;

/// What is deleted, children first.
const PURGE: [&str; 11] = [
    "DELETE FROM logs",
    "DELETE FROM bounty",
    "DELETE FROM credentials",
    "DELETE FROM attacker_behavior",
    "DELETE FROM attacker_fingerprint_state",
    "DELETE FROM attacker_intel",
    "DELETE FROM observations",
    "DELETE FROM smtp_targets",
    // Tags of an identity alone stay: they don't hang on an attacker.
    "DELETE FROM ttp_tag WHERE attacker_uuid IS NOT NULL",
    "DELETE FROM attackers",
    "DELETE FROM state WHERE ",
];

#[async_trait]
impl Maintenance for SqlRepository {
    async fn purge_logs_and_bounties(&self) -> Result<Purged> {
        let unit = PURGE.into_iter().fold(UnitOfWork::new(self), |unit, delete| {
            unit.execute(|sql| {
                sql.push(delete);
                if delete.ends_with("state WHERE ") {
                    sql.identifier("key").push(" IN (");
                    sql.bind_list(["attacker_worker_cursor", "attacker_worker_session_cursor"]).push(")");
                }
                Ok(())
            })
        });
        let receipt = unit.receipt().await?;
        Ok(Purged {
            logs: receipt.affected(0),
            bounties: receipt.affected(1),
            credentials: receipt.affected(2),
            attackers: receipt.affected(9),
        })
    }
}
