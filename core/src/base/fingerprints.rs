//! Fingerprints of attackers over time.

use async_trait::async_trait;

use super::SqlRepository;
use super::attackers::first_of;
use super::support::{check_as, in_rounds};
use crate::contract::{
    Attacker, AttackerFingerprintState, Engine, FingerprintOutcome, FingerprintRotation, Fingerprints,
};
use crate::error::Result;
use crate::sql::{Changeset, Expect, Unit};
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
        check_as("attacker_ip", Attacker::IP, attacker_ip)?;
        check_as("port", AttackerFingerprintState::PORT, port)?;
        check_as("probe_type", AttackerFingerprintState::PROBE_TYPE, probe_type)?;
        check_as("new_hash", AttackerFingerprintState::LAST_HASH, new_hash)?;
        in_rounds("the fingerprint of this probe", || async move {
            let Some(Before { attacker_uuid, state }) = before(self, attacker_ip, port, probe_type).await?
            else {
                return Ok(Some(FingerprintOutcome::NoAttackerRow));
            };
            let mut unit = Unit::new();
            let outcome = match state {
                None => {
                    let row = Changeset::<AttackerFingerprintState>::new()
                        .set(AttackerFingerprintState::ATTACKER_UUID, attacker_uuid.as_str())
                        .set(AttackerFingerprintState::PORT, port)
                        .set(AttackerFingerprintState::PROBE_TYPE, probe_type)
                        .set(AttackerFingerprintState::LAST_HASH, new_hash)
                        .set(AttackerFingerprintState::LAST_SEEN, ts);
                    unit.insert(row.insert()?);
                    FingerprintOutcome::FirstSighting { attacker_uuid }
                }
                Some(state) if state.hash == new_hash => {
                    let mut sql = self.sql();
                    sql.update::<AttackerFingerprintState>().set(AttackerFingerprintState::LAST_SEEN, ts);
                    sql.only(AttackerFingerprintState::UUID, state.uuid);
                    sql.only(AttackerFingerprintState::LAST_HASH, state.hash);
                    unit.expect(sql.finish()?, Expect::one_row(""));
                    FingerprintOutcome::Unchanged { attacker_uuid }
                }
                Some(state) => {
                    let mut sql = self.sql();
                    sql.update::<AttackerFingerprintState>();
                    sql.set(AttackerFingerprintState::LAST_HASH, new_hash);
                    sql.set(AttackerFingerprintState::LAST_SEEN, ts);
                    sql.assign(AttackerFingerprintState::ROTATION_COUNT).push("rotation_count + 1");
                    sql.only(AttackerFingerprintState::UUID, state.uuid);
                    sql.only(AttackerFingerprintState::LAST_HASH, state.hash.as_str());
                    sql.only(AttackerFingerprintState::ROTATION_COUNT, state.rotations);
                    unit.expect(sql.finish()?, Expect::one_row(""));
                    let mut sql = self.sql();
                    sql.update::<Attacker>().assign(Attacker::ROTATION_COUNT).push("rotation_count + 1");
                    sql.set(Attacker::LAST_ROTATION_AT, ts).set(Attacker::UPDATED_AT, Timestamp::now());
                    sql.only(Attacker::UUID, attacker_uuid.as_str());
                    unit.execute(sql.finish()?);
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
            // When somebody was faster, the row is there now, has another fingerprint, or the attacker is gone.
            self.commit(unit).await?;
            Ok(Some(outcome))
        })
        .await
    }
}

async fn before(repository: &SqlRepository, ip: &str, port: i64, probe_type: &str) -> Result<Option<Before>> {
    let mut sql = repository.sql();
    sql.push("SELECT a.uuid, s.uuid, s.last_hash, s.rotation_count FROM attackers a ");
    sql.push("LEFT JOIN attacker_fingerprint_state s ON s.attacker_uuid = a.uuid AND s.port = ").bind(port);
    sql.push(" AND s.probe_type = ").bind(probe_type).push(" WHERE a.uuid = ");
    sql.subquery(|sql| first_of(sql, ip));
    let rows = repository.read(sql).await?.decode(|row| {
        let attacker_uuid = row.read(Attacker::UUID)?;
        let state = match row.value("uuid")? {
            Some(uuid) => Some(State {
                uuid,
                hash: row.read(AttackerFingerprintState::LAST_HASH)?,
                rotations: row.read(AttackerFingerprintState::ROTATION_COUNT)?,
            }),
            None => None,
        };
        Ok(Before { attacker_uuid, state })
    })?;
    Ok(rows.into_iter().next())
}
