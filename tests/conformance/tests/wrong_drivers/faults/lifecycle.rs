//! Opening, creating the schema, closing.

use std::sync::LazyLock;

use async_trait::async_trait;
use decnet_db_core::Result;
use decnet_db_core::contract::Log;
use decnet_db_core::driver::{Bootstrap, Bootstrapped, ServerInfo};
use decnet_db_core::sql::{Rows, Sql, Step, Value};
use tokio::sync::Barrier;

use crate::faults::together::meet;
use crate::rewrite::{self, alone, only};
use crate::wrapper::{Fault, Right};

/// Creates what the catalog lacks, statement by statement, and seeds it.
async fn create(
    right: &Right,
    bootstrap: Bootstrap,
    catalog: Rows,
    text: impl Fn(&str) -> String,
) -> Result<Bootstrapped> {
    let missing = bootstrap.missing(catalog, right.dialect())?;
    let created = missing.len();
    for statement in missing {
        let statement = rewrite::of(right.dialect(), text(statement.text()), []);
        right.commit(alone(Step::Execute(statement, None))).await?;
    }
    let receipt = right.commit(bootstrap.seed().clone()).await?;
    bootstrap.finish(created, receipt)
}

#[derive(Debug, Default)]
pub(crate) struct InitializesWithoutALock;

#[async_trait]
impl Fault for InitializesWithoutALock {
    async fn bootstrap(&self, right: &Right, bootstrap: Bootstrap) -> Result<Bootstrapped> {
        static LOOKING: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(2));
        let catalog = right.query(bootstrap.catalog(right.dialect())).await?;
        // Who finds nothing waits for another one who looks, so that it does happen here. The kit's own first
        // initialization, which is alone, seeds nobody: the stamp is set and read.
        if catalog.is_empty() && bootstrap.seed().steps().len() > 2 {
            // As long as the other one's hash of its password may take.
            meet(&LOOKING, 30).await;
        }
        create(right, bootstrap, catalog, str::to_owned).await
    }
}

#[derive(Debug, Default)]
pub(crate) struct HidesIndexes;

#[async_trait]
impl Fault for HidesIndexes {
    async fn bootstrap(&self, right: &Right, bootstrap: Bootstrap) -> Result<Bootstrapped> {
        let catalog = right.query(bootstrap.catalog(right.dialect())).await?;
        let columns = only(&catalog, |_, row| row.first() == Some(&Value::from("column")));
        create(right, bootstrap, columns, str::to_owned).await
    }
}

/// The newest event was acknowledged, and is not there when the database is opened again.
#[derive(Debug, Default)]
pub(crate) struct LosesTheLatestOnClosing;

#[async_trait]
impl Fault for LosesTheLatestOnClosing {
    async fn close(&self, right: &Right) {
        let mut sql = Sql::new(right.dialect());
        sql.delete::<Log>().push(" WHERE id = (SELECT MAX(id) FROM logs)");
        // A second closing, or one without schema, finds nothing to lose.
        let _ = right.commit(alone(Step::Execute(sql.finish().expect("a statement"), None))).await;
        right.close().await;
    }
}

#[derive(Debug, Default)]
pub(crate) struct GoesOnAfterClosing;

#[async_trait]
impl Fault for GoesOnAfterClosing {
    async fn close(&self, _: &Right) {}
}

/// Leaves lines out of each CREATE TABLE.
async fn create_without(right: &Right, bootstrap: Bootstrap, lines: &str) -> Result<Bootstrapped> {
    let catalog = right.query(bootstrap.catalog(right.dialect())).await?;
    let without = |text: &str| {
        let columns = text.split(", \n\t").map(|line| line.trim_end_matches("\n)"));
        let left: Vec<_> = columns.filter(|line| !line.contains(lines)).collect();
        if text.starts_with("CREATE TABLE") { format!("{}\n)", left.join(", \n\t")) } else { text.to_owned() }
    };
    create(right, bootstrap, catalog, without).await
}

#[derive(Debug, Default)]
pub(crate) struct ForgetsReferences;

#[async_trait]
impl Fault for ForgetsReferences {
    async fn bootstrap(&self, right: &Right, bootstrap: Bootstrap) -> Result<Bootstrapped> {
        create_without(right, bootstrap, "FOREIGN KEY").await
    }
}

#[derive(Debug, Default)]
pub(crate) struct ForgetsUniqueKeys;

#[async_trait]
impl Fault for ForgetsUniqueKeys {
    async fn bootstrap(&self, right: &Right, bootstrap: Bootstrap) -> Result<Bootstrapped> {
        let catalog = right.query(bootstrap.catalog(right.dialect())).await?;
        create(right, bootstrap, catalog, |text| text.replace("CREATE UNIQUE INDEX", "CREATE INDEX")).await
    }
}

#[derive(Debug, Default)]
pub(crate) struct AnswersPingsByItself;

#[async_trait]
impl Fault for AnswersPingsByItself {
    async fn ping(&self, right: &Right) -> Result<ServerInfo> {
        Ok(ServerInfo::new(right.dialect().system(), "3"))
    }
}
