//! Creating the schema, one process at a time.

use std::time::{Duration, Instant};

use decnet_db_core::driver::{Bootstrap, Bootstrapped, backoff};
use decnet_db_core::sql::{Catalog, Dialect, Receipt};
use decnet_db_core::{Error, Result};

use crate::connect::Connector;
use crate::context::Context;
use crate::dialect::Mysql;
use crate::error::{Failure, Verdict, exists_already, is_duplicate};
use crate::execute::query;
use crate::options::Access;
use crate::read::connection::Connection;
use crate::write::transaction::steps;

/// DECNET's own name for it, so that the two keep each other out.
const LOCK: &str = "decnet_schema_init";
/// How long the server is asked to wait for the lock before it is looked whether its holder is still there.
const WAIT_SECONDS: u32 = 10;
/// The longest time that others may take.
const MAX_WAIT: Duration = Duration::from_secs(600);
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
        let outcome = complete(&mut connection, context, bootstrap).await;
        tries += 1;
        // Closing the connection ends its transaction and lets go of its lock.
        connection.disconnect().await;
        match outcome {
            Ok(done) => return Ok(done),
            Err(failure) => {
                let pointless = match failure.verdict() {
                    Verdict::Final => true,
                    Verdict::Elsewhere => !connector.hosts().has_alternatives(),
                    _ => false,
                };
                if pointless || tries == TRIES {
                    return Err(failure.tell("creating the schema"));
                }
                tokio::time::sleep(backoff(tries + 4)).await;
            }
        }
    }
}

/// Looks first: a database that has everything, as nearly always, needs no lock, which is one for the whole server.
async fn complete(
    connection: &mut Connection,
    context: &Context,
    bootstrap: &Bootstrap,
) -> Result<Bootstrapped, Failure> {
    let (missing, _) = missing(connection, context, bootstrap).await?;
    if missing.is_empty() {
        return seed(connection, context, bootstrap, 0).await;
    }
    check_binary_log(connection).await?;
    lock(connection).await?;
    let done = create(connection, context, bootstrap).await?;
    connection.query_drop(&format!("DO RELEASE_LOCK('{LOCK}')")).await?;
    Ok(done)
}

/// Takes the lock, and waits for it as long as the connection that has it is there.
async fn lock(connection: &mut Connection) -> Result<(), Failure> {
    let begun = Instant::now();
    loop {
        let taken: Option<Option<i64>> =
            connection.first(&format!("SELECT GET_LOCK('{LOCK}', {WAIT_SECONDS})")).await?;
        if taken.flatten() == Some(1) {
            return Ok(());
        }
        let holder: Option<Option<u64>> = connection.first(&format!("SELECT IS_USED_LOCK('{LOCK}')")).await?;
        let seconds = begun.elapsed().as_secs();
        tracing::info!(seconds, holder = holder.flatten(), "another process creates the schema: waiting");
        if begun.elapsed() >= MAX_WAIT {
            return Err(Error::Unavailable {
                message: format!(
                    "another process has been creating the schema for {seconds} s (lock {LOCK}): try again later"
                ),
                source: None,
            }
            .into());
        }
    }
}

async fn create(
    connection: &mut Connection,
    context: &Context,
    bootstrap: &Bootstrap,
) -> Result<Bootstrapped, Failure> {
    let (missing, dialect) = missing(connection, context, bootstrap).await?;
    check_engines(connection, bootstrap).await?;
    let before = count_missing(connection, context, bootstrap, &dialect).await?;
    for statement in missing {
        // Each commits by itself. DECNET creates without the lock when it is told that it is being tested.
        match connection.query_drop(statement.text()).await {
            Err(error) if !exists_already(&error) => return Err(error.into()),
            _ => {}
        }
    }
    let after = if before == 0 { 0 } else { count_missing(connection, context, bootstrap, &dialect).await? };
    seed(connection, context, bootstrap, before.saturating_sub(after)).await
}

