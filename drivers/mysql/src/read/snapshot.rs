//! Snapshots: one read-only transaction on a connection of its own.

use std::sync::Arc;

use async_trait::async_trait;
use decnet_db_core::driver::Snapshot;
use decnet_db_core::sql::{Rows, Statement};
use decnet_db_core::{Error, Result};
use tokio::sync::Mutex;

use crate::connect::Connector;
use crate::context::Context;
use crate::error::{Verdict, tell};
use crate::execute::query;
use crate::options::Access;
use crate::read::connection::Connection;

/// Opens a connection and begins the transaction. READ COMMITTED, which all other connections have, would see more with
/// each statement.
///
/// # Errors
/// Why there is no connection.
pub(crate) async fn begin(connector: &Connector, context: &Arc<Context>) -> Result<Box<dyn Snapshot>> {
    let mut connection = connector.connect(Access::Read).await.map_err(|refused| refused.error)?;
    for text in [
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    ] {
        connection.query_drop(text).await.map_err(|error| tell(error, "beginning a snapshot"))?;
    }
    Ok(Box::new(MysqlSnapshot { connection: Mutex::new(Some(connection)), context: context.clone() }))
}

struct MysqlSnapshot {
    /// Not there while it is used: a call that is dropped leaves none.
    connection: Mutex<Option<Connection>>,
    context: Arc<Context>,
}

#[async_trait]
impl Snapshot for MysqlSnapshot {
    async fn query(&self, statement: Statement) -> Result<Rows> {
        let mut place = self.connection.lock().await;
        let mut connection = place.take().ok_or_else(over)?;
        match query(&mut connection, &self.context, &statement).await {
            Ok(rows) => {
                *place = Some(connection);
                Ok(rows)
            }
            Err(failure) => {
                let verdict = failure.verdict();
                if verdict == Verdict::Final && connection.is_good() {
                    *place = Some(connection);
                }
                Err(match (verdict, failure.tell("reading in a snapshot")) {
                    (Verdict::Lost, error) => Error::unavailable(
                        format!("the snapshot is over, since its connection was lost: {error}"),
                        error,
                    ),
                    (_, error) => error,
                })
            }
        }
    }

    async fn end(self: Box<Self>) {
        if let Some(connection) = self.connection.into_inner() {
            connection.disconnect().await;
        }
    }
}

fn over() -> Error {
    Error::Unavailable {
        message: "the snapshot is over, since its connection was lost or a read in it was cut short; begin another one"
            .to_owned(),
        source: None,
    }
}
