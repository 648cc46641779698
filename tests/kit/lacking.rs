//! SQLite as an engine whose text can't have NUL.

use std::sync::Arc;

use async_trait::async_trait;
use decnet_db::config::Config;
use decnet_db::driver::{Backend, Bootstrap, Bootstrapped, Driver, OpenFuture, PoolStatus, ServerInfo};
use decnet_db::sql::{Dialect, Receipt, Rows, Statement, Step, Unit, Value};
use decnet_db::{Error, Result};

/// The driver, which does not say so.
pub(crate) fn without_nul() -> Driver {
    Driver::new("without-nul", &["sqlite"], open)
}

fn open(config: &Config) -> OpenFuture<'_> {
    Box::pin(async move {
        let inner = super::sqlite().backend(config).await?;
        Ok(Arc::new(WithoutNul(inner)) as Arc<dyn Backend>)
    })
}

struct WithoutNul(Arc<dyn Backend>);

fn has_nul(value: &Value) -> bool {
    matches!(value, Value::Text(text) if text.contains('\0'))
}

fn refused(column: &str) -> Error {
    Error::invalid_input(column, "the engine's text can't have the character NUL")
}

fn check(statement: &Statement) -> Result<()> {
    if statement.values().iter().any(has_nul) { Err(refused("text")) } else { Ok(()) }
}

#[async_trait]
impl Backend for WithoutNul {
    fn dialect(&self) -> &dyn Dialect {
        self.0.dialect()
    }

    async fn query(&self, statement: Statement) -> Result<Rows> {
        check(&statement)?;
        self.0.query(statement).await
    }

    async fn commit(&self, unit: Unit) -> Result<Receipt> {
        for step in unit.steps() {
            match step {
                Step::Insert(insert) => {
                    let columns = insert.columns().iter().cycle();
                    if let Some((column, _)) = columns.zip(insert.values()).find(|(_, value)| has_nul(value))
                    {
                        return Err(refused(column));
                    }
                }
                Step::Execute(statement, _) | Step::Query(statement) => check(statement)?,
                _ => {}
            }
        }
        self.0.commit(unit).await
    }

    async fn bootstrap(&self, bootstrap: Bootstrap) -> Result<Bootstrapped> {
        self.0.bootstrap(bootstrap).await
    }

    async fn ping(&self) -> Result<ServerInfo> {
        self.0.ping().await
    }

    fn pool(&self) -> PoolStatus {
        self.0.pool()
    }

    async fn close(&self) {
        self.0.close().await;
    }
}
