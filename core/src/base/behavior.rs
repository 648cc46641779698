//! How attackers behave.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::SqlRepository;
use crate::contract::limits::check_keys;
use crate::contract::unit::UnitOfWork;
use crate::contract::{Attacker, AttackerBehavior, Behavior};
use crate::error::{Error, Result};
use crate::sql::{Changeset, Record, Value};
use crate::time::Timestamp;

#[async_trait]
impl Behavior for SqlRepository {
    async fn get_attacker_behavior(&self, attacker_uuid: &str) -> Result<Option<AttackerBehavior>> {
        self.by(AttackerBehavior::ATTACKER_UUID, attacker_uuid).await
    }

    async fn get_behaviors_for_ips(&self, ips: &[String]) -> Result<BTreeMap<String, AttackerBehavior>> {
        check_keys("ips", ips.len())?;
        let mut found = BTreeMap::new();
        for ips in self.chunks(Attacker::IP, ips.iter().map(String::as_str)) {
            let mut sql = self.sql();
            sql.push("SELECT a.ip, ").columns_of("b", AttackerBehavior::TABLE);
            sql.push(" FROM attackers a JOIN attacker_behavior b ON b.attacker_uuid = a.uuid");
            sql.and().push("a.ip").one_of(ips).push(" ORDER BY a.first_seen, a.uuid");
            let behaviors = self
                .read(sql)
                .await?
                .decode(|row| Ok((row.read(Attacker::IP)?, AttackerBehavior::decode(row)?)))?;
            for (ip, behavior) in behaviors {
                found.entry(ip).or_insert(behavior);
            }
        }
        Ok(found)
    }
}

/// How attackers behave: see [`Behavior`].
impl<'r, T> UnitOfWork<'r, T> {
    /// See [`Behavior::upsert_attacker_behavior`].
    pub fn upsert_attacker_behavior(
        self,
        attacker_uuid: &str,
        mut data: Changeset<AttackerBehavior>,
    ) -> UnitOfWork<'r> {
        self.steps(|steps| {
            let key = Value::from(attacker_uuid);
            let given = data.remove(AttackerBehavior::ATTACKER_UUID);
            if given.is_some_and(|given| !given.is_null() && given != key) {
                return Err(Error::invalid_input("attacker_uuid", "is another one than that of the call"));
            }
            let data = data.set(AttackerBehavior::UPDATED_AT, Timestamp::now());
            steps.upsert(data.set(AttackerBehavior::ATTACKER_UUID, key))
        })
    }
}
