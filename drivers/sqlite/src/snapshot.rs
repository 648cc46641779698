//! Snapshots: one read transaction on a connection of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use decnet_db_core::driver::Snapshot;
use decnet_db_core::sql::{Rows, Statement};
use decnet_db_core::{Error, Result};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, InterruptHandle, OpenFlags};
use tokio::sync::{Mutex, mpsc};

use crate::error::Errors;
use crate::location::Location;
use crate::read::threads::detached;
use crate::session::{self, Role};
use crate::watch::FileWatch;
use crate::write::transaction::Executor;

/// The pages that are copied between two looks whether anybody still waits for the copy.
const PAGES: i32 = 256;

/// How snapshots of one database are opened.
#[derive(Clone)]
pub(crate) struct Snapshots {
    location: Location,
    files: Arc<FileWatch>,
    busy_timeout: Duration,
    errors: Errors,
}

impl Snapshots {
    pub(crate) fn new(
        location: &Location,
        files: &Arc<FileWatch>,
        busy_timeout: Duration,
        errors: &Errors,
    ) -> Self {
        Self { location: location.clone(), files: files.clone(), busy_timeout, errors: errors.clone() }
    }
}

/// Opens a connection and begins the read transaction.
///
/// # Errors
/// Why the database can't be opened or read.
pub(crate) async fn begin(from: Snapshots) -> Result<Box<dyn Snapshot>> {
    let snapshot = detached(move || {
        from.files.check("nothing was read")?;
        let connect = || {
            let connection = Connection::open_with_flags(from.location.name(), from.location.flags())?;
            session::configure(&connection, Role::Reader, from.busy_timeout)?;
            connection.execute_batch("BEGIN")?;
            // The first read is what the others see too.
            session::read_once(&connection)?;
            Ok(connection)
        };
        let connection = connect().map_err(|error| from.errors.translate(error))?;
        Ok(SqliteSnapshot { connection: Mutex::new(Some(connection)), errors: from.errors })
    })
    .await?;
    Ok(Box::new(snapshot))
}

struct SqliteSnapshot {
    /// Not there while it is used: a call that is dropped leaves none.
    connection: Mutex<Option<Connection>>,
    errors: Errors,
}

impl SqliteSnapshot {
    /// Runs what blocks with the connection, on a thread of its own.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection, &Errors) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let mut place = self.connection.lock().await;
        let connection = place.take().ok_or_else(|| over(&self.errors))?;
        let mut caller = Caller(Some(connection.get_interrupt_handle()));
        let errors = self.errors.clone();
        let (result, connection) = detached(move || {
            let result = work(&connection, &errors);
            Ok((result, connection))
        })
        .await?;
        caller.0 = None;
        // An error that ended the transaction has ended the snapshot.
        if !connection.is_autocommit() {
            *place = Some(connection);
        }
        result
    }
}

#[async_trait]
impl Snapshot for SqliteSnapshot {
    async fn query(&self, statement: Statement) -> Result<Rows> {
        self.run(move |connection, errors| Executor::new(connection, errors).query(&statement)).await
    }

    async fn write_file(&self, path: &Path, on: &mut (dyn FnMut(u64, u64) + Send)) -> Result<bool> {
        let path = path.to_owned();
        let (tell, mut told) = mpsc::channel(16);
        let mut work =
            std::pin::pin!(self.run(move |connection, errors| write(connection, path, &tell, errors)));
        loop {
            tokio::select! {
                biased;
                Some((done, all)) = told.recv() => on(done, all),
                result = &mut work => return result.map(|()| true),
            }
        }
    }

    async fn end(self: Box<Self>) {
        let Some(connection) = self.connection.into_inner() else { return };
        // Closing can't be refused: all statements are finished. Without a thread for it, dropping has done it.
        let _ = detached(move || {
            drop(connection);
            Ok(())
        })
        .await;
    }
}

/// Copies the pages. In a read transaction all of them are of its moment, and nobody's writes make it begin again.
fn write(source: &Connection, path: PathBuf, tell: &mpsc::Sender<(u64, u64)>, errors: &Errors) -> Result<()> {
    let target_errors = Errors::new(format!("the file {}", path.display()));
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let refused = |error| target_errors.translate(error);
    let mut target = Connection::open_with_flags(&path, flags).map_err(refused)?;
    // Who wants the file syncs it when it is whole; until then it is nothing that has to survive.
    target.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF").map_err(refused)?;
    let backup = Backup::new(source, &mut target).map_err(refused)?;
    loop {
        let step = backup.step(PAGES).map_err(refused)?;
        let progress = backup.progress();
        let (left, all) = (progress.remaining.unsigned_abs(), progress.pagecount.unsigned_abs());
        match step {
            StepResult::Done => break,
            StepResult::More => {}
            // In a read transaction of its own nothing is in the way of reading, and nobody else knows the target.
            other => {
                return Err(Error::Unavailable {
                    message: format!(
                        "{} can't be copied: another program holds a lock ({other:?})",
                        errors.database()
                    ),
                    source: None,
                });
            }
        }
        if tell.blocking_send((u64::from(all - left.min(all)), u64::from(all))).is_err() {
            return Err(Error::closed());
        }
    }
    drop(backup);
    target.close().map_err(|(_, error)| refused(error))
}

fn over(errors: &Errors) -> Error {
    Error::Unavailable {
        message: format!(
            "the snapshot of {} is over, since a read in it was cut short; begin another one",
            errors.database()
        ),
        source: None,
    }
}

/// The caller of a read: one that goes away interrupts it.
struct Caller(Option<InterruptHandle>);

impl Drop for Caller {
    fn drop(&mut self) {
        if let Some(handle) = &self.0 {
            handle.interrupt();
        }
    }
}
