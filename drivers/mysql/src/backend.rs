//! One open database.

use std::sync::Arc;

use async_trait::async_trait;
use decnet_db_core::config::Config;
use decnet_db_core::driver::{
    Backend, Bootstrap, Bootstrapped, Finding, PoolStatus, ServerInfo, Snapshot, Space, backoff,
};
use decnet_db_core::sql::{Dialect, Receipt, Rows, Sql, Statement, Table, Unit};
use decnet_db_core::telemetry::PoolMetrics;
use decnet_db_core::{Error, Result};

use crate::bootstrap::bootstrap;
use crate::connect::Connector;
use crate::context::{Context, Guards};
use crate::dialect::Mysql;
use crate::error::{Failure, Verdict, tell};
use crate::examine::examine;
use crate::execute::query;
use crate::legacy::cut_columns::Cuts;
use crate::options::{Access, Targets};
use crate::read::pool::Pool;
use crate::read::snapshot;
use crate::server::{Cluster, Server};
use crate::session::setup;
use crate::write::Writer;

/// How often a read is tried on another connection when it lost the one that it had.
const TRIES: u32 = 5;

/// The driver's [`Backend`].
#[derive(Debug)]
pub(crate) struct MysqlBackend {
    pool: Arc<Pool>,
    context: Arc<Context>,
    writer: Writer,
    cuts: Cuts,
    system: &'static str,
    /// Tables that no snapshot holds still.
    other_engines: Vec<String>,
}

impl MysqlBackend {
    /// Connects once, so that a wrong host, password or database is reported at once, and learns about the server.
    pub(crate) async fn open(config: &Config) -> Result<Self> {
        let targets = Targets::of(&config.url)?;
        let connector = Connector::new(targets);
        let mut first = connector.connect(Access::Read).await.map_err(|refused| refused.error)?;
        let server = Server::read(&mut first).await?;
        for (setting, meaning) in &server.weak {
            tracing::warn!(
                setting,
                host = first.host().name(),
                "a setting of the database server: {meaning}"
            );
        }
        if !server.other_engines.is_empty() {
            tracing::warn!(
                tables = server.other_engines.join(", "),
                "tables that InnoDB does not keep: a write there is not whole or not at all; ALTER TABLE … ENGINE=InnoDB"
            );
        }
        if let Some(statements) = server.floats.widening() {
            tracing::warn!(
                statements,
                "instants that count seconds are in columns of 32 bits, as DECNET made them: they are stored to the nearest \
                 minute or two; the statements widen the columns"
            );
        }
        let patience = config.pool.wait_timeout.min(connector.answer_timeout() / 2);
        let setup = setup(&server, patience);
        first.query_drop(&setup).await.map_err(|error| tell(error, "setting up the session"))?;
        let guards = if server.cluster.has_several_writers() { Guards::Rows } else { Guards::Names };
        let connector = connector.with_session(&setup, server.max_packet);
        let pool = Pool::new(connector, config.pool.clone(), PoolMetrics::new(&config.url), first);
        let context = Arc::new(Context {
            dialect: Mysql::new(server.flavour, server.other_charsets)
                .in_cluster(server.cluster != Cluster::None),
            max_packet: server.max_packet,
            floats: server.floats.clone(),
            guards,
        });
        let writer = Writer::start(&pool, &context, &server.database);
        tracing::debug!(version = server.version, "connected");
        Ok(Self {
            pool,
            context,
            writer,
            cuts: server.cuts,
            system: server.flavour.system(),
            other_engines: server.other_engines,
        })
    }

