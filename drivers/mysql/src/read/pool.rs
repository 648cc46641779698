//! The connections that are open.
//!
//! mysql_async's own pool knows one host, no time-out for a checkout and no check of what it hands out; and this one must
//! never give out a connection that is in the middle of something. It is a stack under a semaphore: a connection comes
//! back only by [`Lease::give_back`], when its user has finished; one that is dropped for any other reason is closed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use decnet_db_core::config::PoolConfig;
use decnet_db_core::driver::{PoolStatus, backoff};
use decnet_db_core::telemetry::{InUse, PoolMetrics};
use decnet_db_core::{Error, Result};
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};
use tokio::time::timeout;

use crate::connect::{Connector, Refused};
use crate::fitness::{Fitness, fitness};
use crate::options::Access;
use crate::read::connection::Connection;

/// A connection that rested for less than that is handed out unseen: pinging each time would double the round trips.
const FRESH: Duration = Duration::from_secs(5);
const PING_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection that nobody needed for so long is closed: a burst leaves none behind.
const IDLE: Duration = Duration::from_secs(60);
/// How often the pool looks for such connections, and for a preferred host that is back.
const HOUSEKEEPING: Duration = Duration::from_secs(5);

/// All connections of one open database, but for the one that creates the schema.
#[derive(Debug)]
pub(crate) struct Pool {
    connector: Connector,
    config: PoolConfig,
    metrics: PoolMetrics,
    slots: Arc<Semaphore>,
    idle: Mutex<Idle>,
    /// Why the last attempt to connect failed, until one succeeds.
    away: Mutex<Option<String>>,
    closed: AtomicBool,
}

#[derive(Debug)]
struct Idle {
    /// The one that was used last is on top.
    stack: Vec<Connection>,
    /// When a connection was last found dead: what rested then is tried before it is used.
    suspect_before: Option<Instant>,
}

/// A connection in use.
#[derive(Debug)]
pub(crate) struct Lease {
    connection: Connection,
    pool: Arc<Pool>,
    _slot: OwnedSemaphorePermit,
    _used: InUse,
}

impl Pool {
    pub(crate) fn new(
        connector: Connector,
        config: PoolConfig,
        metrics: PoolMetrics,
        first: Connection,
    ) -> Arc<Self> {
        let max = usize::try_from(config.max_connections()).unwrap_or(Semaphore::MAX_PERMITS);
        let pool = Arc::new(Self {
            connector,
            config,
            metrics,
            slots: Arc::new(Semaphore::new(max)),
            idle: Mutex::new(Idle { stack: vec![first], suspect_before: None }),
            away: Mutex::new(None),
            closed: AtomicBool::new(false),
        });
        tokio::spawn(keep_house(Arc::downgrade(&pool)));
        pool
    }

    pub(crate) fn connector(&self) -> &Connector {
        &self.connector
    }

    /// How long callers wait, for a connection and for a server that is away.
    pub(crate) fn patience(&self) -> Duration {
        self.config.wait_timeout
    }

    /// A connection that is ready for use. A server that can't be reached is tried until the time is over, so that
    /// callers get over a restart.
    ///
    /// # Errors
    /// Unavailable when none is free, or no server answers, in time; Configuration when the server refuses the account.
    pub(crate) async fn acquire(self: &Arc<Self>, access: Access) -> Result<Lease> {
        let started = Instant::now();
        let waiting = self.metrics.wait();
        let slot = self.slot().await?;
        if let Some(connection) = self.rested(access).await {
            return Ok(Lease { connection, pool: self.clone(), _slot: slot, _used: waiting.over() });
        }
        let mut attempt = 0;
        loop {
            if self.closed.load(Ordering::Acquire) {
                return Err(Error::closed());
            }
            match self.connect(access).await {
                Ok(connection) => {
                    return Ok(Lease { connection, pool: self.clone(), _slot: slot, _used: waiting.over() });
                }
                Err(refused) if refused.retry && started.elapsed() < self.patience() => {
                    tokio::time::sleep(backoff(attempt)).await;
                    attempt += 1;
                }
                Err(refused) => return Err(refused.error),
            }
        }
    }

    async fn connect(&self, access: Access) -> Result<Connection, Refused> {
        let started = Instant::now();
        let outcome = self.connector.connect(access).await;
        if outcome.is_ok() {
            self.metrics.created(started.elapsed());
        }
        *self.away.lock() = outcome.as_ref().err().map(|refused| refused.error.to_string());
        outcome
    }

    /// Whether there is another host to go to.
    pub(crate) fn has_alternatives(&self) -> bool {
        self.connector.hosts().has_alternatives()
    }

