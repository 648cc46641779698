//! Creating the schema, one process at a time.

use decnet_db_core::driver::{Bootstrap, Bootstrapped, backoff};
use decnet_db_core::{Error, Result};

use crate::connect::Connector;
use crate::context::Context;
use crate::dialect::Mysql;
use crate::error::{Failure, Verdict, exists_already};
use crate::execute::query;
use crate::options::Access;
use crate::read::connection::Connection;
use crate::write::transaction::steps;

/// DECNET's own name for it, so that the two keep each other out.
const LOCK: &str = "decnet_schema_init";
const WAIT_SECONDS: u32 = 30;
const TRIES: u32 = 5;

/// Runs the bootstrap on a connection of its own, again when the connection is lost or others are in the way: every step
/// finds what an earlier try has done.
pub(crate) async fn bootstrap(
    connector: &Connector,
    context: &Context,
    bootstrap: &Bootstrap,
) -> Result<Bootstrapped> {
    let mut tries = 0;
    loop {
        let mut connection = connector.connect(Access::Write).await.map_err(|refused| refused.error)?;
        // An index of a large table takes as long as it takes.
        connection.without_deadline();
        let outcome = locked(&mut connection, context, bootstrap).await;
        tries += 1;
        match outcome {
            Ok(done) => {
                connection.disconnect().await;
                return Ok(done);
            }
            // Closing the connection ends its transaction and lets go of its lock.
            Err(failure) if failure.verdict() == Verdict::Final || tries == TRIES => {
                connection.disconnect().await;
                return Err(failure.tell("creating the schema"));
            }
            Err(_) => tokio::time::sleep(backoff(tries + 4)).await,
        }
    }
}

async fn locked(
    connection: &mut Connection,
    context: &Context,
    bootstrap: &Bootstrap,
) -> Result<Bootstrapped, Failure> {
    let taken: Option<Option<i64>> =
        connection.first(&format!("SELECT GET_LOCK('{LOCK}', {WAIT_SECONDS})")).await?;
    if taken.flatten() != Some(1) {
        return Err(Error::Unavailable {
            message: format!("another process has been creating the schema for {WAIT_SECONDS} s (lock {LOCK}): try again later"),
            source: None,
        }
        .into());
    }
    let done = create(connection, context, bootstrap).await?;
    connection.query_drop(&format!("DO RELEASE_LOCK('{LOCK}')")).await?;
    Ok(done)
}

async fn create(
    connection: &mut Connection,
    context: &Context,
    bootstrap: &Bootstrap,
) -> Result<Bootstrapped, Failure> {
    let dialect = beside_what_is_there(connection, &context.dialect, bootstrap).await?;
    let catalog = query(connection, context, &bootstrap.catalog(&dialect)).await?;
    let missing = bootstrap.missing(catalog, &dialect)?;
    let mut created = 0;
    for statement in missing {
        // Each commits by itself. DECNET creates without the lock when it is told that it is being tested.
        match connection.query_drop(statement.text()).await {
            Ok(()) => created += 1,
            Err(error) if exists_already(&error) => {}
            Err(error) => return Err(error.into()),
        }
    }
    connection.query_drop("START TRANSACTION").await?;
    let receipt = steps(connection, context, bootstrap.seed()).await?;
    connection.query_drop("COMMIT").await?;
    Ok(bootstrap.clone().finish(created, receipt)?)
}

/// The dialect with the collation of the tables that are there: those that are added refer to them (ruling R3).
async fn beside_what_is_there(
    connection: &mut Connection,
    dialect: &Mysql,
    bootstrap: &Bootstrap,
) -> Result<Mysql, Failure> {
    let tables: Vec<(String, Option<String>)> = connection
        .rows(
            "SELECT table_name, table_collation FROM information_schema.tables \
             WHERE table_schema = DATABASE() ORDER BY table_name",
        )
        .await?;
    let collation = tables
        .into_iter()
        .filter(|(name, _)| bootstrap.schema().table(name).is_some())
        .find_map(|(_, collation)| collation)
        .filter(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
    // A collation's name begins with its character set's.
    Ok(match collation.as_deref().map(|name| (name.split('_').next().unwrap_or(name), name)) {
        Some((charset, collation)) => dialect.with_collation(charset, collation),
        None => dialect.clone(),
    })
}
