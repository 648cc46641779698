//! The driver's side of the interface: hands reads to the pool and writes to the writer.

use std::sync::Arc;

use async_trait::async_trait;
use decnet_db_core::driver::{Backend, Bootstrap, Bootstrapped, PoolStatus, ServerInfo};
use decnet_db_core::sql::{Dialect, Receipt, Rows, Sql, Statement, Unit};
use decnet_db_core::{Error, Result};

use crate::dialect::Sqlite;
use crate::readers::{Readers, blocking};
use crate::writer::Writer;

/// An open SQLite database.
pub(crate) struct SqliteBackend {
    pub(crate) writer: Arc<Writer>,
    /// `None` for a database in memory, which has a single connection.
    pub(crate) readers: Option<Readers>,
}

#[async_trait]
impl Backend for SqliteBackend {
    fn dialect(&self) -> &dyn Dialect {
        &Sqlite
    }

    async fn query(&self, statement: Statement) -> Result<Rows> {
        match &self.readers {
            Some(readers) => readers.query(statement, self.writer.is_quiet()).await,
            None => {
                let desk = self.writer.desk();
                blocking(move || desk.query(&statement)).await
            }
        }
    }

    async fn query_marked(&self, statement: Statement) -> Result<(Rows, Option<u64>)> {
        let desk = self.writer.desk();
        match &self.readers {
            Some(readers) => {
                readers.query_then(statement, self.writer.is_quiet(), move || desk.foreign_commits()).await
            }
            // Nobody else can write to this memory.
            None => Ok((blocking(move || desk.query(&statement)).await?, Some(0))),
        }
    }

    async fn commit(&self, unit: Unit) -> Result<Receipt> {
        self.writer.commit(unit).await
    }

    async fn bootstrap(&self, bootstrap: Bootstrap) -> Result<Bootstrapped> {
        let desk = self.writer.desk();
        blocking(move || desk.bootstrap(bootstrap)).await
    }

    async fn ping(&self) -> Result<ServerInfo> {
        let mut sql = Sql::new(&Sqlite);
        // Reads the first page of the file, which a constant would not.
        sql.push("SELECT sqlite_version() FROM (SELECT COUNT(*) FROM sqlite_master)");
        match self.query(sql.finish()?).await {
            Ok(rows) => Ok(ServerInfo::new("sqlite", rows.scalar::<String>()?.unwrap_or_default())),
            Err(error @ Error::Unavailable { .. }) => Err(error),
            Err(error) => Err(Error::unavailable(error.to_string(), error)),
        }
    }

    fn pool(&self) -> PoolStatus {
        let status = match &self.readers {
            Some(readers) => readers.status(),
            None => self.writer.status(),
        };
        status.queued(u32::try_from(self.writer.queued()).unwrap_or(u32::MAX))
    }

    async fn close(&self) {
        self.writer.finish();
        let writer = self.writer.clone();
        // If the caller drops this future, closing goes on.
        let _ = blocking(move || {
            writer.join();
            Ok(())
        })
        .await;
        if let Some(readers) = &self.readers {
            readers.close().await;
        }
        let writer = self.writer.clone();
        let _ = blocking(move || {
            writer.close();
            Ok(())
        })
        .await;
    }
}
