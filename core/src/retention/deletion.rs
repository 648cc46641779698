//! The deletion of a few events with what hangs on their sources, in one unit.

use std::collections::BTreeSet;

use super::bounds::Bounds;
use crate::contract::{
    Attacker, AttackerBehavior, AttackerFingerprintState, AttackerIntel, Bounty, Credential, CredentialReuse,
    Engine, Log, Observation, SmtpTarget, TtpTag,
};
use crate::error::Result;
use crate::sql::{Column, Expect, Record as _, Sql, StepId, Table, Unit, Value};

/// What refers to an attacker and goes with it, and the column that refers to it.
const DEPENDENT: [(&Table, &Column); 6] = [
    (AttackerBehavior::TABLE, AttackerBehavior::ATTACKER_UUID.column()),
    (AttackerFingerprintState::TABLE, AttackerFingerprintState::ATTACKER_UUID.column()),
    (AttackerIntel::TABLE, AttackerIntel::ATTACKER_UUID.column()),
    (Observation::TABLE, Observation::ATTACKER_UUID.column()),
    (SmtpTarget::TABLE, SmtpTarget::ATTACKER_UUID.column()),
    (TtpTag::TABLE, TtpTag::ATTACKER_UUID.column()),
];

/// What has rows of sources, and the column with the source.
const OF_SOURCES: [(&Table, &Column); 3] = [
    (Attacker::TABLE, Attacker::IP.column()),
    (Bounty::TABLE, Bounty::ATTACKER_IP.column()),
    (Credential::TABLE, Credential::ATTACKER_IP.column()),
];

/// An event that is to go.
#[derive(Debug, Clone)]
pub(super) struct Doomed {
    pub(super) id: i64,
    /// As the engine has it.
    pub(super) time: Value,
    pub(super) source: String,
}

impl Doomed {
    /// The event, whose time the engine has in this form.
    pub(super) fn of(event: Log, time: Value) -> Self {
        Self { id: event.id, time, source: event.attacker_ip }
    }
}

/// What one unit deleted.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Deleted {
    pub(super) bounties: u64,
    pub(super) credentials: u64,
    pub(super) attackers: u64,
}

/// Deletes the events, all of them or none.
///
/// # Errors
/// `Conflict` when one of them is not there any more, or a source that had no other events got one meanwhile: then what the
/// events are must be read again.
pub(super) async fn delete(engine: &dyn Engine, bounds: &Bounds, events: &[Doomed]) -> Result<Deleted> {
    let gone = Gone::look(engine, events).await?;
    let mut unit = Unit::new();
    let mut sql = Sql::new(engine.dialect());
    let ids = || events.iter().map(|event| event.id);
    sql.delete::<Log>().only_in(Log::ID, ids());
    if let (Some(first), Some(last)) = (ids().min(), ids().max()) {
        sql.keys(first..=last);
    }
    // An id that another program's purge has set free may be a new event's by now.
    bounds.write(&mut sql);
    let count = events.len() as u64;
    unit.expect(sql.finish()?, Expect::rows(count..=count, "events were deleted meanwhile by somebody else"));
    let steps = if gone.is_empty() { None } else { Some(gone.write(engine, &mut unit)?) };
    let receipt = engine.commit(unit).await?;
    Ok(steps.map_or_else(Deleted::default, |steps| Deleted {
        bounties: receipt.affected(steps.bounties),
        credentials: receipt.affected(steps.credentials),
        attackers: steps.attackers.map_or(0, |step| receipt.affected(step)),
    }))
}

/// The steps of a unit whose rows are counted.
struct Steps {
    bounties: StepId,
    credentials: StepId,
    attackers: Option<StepId>,
}

/// The sources whose last events go, as far as something hangs on them.
#[derive(Debug, Default)]
struct Gone {
    sources: BTreeSet<String>,
    attackers: BTreeSet<String>,
    /// Digests of the secrets that the sources tried.
    secrets: BTreeSet<String>,
}

impl Gone {
    /// Looks outside of the unit, which must be short, and which looks again.
    async fn look(engine: &dyn Engine, events: &[Doomed]) -> Result<Self> {
        let mut sources: BTreeSet<String> = hanging(engine, events).await?;
        if sources.is_empty() {
            return Ok(Self::default());
        }
        for other in others(engine, events, &sources).await? {
            // On tables that DECNET made, text is compared without case and trailing blanks.
            sources.retain(|source| !source.trim_end().eq_ignore_ascii_case(other.trim_end()));
        }
        if sources.is_empty() {
            return Ok(Self::default());
        }
        let list = async |table: &Table, wanted: &'static Column, by: &'static Column| {
            let mut sql = Sql::new(engine.dialect());
            sql.push("SELECT DISTINCT ").column(wanted).push(" FROM ").identifier(table.name);
            sql.only_in(by, sources.iter().map(String::as_str));
            engine.query(sql.finish()?).await?.decode(|row| row.read_column::<String>(wanted))
        };
        let attackers = list(Attacker::TABLE, Attacker::UUID.column(), Attacker::IP.column())
            .await?
            .into_iter()
            .collect();
        let secret = Credential::SECRET_SHA256.column();
        let secrets =
            list(Credential::TABLE, secret, Credential::ATTACKER_IP.column()).await?.into_iter().collect();
        Ok(Self { sources, attackers, secrets })
    }

    fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// Adds the deletions behind that of the events, in the order of references.
    fn write(&self, engine: &dyn Engine, unit: &mut Unit) -> Result<Steps> {
        let sources = || self.sources.iter().map(String::as_str);
        let attackers = || self.attackers.iter().map(String::as_str);
        let mut step = |write: &dyn Fn(&mut Sql<'_>), expect: Option<Expect>| -> Result<StepId> {
            let mut sql = Sql::new(engine.dialect());
            write(&mut sql);
            let statement = sql.finish()?;
            Ok(match expect {
                Some(expect) => unit.expect(statement, expect),
                None => unit.execute(statement),
            })
        };
        let of_sources = |sql: &mut Sql<'_>, table: &'static Table, column: &'static Column| {
            sql.delete_from(table).only_in(column, sources());
            without_events(sql, table, column, None);
        };
        let bounties = step(&|sql| of_sources(sql, Bounty::TABLE, Bounty::ATTACKER_IP.column()), None)?;
        let credentials =
            step(&|sql| of_sources(sql, Credential::TABLE, Credential::ATTACKER_IP.column()), None)?;
        if !self.secrets.is_empty() {
            step(
                &|sql| {
                    let digests = self.secrets.iter().map(String::as_str);
                    sql.delete::<CredentialReuse>().only_in(CredentialReuse::SECRET_SHA256, digests);
                    without_credentials(sql);
                },
                None,
            )?;
        }
        let mut steps = Steps { bounties, credentials, attackers: None };
        if !self.attackers.is_empty() {
            step(
                // Credentials of other sources that were ascribed to the attacker.
                &|sql| {
                    sql.update::<Credential>().set(Credential::ATTACKER_UUID, Value::Null);
                    sql.only_in(Credential::ATTACKER_UUID, attackers());
                },
                None,
            )?;
            for (table, column) in DEPENDENT {
                step(
                    &|sql| {
                        sql.delete_from(table).only_in(column, attackers());
                    },
                    None,
                )?;
            }
            let count = self.attackers.len() as u64;
            let expect = Expect::rows(count..=count, "an attacker came back, or is gone, meanwhile");
            steps.attackers = Some(step(
                &|sql| {
                    sql.delete::<Attacker>().only_in(Attacker::UUID, attackers());
                    without_events(sql, Attacker::TABLE, Attacker::IP.column(), None);
                },
                Some(expect),
            )?);
        }
        Ok(steps)
    }
}

/// The sources of the events that have something hanging on them, and no event stored later.
async fn hanging(engine: &dyn Engine, events: &[Doomed]) -> Result<BTreeSet<String>> {
    let sources: BTreeSet<&str> = events.iter().map(|event| event.source.as_str()).collect();
    let Some(last) = events.iter().map(|event| event.id).max() else { return Ok(BTreeSet::new()) };
    let mut found = BTreeSet::new();
    for (table, column) in OF_SOURCES {
        // A longer text finds nothing (ruling R16).
        let sources = sources.iter().filter(|source| table.check(column, &Value::from(**source)).is_ok());
        let sources: Vec<&str> = sources.copied().collect();
        if sources.is_empty() {
            continue;
        }
        let mut sql = Sql::new(engine.dialect());
        sql.push("SELECT DISTINCT ").column(column).push(" FROM ").identifier(table.name);
        sql.only_in(column, sources);
        without_events(&mut sql, table, column, Some(last));
        let rows = engine.query(sql.finish()?).await?;
        found.extend(rows.decode(|row| row.read_column::<String>(column))?);
    }
    Ok(found)
}

/// The sources that have other events than these.
async fn others(engine: &dyn Engine, events: &[Doomed], sources: &BTreeSet<String>) -> Result<Vec<String>> {
    let mut sql = Sql::new(engine.dialect());
    sql.push("SELECT DISTINCT ").column(Log::ATTACKER_IP).from::<Log>();
    sql.only_in(Log::ATTACKER_IP, sources.iter().map(String::as_str));
    sql.and().column(Log::ID).push(" NOT").one_of(events.iter().map(|event| event.id));
    engine.query(sql.finish()?).await?.decode(|row| row.read(Log::ATTACKER_IP))
}

/// One more condition: no event, or none behind an id, has the source that the row of the table has.
fn without_events(sql: &mut Sql<'_>, table: &'static Table, column: &'static Column, behind: Option<i64>) {
    sql.and().push("NOT EXISTS ").subquery(|sql| {
        sql.push("SELECT 1 FROM logs").and().column_of(Log::TABLE.name, Log::ATTACKER_IP).push(" = ");
        sql.column_of(table.name, column);
        match behind {
            Some(id) => sql.and().column_of(Log::TABLE.name, Log::ID).push(" > ").bind(id),
            None => sql,
        }
    });
}

/// One more condition: no credential has the finding's secret.
fn without_credentials(sql: &mut Sql<'_>) {
    let (finding, credential) = (CredentialReuse::TABLE.name, Credential::TABLE.name);
    sql.and().push("NOT EXISTS ").subquery(|sql| {
        sql.push("SELECT 1").from::<Credential>().and().column_of(credential, Credential::SECRET_SHA256);
        sql.push(" = ").column_of(finding, CredentialReuse::SECRET_SHA256);
        sql.and().column_of(credential, Credential::SECRET_KIND).push(" = ");
        sql.column_of(finding, CredentialReuse::SECRET_KIND)
    });
}
