//! A whole backend from sessions: one transaction for each unit.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::RwLock;

use super::{Failed, Replays};
use crate::config::Config;
use crate::driver::{Backend, Bootstrap, Bootstrapped, Capability, Driver, PoolStatus, ServerInfo};
use crate::error::{Error, ErrorKind, Result};
use crate::sql::{Dialect, Insert, OnDuplicate, Outcome, Receipt, Rows, Sql, Statement, Step, Unit, Value};

/// More bytes of values than that in one INSERT gain nothing.
const MAX_BYTES: usize = 1 << 20;
/// How often a bootstrap is tried that another program's users are in the way of.
const BOOTSTRAPS: u32 = 5;

/// One engine's connections, as [`Pooled`] needs them: a pool, which the driver chooses.
#[async_trait]
pub trait Sessions: Send + Sync + 'static {
    /// One connection. Dropping it hands it back.
    type Session: Session;

    /// A query for the server's version, which begins with a digit.
    const VERSION: &'static str;

    /// A connection that is in no transaction, waiting for one to become free.
    ///
    /// # Errors
    /// Lost, when no server answers: it is tried again until the caller's patience is over. Final, when no connection
    /// became free in time, or the server refuses the account.
    async fn session(&self) -> Result<Self::Session, Failed>;

    /// Writes a statement that waits until no other transaction has the lock of this number, and holds it until its own
    /// transaction ends.
    fn lock(&self, sql: &mut Sql<'_>, number: i64);

    /// How the connections stand at the moment.
    fn status(&self) -> PoolStatus;

    /// Closes all connections; no session is to be had any more. Nobody is inside a transaction then.
    async fn close(&self);
}

/// One connection to a server. DDL must be transactional.
#[async_trait]
pub trait Session: Send {
    /// Runs text without values and without rows: BEGIN, COMMIT, ROLLBACK, DDL.
    async fn run(&mut self, text: &str) -> Result<(), Failed>;

    /// Runs a query and reads all of its rows.
    async fn query(&mut self, statement: &Statement) -> Result<Rows, Failed>;

    /// Runs a statement and returns how many rows it affected: for an UPDATE those that it found, changed or not.
    async fn execute(&mut self, statement: &Statement) -> Result<u64, Failed>;

    /// Writes rows in bulk, by the engine's fastest path, and returns how many; it fails when a key exists. Each row has a
    /// value for each column of the list.
    async fn load(&mut self, rows: &Insert, dialect: &dyn Dialect) -> Result<u64, Failed> {
        let mut affected = 0;
        for statement in rows.statements(dialect, MAX_BYTES) {
            affected += self.execute(&statement).await?;
        }
        Ok(affected)
    }

    /// Closes the connection instead of handing it back: nobody knows what state it is in.
    fn discard(self);
}

/// A [`Backend`] over [`Sessions`], which keeps all of its promises: each unit is one transaction of its own, in a task
/// that runs to its end also when the caller goes away, replayed as [`Replays`] does; guards are locks that are taken in
/// one order before the first step; the schema is created in the same transaction that seeds it, under such a lock.
///
/// Engines that gain much by committing several units together (SQLite) or whose DDL is not transactional (MySQL) need a
/// backend of their own; [`UnitQueue`](super::UnitQueue) helps with the former.
#[derive(Debug)]
pub struct Pooled<S> {
    sessions: Arc<S>,
    dialect: &'static dyn Dialect,
    nul_refused: Option<&'static str>,
    patience: Duration,
    /// Whether it is open. Each unit holds it for reading.
    open: Arc<RwLock<bool>>,
}

impl<S: Sessions> Pooled<S> {
    /// Connects once, so that a wrong host, password or database is reported at once.
    ///
    /// The driver's declarations hold: text with NUL characters is refused where it
    /// [lacks](crate::driver::Driver::lacks) them. Callers wait for a server that is away as long as the pool's
    /// [wait timeout](crate::config::PoolConfig::wait_timeout) says.
    ///
    /// # Errors
    /// Why there is no connection.
    pub async fn open(
        driver: &Driver,
        dialect: &'static dyn Dialect,
        sessions: S,
        config: &Config,
    ) -> Result<Arc<dyn Backend>> {
        let pooled = Self {
            sessions: Arc::new(sessions),
            dialect,
            nul_refused: driver.why_it_lacks(Capability::NulInText),
            patience: config.pool.wait_timeout,
            open: Arc::new(RwLock::new(true)),
        };
        pooled.ping().await?;
        Ok(Arc::new(pooled))
    }

    fn replays(&self) -> Replays {
        Replays::new(self.dialect.system(), self.patience)
    }

    async fn read(&self, statement: &Statement) -> Result<Rows, Failed> {
        self.sessions.session().await?.query(statement).await
    }

