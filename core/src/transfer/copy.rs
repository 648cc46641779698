//! Copying a database into another one.

use serde::Serialize;

use super::copier::Copier;
use super::page::PageLimits;
use super::progress::{self, Phase, Record};
use super::references::broken;
use super::reset::resync_serials;
use super::verify::{Verification, compare};
use super::{CopyEvent, Findings, present};
use crate::contract::tables::SCHEMA;
use crate::contract::{Engine, Repository, StateEntry};
use crate::driver::Bootstrap;
use crate::error::{Error, Result};
use crate::sql::{Record as _, Unit};

/// How to copy.
#[derive(Debug, Clone)]
pub struct CopyOptions {
    /// What names the source in the record of the progress, without secrets: only a copy from a source of this name is
    /// continued.
    pub source: String,
    /// Whether a target that has rows is emptied first: all rows of all tables. Without it such a target is refused.
    pub overwrite: bool,
    /// How much is read, held and committed at once.
    pub limits: PageLimits,
    /// What becomes of references to rows that are not there, which DECNET leaves in SQLite databases and no engine takes
    /// from us: with it, the reference is cleared where the column may be NULL and the row left out where not; without it,
    /// such a source is refused before anything is written.
    pub mend_references: bool,
}

impl CopyOptions {
    /// From the source of that name, into an empty target.
    pub fn new(source: impl Into<String>) -> Self {
        let limits = PageLimits::default();
        Self { source: source.into(), overwrite: false, limits, mend_references: false }
    }
}

/// What a copy did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CopyReport {
    /// Whether it continued an earlier copy.
    pub resumed: bool,
    /// The rows that this run wrote.
    pub rows: u64,
    /// What the target can't hold. When there is any, the copy is not complete and was not verified.
    pub refused: Findings,
    /// The comparison at the end.
    pub verification: Option<Verification>,
}

impl CopyReport {
    /// Whether the target now holds what the source holds.
    pub fn is_complete(&self) -> bool {
        self.refused.is_empty() && self.verification.as_ref().is_some_and(Verification::is_equal)
    }
}

/// Copies everything from one database into another one, and compares the two at the end.
///
/// The target gets the schema, without an administrator. Tables go parents first, rows in primary-key order, ids and
/// all; values are written as their column means them. Each page of rows is committed together with a record of how
/// far the copy is, in the table `state` under the key [`PROGRESS_KEY`](super::PROGRESS_KEY): a copy that was cut short at any point is
/// continued by calling this again with the same arguments, and no row is lost or written twice. The record is removed
/// when the comparison found no difference.
///
/// A value that the target can't hold ends the writing; the rest of the source is still looked through, so that the
/// report names all such values that can be told from here. Where the target takes any type in any column (SQLite), a
/// value that its column can't mean goes over as it is stored, and is a note in the verification.
///
/// The source is not frozen: rows that others write meanwhile may be missed, and show as differences in the end.
///
/// # Errors
/// `Conflict` when the target has rows (unless they are to be overwritten) or holds an unfinished copy from another
/// source; `Configuration` when the source has no DECNET tables; `InvalidInput` when both are the same database;
/// otherwise what a read or write returns. After `Unavailable` and `UnknownOutcome`, calling it again continues.
pub async fn copy(
    source: &dyn Repository,
    target: &dyn Repository,
    options: &CopyOptions,
    on: &mut (dyn FnMut(CopyEvent) + Send),
) -> Result<CopyReport> {
    let (rows, has) = present(source).await?;
    copy_from((source.engine(), rows, &has), target, options, on).await
}

/// Refuses a source that is the target of an unfinished copy.
pub(super) async fn finished(source: &dyn Engine, has: &(impl Fn(&str) -> bool + Sync)) -> Result<()> {
    if has(StateEntry::TABLE.name) && progress::read(source).await?.is_some() {
        return Err(Error::conflict(
            "the source is itself the target of an unfinished copy: finish that one first, or `reset` it",
        ));
    }
    Ok(())
}

