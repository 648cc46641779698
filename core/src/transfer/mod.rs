//! Whole databases: copying one into another, comparing two, emptying one. For the operator's tool and programs like it.
//!
//! Everything here is portable: it works between any two databases whose drivers are registered, by the same statements.

mod cell;
mod copier;
mod copy;
mod digest;
mod level;
mod live;
mod moment;
mod page;
mod progress;
mod references;
mod reset;
mod verify;

use std::collections::BTreeSet;

use serde::Serialize;

pub use cell::Finding;
pub use copy::{CopyOptions, CopyReport, copy};
pub use digest::{Checksum, TableDigest};
pub use level::Changes;
pub use live::{LiveReport, copy_live};
pub use moment::{BackupReport, Moment};
pub use page::PageLimits;
pub use progress::PROGRESS_KEY;
pub use reset::{ResetMode, ResetReport, reset};
pub use verify::{TableVerification, Verification, verify};

use crate::contract::tables::SCHEMA;
use crate::contract::{Engine, Repository};
use crate::error::{Error, ErrorKind, Result};
use crate::sql::Sql;

/// What a copy or a comparison tells while it works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CopyEvent {
    /// Rows are about to be copied.
    Copying {
        /// The source's rows.
        rows: u64,
        /// Those of them that an earlier run has copied.
        done: u64,
    },
    /// The rows of a table come next.
    Table {
        /// The table.
        table: &'static str,
    },
    /// So many more rows are done.
    Rows(usize),
    /// The two databases are about to be compared.
    Comparing {
        /// The source's rows.
        rows: u64,
    },
    /// A round of a live copy begins: what differs goes over.
    Round {
        /// 1, 2, …
        number: u32,
        /// Whether all of it is of one moment, so that it may be the last one.
        at_once: bool,
    },
    /// So many pages of a file are written, of so many.
    Pages {
        /// Those that are done.
        done: u64,
        /// All of them.
        all: u64,
    },
    /// The rows of a table are compared next.
    Verifying {
        /// The table.
        table: &'static str,
    },
}

/// Findings: the first hundred, and how many there are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Findings {
    /// How many there are.
    pub total: u64,
    /// The first ones.
    pub first: Vec<Finding>,
}

impl Findings {
    /// The findings that are listed.
    const LISTED: usize = 100;

    fn add(&mut self, finding: Finding) {
        self.total += 1;
        if self.first.len() < Self::LISTED {
            self.first.push(finding);
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }
}

/// The references of DECNET's tables that lead to rows which are not there.
///
/// # Errors
/// What a read may return.
pub(crate) async fn broken_references(
    engine: &dyn Engine,
    present: impl Fn(&str) -> bool,
) -> Result<Findings> {
    references::broken(engine, &SCHEMA, present).await
}

/// How many rows the database has, and which tables.
///
/// # Errors
/// Configuration, when it has none of them.
async fn present(repository: &dyn Repository) -> Result<(u64, impl Fn(&str) -> bool + use<>)> {
    there(repository.row_counts().await?)
}

/// The same, read by statements.
async fn present_in(engine: &dyn Engine) -> Result<(u64, impl Fn(&str) -> bool + use<>)> {
    let mut counts = Vec::with_capacity(SCHEMA.tables.len());
    for table in SCHEMA.tables {
        let mut sql = Sql::new(engine.dialect());
        sql.push("SELECT COUNT(*) FROM ").identifier(table.name);
        let rows = match engine.query(sql.finish()?).await {
            Ok(rows) => Some(rows.scalar()?.unwrap_or(0)),
            Err(error) if error.kind() == ErrorKind::Configuration => None,
            Err(error) => return Err(error),
        };
        counts.push((table.name, rows));
    }
    there(counts)
}

fn there(counts: Vec<(&'static str, Option<u64>)>) -> Result<(u64, impl Fn(&str) -> bool + use<>)> {
    let rows = counts.iter().filter_map(|(_, rows)| *rows).sum();
    let present: BTreeSet<&'static str> =
        counts.into_iter().filter(|(_, rows)| rows.is_some()).map(|(table, _)| table).collect();
    if present.is_empty() {
        return Err(Error::configuration("the source has none of DECNET's tables; look at the URL"));
    }
    Ok((rows, move |table: &str| present.contains(table)))
}