    async fn read(&self, statement: &Statement) -> Result<Rows> {
        let mut tries = 0;
        loop {
            let mut lease = self.pool.acquire(Access::Read).await?;
            // A connection whose answer was not read to its end is not given back.
            let failure = match query(lease.connection(), &self.context, statement).await {
                Ok(rows) => {
                    lease.give_back();
                    return Ok(rows);
                }
                Err(failure) => failure,
            };
            tries += 1;
            match failure.verdict() {
                Verdict::Lost => self.pool.suspect(),
                Verdict::Elsewhere | Verdict::Unknown | Verdict::Again(_) | Verdict::Final => {
                    lease.give_back()
                }
            }
            let pointless = match failure.verdict() {
                Verdict::Final => true,
                Verdict::Elsewhere => !self.pool.has_alternatives(),
                _ => false,
            };
            if pointless || tries == TRIES {
                return Err(failure.tell("reading"));
            }
            tokio::time::sleep(backoff(tries)).await;
        }
    }
}

#[async_trait]
impl Backend for MysqlBackend {
    fn dialect(&self) -> &dyn Dialect {
        &self.context.dialect
    }

    async fn query(&self, statement: Statement) -> Result<Rows> {
        self.read(&statement).await
    }

    async fn snapshot(&self) -> Result<Box<dyn Snapshot>> {
        self.pool.ensure_open()?;
        if !self.other_engines.is_empty() {
            return Err(Error::Unsupported(format!(
                "tables that InnoDB does not keep have no snapshots ({}): ALTER TABLE … ENGINE=InnoDB",
                self.other_engines.join(", ")
            )));
        }
        snapshot::begin(self.pool.connector(), &self.context).await
    }

    async fn commit(&self, mut unit: Unit) -> Result<Receipt> {
        self.cuts.apply(&mut unit);
        self.writer.commit(unit).await
    }

    async fn bootstrap(&self, work: Bootstrap) -> Result<Bootstrapped> {
        self.pool.ensure_open()?;
        // A task of its own: a caller who goes away does not stop it between two tables.
        let (connector, context) = (self.pool.connector().clone(), self.context.clone());
        tokio::spawn(async move { bootstrap(&connector, &context, &work).await })
            .await
            .map_err(|error| Error::backend("creating the schema was cut short", error))?
    }

    async fn ping(&self) -> Result<ServerInfo> {
        let mut lease = self.pool.acquire(Access::Read).await?;
        let version: Option<String> = match lease.connection().first("SELECT VERSION()").await {
            Ok(version) => version,
            Err(error) => {
                self.pool.suspect();
                return Err(Failure::from(error).tell("asking the server for its version"));
            }
        };
        lease.give_back();
        Ok(ServerInfo::new(self.system, version.unwrap_or_default()))
    }

    async fn space(&self, table: &'static Table) -> Result<Option<Space>> {
        let mut sql = Sql::new(&self.context.dialect);
        // What the server has counted last; it counts again when a tenth of a table has changed.
        sql.push("SELECT CAST(COALESCE(SUM(data_length + index_length), 0) AS UNSIGNED), ")
            .push("CAST(COALESCE(SUM(data_free), 0) AS UNSIGNED), ")
            .push("CAST(COALESCE(SUM(CASE WHEN table_name = ")
            .bind(table.name)
            .push(" THEN data_length + index_length END), 0) AS UNSIGNED) ")
            .push("FROM information_schema.tables WHERE table_schema = DATABASE()");
        let spaces = self.query(sql.finish()?).await?.decode(|row| {
            let [all, free, part]: [u64; 3] = [row.value("bytes")?, row.value("bytes")?, row.value("bytes")?];
            let space = Space::new(all, free).with_table(part);
            // The table is written anew beside the old one.
            Ok(space.rebuilt_by(format!("OPTIMIZE TABLE {}", table.name), part))
        })?;
        Ok(spaces.into_iter().next())
    }

    async fn examine(&self, full: bool) -> Result<Vec<Finding>> {
        let mut lease = self.pool.acquire(Access::Read).await?;
        let findings = examine(lease.connection(), full).await?;
        lease.give_back();
        Ok(findings)
    }

    fn pool(&self) -> PoolStatus {
        self.pool.status().queued(self.writer.queued())
    }

    async fn close(&self) {
        self.writer.close().await;
        self.pool.close().await;
    }
}
