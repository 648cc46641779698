//! Maintenance on the writer's connection: creating the schema, the data version, reads of a database in memory.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use decnet_db_core::driver::{Bootstrap, Bootstrapped};
use decnet_db_core::sql::{Rows, Statement};
use decnet_db_core::{Error, Result};
use rusqlite::Connection;

use super::{Shared, panicked};
use crate::busy;
use crate::checkpoint::{self, Checkpointer};
use crate::dialect::Sqlite;
use crate::error::Errors;
use crate::write::transaction::Executor;

/// The mode of `auto_vacuum` in which a file is made shorter when it is told to.
const INCREMENTAL: i64 = 2;
/// Gives back half a MiB.
const VACUUM: &str = "PRAGMA incremental_vacuum(128)";

/// How long whoever asks for foreign commits waits for a commit of ours that is just beginning or ending.
const A_MOMENT: Duration = Duration::from_millis(1);

/// A handle to the writer's connection, for work that is no unit. Its methods block.
#[derive(Clone)]
pub(crate) struct WriterHandle(pub(super) Arc<Shared>);

impl WriterHandle {
    /// Creates what is missing and seeds it, in one transaction, and puts it on the disk.
    pub(crate) fn bootstrap(&self, bootstrap: Bootstrap) -> Result<Bootstrapped> {
        let shared = &self.0;
        let done = shared.with(|connection| {
            shared.check(connection)?;
            shared.begin(connection)?;
            // A panic must not leave the transaction open.
            let done = catch_unwind(AssertUnwindSafe(|| create(connection, bootstrap, &shared.errors)));
            let done = done.unwrap_or_else(|_| Err(panicked()));
            let done = done.and_then(|done| shared.commit_transaction(connection).map(|()| done));
            if done.is_err() {
                shared.rollback(connection);
            }
            done
        })?;
        shared.checkpointer.as_ref().map_or(Ok(()), Checkpointer::sync).map_err(|error| {
            let message = format!(
                "{} has its schema, which can't be put on the disk: a power failure would lose it; try again",
                shared.errors.database()
            );
            Error::unavailable(message, error)
        })?;
        Ok(done)
    }

    /// How many times others were seen to have committed since the file was opened, up to now; none when that can't be told
    /// at the moment.
    pub(crate) fn foreign_commits(&self) -> Option<u64> {
        let shared = &self.0;
        if let Some(count) = shared.data_version.while_writing() {
            return Some(count);
        }
        match shared.connection.try_lock_for(A_MOMENT) {
            Some(guard) => shared.data_version.look(guard.as_ref()?).ok(),
            None => shared.data_version.while_writing(),
        }
    }

    /// Gives back a part of what is free, where the file allows it; whether there is more to give back.
    pub(crate) fn tidy(&self) -> Result<bool> {
        let shared = &self.0;
        let write_lock = shared.write_lock.lock();
        let free = shared.with(|connection| {
            let refused = |error| shared.errors.translate(error);
            let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
            if number("auto_vacuum").map_err(refused)? != INCREMENTAL
                || number("freelist_count").map_err(refused)? == 0
            {
                return Ok(None);
            }
            shared.check(connection)?;
            busy::set_timeout(shared.busy_timeout);
            let mut vacuum = connection.prepare_cached(VACUUM).map_err(refused)?;
            let mut pages = vacuum.raw_query();
            while pages.next().map_err(refused)?.is_some() {}
            number("freelist_count").map_err(refused).map(Some)
        })?;
        drop(write_lock);
        if let (Some(_), Some(checkpointer)) = (free, &shared.checkpointer) {
            checkpointer.committed(checkpoint::pages());
        }
        Ok(free.is_some_and(|free| free > 0))
    }

    /// Runs a read on the writer's connection: for a database in memory, which has only one.
    pub(crate) fn query(&self, statement: &Statement) -> Result<Rows> {
        let shared = &self.0;
        shared.with(|connection| {
            // As on the connections that only read.
            let set = |only: bool| {
                let done = connection.pragma_update(None, "query_only", only);
                done.map_err(|error| shared.errors.translate(error))
            };
            set(true)?;
            let rows = Executor::new(connection, &shared.errors).query(statement);
            set(false)?;
            rows
        })
    }
}

fn create(connection: &Connection, bootstrap: Bootstrap, errors: &Errors) -> Result<Bootstrapped> {
    let catalog = Executor::new(connection, errors).query(&bootstrap.catalog(&Sqlite))?;
    let missing = bootstrap.missing(catalog, &Sqlite)?;
    for statement in &missing {
        connection.execute_batch(statement.text()).map_err(|error| errors.translate(error))?;
    }
    let receipt = Executor::new(connection, errors).run(bootstrap.seed())?;
    bootstrap.finish(missing.len(), receipt)
}
