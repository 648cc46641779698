//! Clearing what was captured.

use async_trait::async_trait;

use super::SqlRepository;
use crate::contract::unit::UnitOfWork;
use crate::contract::{
    Attacker, AttackerBehavior, AttackerFingerprintState, AttackerIntel, Bounty, Credential, CredentialReuse,
    Log, Maintenance, Observation, Purged, SmtpTarget, StateEntry, TtpTag,
};
use crate::sql::{Receipt, Record, Table};

/// How far DECNET's workers have read what is purged (ruling R9).
const CURSORS: [&str; 2] = ["attacker_worker_cursor", "attacker_worker_session_cursor"];

/// What hangs on attackers and has no figure in the result.
const DEPENDENT: [&Table; 5] = [
    AttackerBehavior::TABLE,
    AttackerFingerprintState::TABLE,
    AttackerIntel::TABLE,
    Observation::TABLE,
    SmtpTarget::TABLE,
];

#[async_trait]
impl Maintenance for SqlRepository {}

/// Clearing what was captured: see [`Maintenance`].
impl<'r, T> UnitOfWork<'r, T> {
    /// See [`Maintenance::purge_logs_and_bounties`].
    pub fn purge_logs_and_bounties(self) -> UnitOfWork<'r, Purged> {
        self.returning(|steps| {
            let logs = steps.execute(|sql| sql.delete::<Log>())?;
            let bounties = steps.execute(|sql| sql.delete::<Bounty>())?;
            let credentials = steps.execute(|sql| sql.delete::<Credential>())?;
            steps.execute(|sql| sql.delete::<CredentialReuse>())?;
            for table in DEPENDENT {
                steps.execute(|sql| sql.delete_from(table))?;
            }
            // Tags of an identity alone stay: they don't hang on an attacker.
            steps.execute(|sql| {
                sql.delete::<TtpTag>().and().column(TtpTag::ATTACKER_UUID).push(" IS NOT NULL")
            })?;
            let attackers = steps.execute(|sql| sql.delete::<Attacker>())?;
            steps.execute(|sql| sql.delete::<StateEntry>().only_in(StateEntry::KEY, CURSORS))?;
            Ok(move |receipt: &mut Receipt| {
                Ok(Purged {
                    logs: receipt.affected(logs),
                    bounties: receipt.affected(bounties),
                    credentials: receipt.affected(credentials),
                    attackers: receipt.affected(attackers),
                })
            })
        })
    }
}