    /// The right to use one connection.
    async fn slot(&self) -> Result<OwnedSemaphorePermit> {
        // Mostly one is free; then no timer is set.
        match self.slots.clone().try_acquire_owned() {
            Ok(slot) => return Ok(slot),
            Err(TryAcquireError::Closed) => return Err(Error::closed()),
            Err(TryAcquireError::NoPermits) => {}
        }
        match timeout(self.patience(), self.slots.clone().acquire_owned()).await {
            Ok(Ok(slot)) => Ok(slot),
            Ok(Err(_)) => Err(Error::closed()),
            Err(_) => {
                self.metrics.timed_out();
                Err(self.none_free())
            }
        }
    }

    fn none_free(&self) -> Error {
        let all_in_use = || {
            format!(
                "no database connection became free within {} s: all {} are in use (DECNET_DB_POOL_SIZE, \
                 DECNET_DB_MAX_OVERFLOW)",
                self.patience().as_secs(),
                self.config.max_connections()
            )
        };
        // Those who have a slot may be trying to connect.
        Error::Unavailable { message: self.away.lock().clone().unwrap_or_else(all_in_use), source: None }
    }

    /// A connection that is open already and fit for use.
    async fn rested(&self, access: Access) -> Option<Connection> {
        loop {
            let (mut connection, suspect) = {
                let mut idle = self.idle.lock();
                let connection = idle.stack.pop()?;
                let suspect = idle.suspect_before.is_some_and(|moment| connection.alive() <= moment);
                (connection, suspect)
            };
            if connection.age() >= self.config.recycle || !self.is_wanted(&connection) {
                continue;
            }
            if access == Access::Write && !connection.fit() {
                // It answered reads when no host took writes; perhaps it takes them by now.
                match timeout(PING_TIMEOUT, fitness(&mut connection)).await {
                    Ok(Ok(Fitness::Fit)) => connection.set_fit(true),
                    _ => continue,
                }
            }
            let ping = suspect || (self.config.pre_ping != Some(false) && connection.silence() >= FRESH);
            if !ping {
                return Some(connection);
            }
            if matches!(timeout(PING_TIMEOUT, connection.ping()).await, Ok(Ok(()))) {
                connection.answered();
                return Some(connection);
            }
            self.suspect();
        }
    }

    /// Whether the connection is at the host that is in use.
    fn is_wanted(&self, connection: &Connection) -> bool {
        let hosts = self.connector.hosts();
        connection.is_good()
            && (!hosts.has_alternatives()
                || hosts.current().is_some_and(|host| host.position() == connection.host().position()))
    }

    /// Closes what nobody needed for a while, and what is at a host that is no longer in use.
    fn shrink(&self) {
        let mut idle = self.idle.lock();
        let stack = std::mem::take(&mut idle.stack);
        let (keep, close): (Vec<_>, Vec<_>) = stack.into_iter().partition(|connection| {
            connection.silence() < IDLE
                && connection.age() < self.config.recycle
                && self.is_wanted(connection)
        });
        idle.stack = keep;
        drop(idle);
        // Closed outside of the lock.
        drop(close);
    }

    /// A connection was found dead: so may be those that rest.
    pub(crate) fn suspect(&self) {
        self.idle.lock().suspect_before = Some(Instant::now());
    }

    pub(crate) fn status(&self) -> PoolStatus {
        let max = self.config.max_connections();
        let free = u32::try_from(self.slots.available_permits()).unwrap_or(max);
        let idle = u32::try_from(self.idle.lock().stack.len()).unwrap_or(max);
        PoolStatus::new(max.saturating_sub(free) + idle, idle, max)
    }

    /// For work on connections outside of the pool: they are closed to callers together with it.
    ///
    /// # Errors
    /// `Unavailable` when the pool is closed.
    pub(crate) fn ensure_open(&self) -> Result<()> {
        if self.closed.load(Ordering::Acquire) { Err(Error::closed()) } else { Ok(()) }
    }

    /// Closes what rests; what is in use is closed when it comes back.
    pub(crate) async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.slots.close();
        let resting = std::mem::take(&mut self.idle.lock().stack);
        for connection in resting {
            connection.disconnect().await;
        }
    }
}

impl Lease {
    pub(crate) fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Hands the connection to the next user. Only for connections that are in no transaction and hold no lock.
    pub(crate) fn give_back(mut self) {
        self.connection.answered();
        let size = usize::try_from(self.pool.config.size.max(1)).unwrap_or(usize::MAX);
        let mut idle = self.pool.idle.lock();
        let wanted = self.pool.is_wanted(&self.connection) && !self.pool.closed.load(Ordering::Acquire);
        if idle.stack.len() < size && wanted {
            idle.stack.push(self.connection);
        }
    }
}

/// Closes connections that are not needed, and goes back to a preferred host, until the pool is gone.
async fn keep_house(pool: Weak<Pool>) {
    loop {
        tokio::time::sleep(HOUSEKEEPING).await;
        let Some(pool) = pool.upgrade() else { return };
        if pool.closed.load(Ordering::Acquire) {
            return;
        }
        pool.shrink();
        if let Some(connection) = pool.connector.return_to_preferred().await {
            pool.idle.lock().stack.push(connection);
        }
    }
}