    async fn apply(&self, unit: Unit, schema: Option<Bootstrap>) -> Result<(usize, Receipt)> {
        if let Some(reason) = self.nul_refused {
            unit.check(|value| value.has_nul().then_some(reason))?;
        }
        let open = self.open.clone().read_owned().await;
        if !*open {
            return Err(Error::closed());
        }
        let (sessions, dialect, mut replays) = (self.sessions.clone(), self.dialect, self.replays());
        let work = async move {
            let _open = open;
            loop {
                match transaction(&*sessions, dialect, &unit, schema.as_ref()).await {
                    Ok(done) => return Ok(done),
                    Err(failed) => replays.wait_or_give_up(failed).await?,
                }
            }
        };
        tokio::spawn(work).await.map_err(|error| Error::backend("the write was cut short", error))?
    }
}

#[async_trait]
impl<S: Sessions> Backend for Pooled<S> {
    fn dialect(&self) -> &dyn Dialect {
        self.dialect
    }

    async fn query(&self, statement: Statement) -> Result<Rows> {
        let mut replays = self.replays();
        loop {
            match self.read(&statement).await {
                Ok(rows) => return Ok(rows),
                Err(failed) => replays.wait_or_give_up(failed).await?,
            }
        }
    }

    async fn commit(&self, unit: Unit) -> Result<Receipt> {
        Ok(self.apply(unit, None).await?.1)
    }

    async fn bootstrap(&self, bootstrap: Bootstrap) -> Result<Bootstrapped> {
        let mut unit = bootstrap.seed().clone();
        unit.guard("schema", "bootstrap");
        let mut tries = 0;
        loop {
            tries += 1;
            match self.apply(unit.clone(), Some(bootstrap.clone())).await {
                // The guard keeps out who creates tables, and not who adds a user: the next try finds that one.
                Err(error) if error.kind() == ErrorKind::Conflict && tries < BOOTSTRAPS => {}
                done => {
                    let (created, receipt) = done?;
                    return bootstrap.finish(created, receipt);
                }
            }
        }
    }

    async fn ping(&self) -> Result<ServerInfo> {
        let mut sql = Sql::new(self.dialect);
        sql.push(S::VERSION);
        let rows = self.read(&sql.finish()?).await.map_err(|failed| failed.error)?;
        Ok(ServerInfo::new(self.dialect.system(), rows.scalar::<String>()?.unwrap_or_default()))
    }

    fn pool(&self) -> PoolStatus {
        self.sessions.status()
    }

    async fn close(&self) {
        *self.open.write().await = false;
        self.sessions.close().await;
    }
}

async fn transaction<S: Sessions>(
    sessions: &S,
    dialect: &dyn Dialect,
    unit: &Unit,
    schema: Option<&Bootstrap>,
) -> Result<(usize, Receipt), Failed> {
    let mut session = sessions.session().await?;
    let mut outcome = steps(&mut session, sessions, dialect, unit, schema).await;
    if outcome.is_ok()
        && let Err(failed) = session.run("COMMIT").await
    {
        outcome = Err(failed.at_commit());
    }
    if outcome.is_err() && session.run("ROLLBACK").await.is_err() {
        session.discard();
    }
    outcome
}

async fn steps<S: Sessions>(
    session: &mut S::Session,
    sessions: &S,
    dialect: &dyn Dialect,
    unit: &Unit,
    schema: Option<&Bootstrap>,
) -> Result<(usize, Receipt), Failed> {
    session.run("BEGIN").await?;
    for number in unit.guards("") {
        let mut sql = Sql::new(dialect);
        sessions.lock(&mut sql, number.cast_signed());
        session.execute(&sql.finish()?).await?;
    }
    let mut created = 0;
    if let Some(schema) = schema {
        let catalog = session.query(&schema.catalog(dialect)).await?;
        for statement in schema.missing(catalog, dialect)? {
            session.run(statement.text()).await?;
            created += 1;
        }
    }
    let mut receipt = Receipt::default();
    for step in unit.steps() {
        receipt.push(match step {
            // Taken before the first step.
            Step::Guard(_) => Outcome::Affected(0),
            Step::Query(statement) => Outcome::Rows(session.query(statement).await?),
            Step::Execute(statement, expect) => {
                let affected = session.execute(statement).await?;
                if let Some(expect) = expect {
                    expect.check(affected)?;
                }
                Outcome::Affected(affected)
            }
            Step::Insert(rows) => Outcome::Affected(insert(session, dialect, rows).await?),
        });
    }
    Ok((created, receipt))
}

async fn insert(session: &mut impl Session, dialect: &dyn Dialect, rows: &Insert) -> Result<u64, Failed> {
    let key = rows.serial();
    let assigned = key.is_some_and(|at| rows.iter().any(|row| row.get(at).is_none_or(Value::is_null)));
    let mut affected = 0;
    if rows.len() > 1 && !assigned && rows.duplicates() == OnDuplicate::Fail {
        affected = session.load(rows, dialect).await?;
    } else {
        for statement in rows.statements(dialect, MAX_BYTES) {
            affected += session.execute(&statement).await?;
        }
    }
    // The next key that the database assigns must lie behind those that were given.
    if let Some(column) = key.and_then(|at| rows.table().column(rows.columns().get(at)?)) {
        let mut sql = Sql::new(dialect);
        dialect.resync_serial(&mut sql, rows.table(), column);
        if !sql.is_empty() {
            session.execute(&sql.finish()?).await?;
        }
    }
    Ok(affected)
}