/// Adds the first users and the stamp, in one transaction. The lock keeps nobody out here, since whoever finds all tables takes
/// none: what another program adds at the same moment is a duplicate for this one, and is found when it looks again.
async fn seed(
    connection: &mut Connection,
    context: &Context,
    bootstrap: &Bootstrap,
    created: usize,
) -> Result<Bootstrapped, Failure> {
    let mut tries = 0;
    loop {
        tries += 1;
        match seed_once(connection, context, bootstrap).await {
            Ok(receipt) => return Ok(bootstrap.clone().finish(created, receipt)?),
            Err(failure) if tries < TRIES && in_the_way(&failure) => {
                connection.query_drop("ROLLBACK").await?;
            }
            Err(failure) => return Err(failure),
        }
    }
}

fn in_the_way(failure: &Failure) -> bool {
    is_duplicate(failure) || matches!(failure.verdict(), Verdict::Again(_))
}

async fn seed_once(
    connection: &mut Connection,
    context: &Context,
    bootstrap: &Bootstrap,
) -> Result<Receipt, Failure> {
    connection.query_drop("START TRANSACTION").await?;
    let receipt = steps(connection, context, bootstrap.seed()).await?;
    connection.query_drop("COMMIT").await?;
    Ok(receipt)
}

/// The statements that create what is missing, and the dialect that they are in.
async fn missing(
    connection: &mut Connection,
    context: &Context,
    bootstrap: &Bootstrap,
) -> Result<(Vec<decnet_db_core::sql::Statement>, Mysql), Failure> {
    let dialect = beside_what_is_there(connection, &context.dialect, bootstrap).await?;
    let catalog = query(connection, context, &bootstrap.catalog(&dialect)).await?;
    let missing = bootstrap.missing(catalog, &dialect)?;
    Ok((missing, dialect))
}

async fn count_missing(
    connection: &mut Connection,
    context: &Context,
    bootstrap: &Bootstrap,
    dialect: &dyn Dialect,
) -> Result<usize, Failure> {
    let catalog = Catalog::read(query(connection, context, &bootstrap.catalog(dialect)).await?)?;
    Ok(bootstrap.schema().count_missing(&catalog))
}

/// Refuses before the first table where every write would fail: under READ COMMITTED a statement-based binary log takes
/// none.
async fn check_binary_log(connection: &mut Connection) -> Result<(), Failure> {
    let settings: Vec<(String, String)> =
        connection.rows("SHOW VARIABLES WHERE Variable_name IN ('log_bin', 'binlog_format')").await?;
    let is = |name: &str, expected: &str| {
        settings.iter().any(|(variable, value)| variable == name && value.eq_ignore_ascii_case(expected))
    };
    if (is("log_bin", "ON") || is("log_bin", "1")) && is("binlog_format", "STATEMENT") {
        return Err(Error::configuration(
            "the database server's binary log is statement-based (binlog_format=STATEMENT), which takes none of the \
             writes that are made here: set binlog_format=MIXED or ROW there; nothing was created",
        )
        .into());
    }
    Ok(())
}

/// Refuses to add tables beside some that another storage engine keeps: units would not be atomic there, and foreign keys
/// can't refer to them.
async fn check_engines(connection: &mut Connection, bootstrap: &Bootstrap) -> Result<(), Failure> {
    let tables: Vec<(String, String)> = connection
        .rows(
            "SELECT table_name, engine FROM information_schema.tables WHERE table_schema = DATABASE() \
             AND engine IS NOT NULL AND engine <> 'InnoDB' ORDER BY table_name",
        )
        .await?;
    let others: Vec<_> = tables
        .iter()
        .filter(|(name, _)| bootstrap.schema().table(name).is_some())
        .map(|(name, engine)| format!("{name} ({engine})"))
        .collect();
    if others.is_empty() {
        return Ok(());
    }
    Err(Error::configuration(format!(
        "these tables are not kept by InnoDB, without which a write is not whole or not at all: {}; ALTER TABLE … \
         ENGINE=InnoDB, ROW_FORMAT=DYNAMIC each of them; nothing was changed",
        others.join(", ")
    ))
    .into())
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
