//! Where a database is: made, looked at, removed.

use std::path::Path;

use crate::database;
use crate::history::{History, no_faults};
use crate::server::Server;

/// Where the database is, and who can be killed.
#[derive(Clone, Copy)]
pub(crate) enum Place<'a> {
    Sqlite { folder: &'a Path, options: &'a str },
    Server(&'a Server),
}

impl Place<'_> {
    /// Compares the database with what was answered; says how many events it has.
    pub(crate) fn look(&self, url: &str, history: &History) -> anyhow::Result<usize> {
        let (found, mut faults) = match self {
            Place::Sqlite { .. } => {
                let (found, faults) = database::sqlite(Path::new(path_of(url)))?;
                (found.unwrap_or_default(), faults)
            }
            Place::Server(_) => block_on(database::server(url))?,
        };
        faults.extend(history.faults(&found));
        no_faults(&faults)?;
        Ok(found.events.len())
    }

    pub(crate) fn create(&self, name: &str) -> anyhow::Result<String> {
        match self {
            Place::Sqlite { folder, options } => {
                Ok(format!("sqlite:///{}{options}", folder.join(format!("{name}.db")).display()))
            }
            Place::Server(server) => {
                let address = server.address()?;
                block_on(database::statement(
                    &address,
                    &format!("CREATE DATABASE {name} CHARACTER SET utf8mb4"),
                ))?;
                Ok(format!("{address}/{name}"))
            }
        }
    }

    pub(crate) fn remove(&self, name: &str) -> anyhow::Result<()> {
        match self {
            Place::Sqlite { folder, .. } => {
                for suffix in ["", "-wal", "-shm"] {
                    let _ = std::fs::remove_file(folder.join(format!("{name}.db{suffix}")));
                }
                Ok(())
            }
            Place::Server(server) => {
                block_on(database::statement(&server.address()?, &format!("DROP DATABASE {name}")))
            }
        }
    }
}

/// The path in a SQLite URL of ours.
fn path_of(url: &str) -> &str {
    url.trim_start_matches("sqlite:///").split('?').next().unwrap_or_default()
}

fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}
