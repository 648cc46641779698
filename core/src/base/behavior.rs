//! How attackers behave.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::repository::checked;
use super::{SqlRepository, UnitOfWork};
use crate::contract::{Attacker, AttackerBehavior, Behavior};
use crate::error::{Error, Result};
use crate::sql::{Fields, Record, Value};
use crate::time::Timestamp;

/// The columns that a read shows decoded, so that null may stand for the stored text `null`.
const OBJECTS: [&str; 3] = ["tcp_fingerprint", "timing_stats", "phase_sequence"];

#[async_trait]
impl Behavior for SqlRepository {
    async fn upsert_attacker_behavior(
        &self,
        attacker_uuid: &str,
        data: Fields<AttackerBehavior>,
    ) -> Result<()> {
        UnitOfWork::new(self)
            .upsert_attacker_behavior(attacker_uuid, data)
            .commit()
            .await
            .map_err(|error| error.within("data"))
    }

    async fn get_attacker_behavior(&self, attacker_uuid: &str) -> Result<Option<AttackerBehavior>> {
        let mut sql = self.select::<AttackerBehavior>();
        sql.push(" WHERE attacker_uuid = ").bind(attacker_uuid);
        self.read(sql).await?.first()
    }

    async fn get_behaviors_for_ips(&self, ips: &[String]) -> Result<BTreeMap<String, AttackerBehavior>> {
        let mut found = BTreeMap::new();
        for ips in self.lots(Attacker::TABLE, "ip", ips.iter().map(String::as_str)) {
            let mut sql = self.sql();
            sql.push("SELECT a.ip, ").columns_of("b", AttackerBehavior::TABLE);
            sql.push(
                " FROM attackers a JOIN attacker_behavior b ON b.attacker_uuid = a.uuid WHERE a.ip IN (",
            );
            sql.bind_list(ips).push(") ORDER BY a.first_seen, a.uuid");
            let behaviors = self.read(sql).await?.decode(|row| {
                let ip: String = row.read("attackers", "ip")?;
                Ok((ip, AttackerBehavior::decode(row)?))
            })?;
            for (ip, behavior) in behaviors {
                found.entry(ip).or_insert(behavior);
            }
        }
        Ok(found)
    }
}

/// How attackers behave: see [`Behavior`].
impl UnitOfWork<'_> {
    /// See [`Behavior::upsert_attacker_behavior`].
    pub fn upsert_attacker_behavior(self, attacker_uuid: &str, mut data: Fields<AttackerBehavior>) -> Self {
        self.execute(|sql| {
            let key = checked(AttackerBehavior::TABLE, "attacker_uuid", attacker_uuid)?;
            if data.remove("attacker_uuid").is_some_and(|given| !given.is_null() && given != key) {
                return Err(Error::invalid_input("attacker_uuid", "is another one than that of the call"));
            }
            for object in OBJECTS {
                if data.get(object).is_some_and(Value::is_null) {
                    data.remove(object);
                }
            }
            let data = data.set("updated_at", Timestamp::now()).check()?;
            let given: Vec<_> = data.iter().map(|(column, _)| column.name).collect();
            let row = data.set("attacker_uuid", key).insert()?;
            sql.insert_values(&row);
            sql.dialect().upsert(sql, &["attacker_uuid"], &given);
            Ok(())
        })
    }
}
