//! Fingerprints of attackers over time.

use async_trait::async_trait;

use super::repository::{RETRIES, busy, checked_as};
use super::{Committer, SqlRepository};
use crate::contract::{
    Attacker, AttackerFingerprintState, FingerprintOutcome, FingerprintRotation, Fingerprints,
};
use crate::error::{ErrorKind, Result};
use crate::sql::{Expect, Fields, Record, Unit};
use crate::time::Timestamp;

/// What is stored before a fingerprint is recorded.
struct Before {
    attacker_uuid: String,
    state: Option<State>,
}

struct State {
    uuid: String,
    hash: String,
    rotations: i64,
}

#[async_trait]
impl Fingerprints for SqlRepository {
    async fn record_fingerprint(
        &self,
        attacker_ip: &str,
        port: i64,
        probe_type: &str,
        new_hash: &str,
        ts: Timestamp,
    ) -> Result<FingerprintOutcome> {
        let table = AttackerFingerprintState::TABLE;
        checked_as("attacker_ip", Attacker::TABLE, "ip", attacker_ip)?;
        checked_as("port", table, "port", port)?;
        checked_as("probe_type", table, "probe_type", probe_type)?;
        checked_as("new_hash", table, "last_hash", new_hash)?;
        for _ in 0..RETRIES {
            let Some(Before { attacker_uuid, state }) = before(self, attacker_ip, port, probe_type).await?
            else {
                return Ok(FingerprintOutcome::NoAttackerRow);
            };
            let mut unit = Unit::new();
            let outcome = match state {
                None => {
                    let row = Fields::<AttackerFingerprintState>::new()
                        .set("attacker_uuid", attacker_uuid.as_str())
                        .set("port", port)
                        .set("probe_type", probe_type)
                        .set("last_hash", new_hash)
                        .set("last_seen", ts);
                    unit.insert(row.insert()?);
                    FingerprintOutcome::FirstSighting { attacker_uuid }
                }
                Some(state) if state.hash == new_hash => {
                    let mut sql = self.sql();
                    sql.push("UPDATE attacker_fingerprint_state SET last_seen = ").bind(ts);
                    sql.push(" WHERE uuid = ")
                        .bind(state.uuid)
                        .push(" AND ")
                        .exactly("last_hash", &state.hash);
                    unit.expect(sql.finish(), Expect::one_row(""));
                    FingerprintOutcome::Unchanged { attacker_uuid }
                }
                Some(state) => {
                    let mut sql = self.sql();
                    sql.push("UPDATE attacker_fingerprint_state SET last_hash = ");
                    sql.bind_into(AttackerFingerprintState::TABLE, "last_hash", new_hash);
                    sql.push(", last_seen = ").bind(ts).push(", rotation_count = rotation_count + 1");
                    sql.push(" WHERE uuid = ")
                        .bind(state.uuid)
                        .push(" AND ")
                        .exactly("last_hash", &state.hash);
                    sql.push(" AND rotation_count = ").bind(state.rotations);
                    unit.expect(sql.finish(), Expect::one_row(""));
                    let mut sql = self.sql();
                    sql.push("UPDATE attackers SET rotation_count = rotation_count + 1, last_rotation_at = ")
                        .bind(ts);
                    sql.push(", updated_at = ").bind(Timestamp::now());
                    sql.push(" WHERE uuid = ").bind(attacker_uuid.as_str());
                    unit.execute(sql.finish());
                    FingerprintOutcome::Rotated(FingerprintRotation {
                        attacker_uuid,
                        attacker_ip: attacker_ip.to_owned(),
                        port,
                        probe_type: probe_type.to_owned(),
                        old_hash: state.hash,
                        new_hash: new_hash.to_owned(),
                        rotation_count: state.rotations.saturating_add(1),
                        ts,
                    })
                }
            };
            match self.commit(unit).await {
                Ok(_) => return Ok(outcome),
                // Somebody was faster: the row is there now, has another fingerprint, or the attacker is gone.
                Err(error) if error.kind() == ErrorKind::Conflict => {}
                Err(error) => return Err(error),
            }
        }
        Err(busy("the fingerprint of this probe"))
    }
}

async fn before(repository: &SqlRepository, ip: &str, port: i64, probe_type: &str) -> Result<Option<Before>> {
    let mut sql = repository.sql();
    sql.push("SELECT a.uuid, s.uuid, s.last_hash, s.rotation_count FROM attackers a ");
    sql.push("LEFT JOIN attacker_fingerprint_state s ON s.attacker_uuid = a.uuid AND s.port = ").bind(port);
    sql.push(" AND s.probe_type = ").bind(probe_type).push(" WHERE a.uuid = (");
    super::attackers::first_of(&mut sql, ip);
    sql.push(")");
    let rows = repository.read(sql).await?.decode(|row| {
        let attacker_uuid = row.read(Attacker::TABLE.name, "uuid")?;
        let table = AttackerFingerprintState::TABLE.name;
        let state = match row.read::<Option<String>>(table, "uuid")? {
            Some(uuid) => Some(State {
                uuid,
                hash: row.read(table, "last_hash")?,
                rotations: row.read(table, "rotation_count")?,
            }),
            None => None,
        };
        Ok(Before { attacker_uuid, state })
    })?;
    Ok(rows.into_iter().next())
}