/// The same from anything that answers reads, with its rows and its tables.
pub(super) async fn copy_from(
    (source, total, has): (&dyn Engine, u64, &(impl Fn(&str) -> bool + Sync)),
    target: &dyn Repository,
    options: &CopyOptions,
    on: &mut (dyn FnMut(CopyEvent) + Send),
) -> Result<CopyReport> {
    finished(source, has).await?;
    let mut found = find_target(target, options).await?;
    if let Some(record) = &mut found
        && matches!(record.phase(), Phase::Levelling { .. })
    {
        if !options.overwrite {
            return Err(Error::conflict(
                "the target holds an unfinished live copy of this source: continue it as one, or overwrite the target",
            ));
        }
        record.restart(&options.source).await?;
    }
    let is_new = found.as_ref().is_none_or(|record| matches!(record.phase(), Phase::Starting));
    if is_new && !options.mend_references {
        let refused = broken(source, &SCHEMA, has).await?;
        if !refused.is_empty() {
            return Ok(CopyReport { resumed: false, rows: 0, refused, verification: None });
        }
    }
    let engine = target.engine();
    engine.bootstrap(Bootstrap::new(SCHEMA, Unit::new(), engine.dialect())).await?;
    let record = match found.take() {
        Some(record) => record,
        None => Record::begin(engine, &options.source).await?,
    };
    let mut copier = Copier {
        source,
        target: engine,
        options,
        record,
        on,
        writing: true,
        rows: 0,
        refused: Findings::default(),
    };
    if is_new {
        copier.start(has(StateEntry::TABLE.name)).await?;
    }
    let done = if is_new { 0 } else { target.row_counts().await?.iter().filter_map(|(_, rows)| *rows).sum() };
    (copier.on)(CopyEvent::Copying { rows: total, done: done.min(total) });
    copier.tables(has).await?;
    let Copier { mut record, rows, refused, on, .. } = copier;
    let mut report = CopyReport { resumed: !is_new, rows, refused, verification: None };
    if report.refused.is_empty() {
        record.advance(Unit::new(), Phase::Verifying).await?;
        resync_serials(engine, SCHEMA.tables).await?;
        let verification =
            compare((source, total, has), engine, options.limits, options.mend_references, on).await?;
        if verification.is_equal() {
            record.finish().await?;
        }
        report.verification = Some(verification);
    }
    Ok(report)
}

/// The record of an unfinished copy in the target, which may be taken up or replaced; none in one that may be begun.
pub(super) async fn find_target<'r>(
    target: &'r dyn Repository,
    options: &CopyOptions,
) -> Result<Option<Record<'r>>> {
    let counts = target.row_counts().await?;
    let has_state = counts.iter().any(|(table, rows)| *table == StateEntry::TABLE.name && rows.is_some());
    let mut record = if has_state { Record::find(target.engine()).await? } else { None };
    if let Some(record) = &mut record
        && record.source() != options.source
    {
        if !options.overwrite {
            return Err(Error::conflict(format!(
                "the target holds an unfinished copy from {}: continue that one, or overwrite the target",
                record.source()
            )));
        }
        record.restart(&options.source).await?;
    }
    if record.as_ref().is_some_and(|record| !matches!(record.phase(), Phase::Starting)) {
        return Ok(record);
    }
    let own = u64::from(record.is_some());
    let filled: Vec<String> = counts
        .iter()
        .map(|(table, rows)| {
            (table, rows.unwrap_or(0) - if *table == StateEntry::TABLE.name { own } else { 0 })
        })
        .filter(|(_, rows)| *rows > 0)
        .map(|(table, rows)| format!("{table} {rows}"))
        .collect();
    if !filled.is_empty() && !options.overwrite {
        let (shown, more) = (filled.iter().take(4).cloned().collect::<Vec<_>>().join(", "), filled.len() > 4);
        return Err(Error::conflict(format!(
            "the target is not empty (rows: {shown}{}); choose an empty database, or overwrite this one",
            if more { ", …" } else { "" }
        )));
    }
    Ok(record)
}
