//! Every method of the backend that there was, and the unit queue.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use decnet_db_core::config::{Config, PoolConfig};
use decnet_db_core::driver::{
    Backend, BatchLimits, Bootstrap, Bootstrapped, OpenFuture, Pending, PoolStatus, ServerInfo, UnitQueue,
};
use decnet_db_core::sql::{Dialect, Receipt, Rows, Sql, Statement, Unit};
use decnet_db_core::time::Timestamp;
use decnet_db_core::{Error, Result};
use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, OpenFlags};

use crate::dialect::Frozen;
use crate::values::{closed, query, steps, transaction, translate};

struct FrozenBackend {
    shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    connection: Mutex<Option<Connection>>,
    queue: UnitQueue,
}

pub(crate) fn open(config: &Config) -> OpenFuture<'_> {
    Box::pin(async move {
        if let Some((name, _)) = config.url.options().first() {
            return Err(Error::configuration(format!("no option {name:?}")));
        }
        let (path, create, pool) =
            (config.url.database().to_owned(), config.create_if_missing, config.pool.clone());
        let connection = blocking(move || connect(&path, create, &pool)).await?;
        let shared = Arc::new(Shared { connection: Mutex::new(Some(connection)), queue: UnitQueue::new() });
        let writer = std::thread::spawn({
            let (shared, runtime) = (shared.clone(), tokio::runtime::Handle::current());
            move || runtime.block_on(shared.write())
        });
        let backend = FrozenBackend { shared, writer: Mutex::new(Some(writer)) };
        backend.ping().await?;
        Ok(Arc::new(backend) as Arc<dyn Backend>)
    })
}

fn connect(path: &str, create: bool, pool: &PoolConfig) -> Result<Connection> {
    let create = if create { OpenFlags::SQLITE_OPEN_CREATE } else { OpenFlags::empty() };
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | create).map_err(translate)?;
    connection.busy_timeout(pool.wait_timeout.min(Duration::from_secs(30))).map_err(translate)?;
    connection.pragma_update(None, "foreign_keys", true).map_err(translate)?;
    connection
        .create_scalar_function("frozen_bucket", 2, FunctionFlags::SQLITE_UTF8, |context| {
            let width = context.get::<i64>(1)?.max(1);
            let time = context.get::<Option<String>>(0)?.and_then(|text| Timestamp::parse(&text).ok());
            Ok(time.map(|time| time.as_seconds_floor().div_euclid(width) * width))
        })
        .map_err(translate)?;
    Ok(connection)
}

#[async_trait]
impl Backend for FrozenBackend {
    fn dialect(&self) -> &dyn Dialect {
        &Frozen
    }

    async fn query(&self, statement: Statement) -> Result<Rows> {
        let shared = self.shared.clone();
        blocking(move || shared.with(|connection| query(connection, &statement))).await
    }

    async fn commit(&self, unit: Unit) -> Result<Receipt> {
        self.shared.queue.submit(unit).await
    }

    async fn bootstrap(&self, bootstrap: Bootstrap) -> Result<Bootstrapped> {
        let shared = self.shared.clone();
        blocking(move || {
            shared.with(|connection| {
                transaction(connection, || {
                    let catalog = query(connection, &bootstrap.catalog(&Frozen))?;
                    let missing = bootstrap.missing(catalog, &Frozen)?;
                    for statement in &missing {
                        connection.execute_batch(statement.text()).map_err(translate)?;
                    }
                    let receipt = steps(connection, bootstrap.seed())?;
                    bootstrap.finish(missing.len(), receipt)
                })
            })
        })
        .await
    }

    async fn ping(&self) -> Result<ServerInfo> {
        let mut sql = Sql::new(&Frozen);
        sql.push("SELECT sqlite_version()");
        let version = self.query(sql.finish()?).await?.scalar::<String>()?;
        Ok(ServerInfo::new("sqlite", version.unwrap_or_default()))
    }

    fn pool(&self) -> PoolStatus {
        let queued = u32::try_from(self.shared.queue.len()).unwrap_or(u32::MAX);
        PoolStatus::new(1, 0, 1).queued(queued)
    }

    async fn close(&self) {
        self.shared.queue.close();
        let writer = locked(&self.writer).take();
        let shared = self.shared.clone();
        let _ = blocking(move || {
            let _ = writer.map(JoinHandle::join);
            locked(&shared.connection).take();
            Ok(())
        })
        .await;
    }
}

impl Drop for FrozenBackend {
    fn drop(&mut self) {
        self.shared.queue.close();
    }
}

impl Shared {
    fn with<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        locked(&self.connection).as_ref().map_or_else(|| Err(closed()), work)
    }

    async fn write(&self) {
        while let Some(group) = self.queue.take(BatchLimits { units: 64, rows: 1000 }).await {
            for pending in group {
                let done =
                    self.with(|connection| transaction(connection, || steps(connection, &pending.unit)));
                Pending::reply(pending, done);
            }
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Error::backend("a database call was cut short", error)))
}
