//! Comparing two databases, table by table.

use std::collections::BTreeMap;

use serde::Serialize;

use super::cell::{Finding, encode, normalise};
use super::digest::TableDigest;
use super::page::{PageLimits, Pages, Row, key_of, with_keys};
use super::progress::PROGRESS_KEY;
use super::references::mend;
use super::{CopyEvent, Findings, present};
use crate::contract::Engine;
use crate::contract::tables::SCHEMA;
use crate::contract::{Repository, StateEntry};
use crate::error::{ErrorKind, Result};
use crate::sql::{Record as _, Table, Value};

/// The differences that are listed of one table.
const LISTED: usize = 5;

/// Whether two databases hold the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Verification {
    /// Each table, in the order of creation.
    pub tables: Vec<TableVerification>,
    /// Whether JSON columns were compared by value, since one of the two engines respells JSON.
    pub json_by_value: bool,
    /// Stored values that their column can't mean, and references that were mended: what the operator may want to look at.
    pub notes: Findings,
}

/// Whether two tables hold the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TableVerification {
    /// The table.
    pub table: &'static str,
    /// The source's rows, as they are to be in the target.
    pub source: TableDigest,
    /// The target's rows.
    pub target: TableDigest,
    /// The first differences, where there are any.
    pub differences: Vec<Finding>,
}

impl TableVerification {
    /// Whether both have the same rows.
    pub fn is_equal(&self) -> bool {
        self.source == self.target
    }
}

impl Verification {
    /// Whether all tables are equal.
    pub fn is_equal(&self) -> bool {
        self.tables.iter().all(TableVerification::is_equal)
    }
}

/// Compares all tables of two databases: the number of rows and a checksum of their content, computed the same way on
/// both sides; where they differ, the first rows that do. Nothing is written.
///
/// Values count by what their column means: a time that SQLite keeps as text equals the same instant in a DATETIME column.
/// With `mend_references` the source counts as [`copy`](super::copy) would write it.
///
/// The two are not frozen meanwhile: rows that others write during the comparison may show as differences.
///
/// # Errors
/// What a read returns.
pub async fn verify(
    source: &dyn Repository,
    target: &dyn Repository,
    limits: PageLimits,
    mend_references: bool,
    on: &mut (dyn FnMut(CopyEvent) + Send),
) -> Result<Verification> {
    let (rows, has) = present(source).await?;
    compare((source.engine(), rows, &has), target.engine(), limits, mend_references, on).await
}

/// The same of anything that answers reads, with its rows and its tables.
pub(super) async fn compare(
    (source, rows, has): (&dyn Engine, u64, &(impl Fn(&str) -> bool + Sync)),
    target: &dyn Engine,
    limits: PageLimits,
    mend_references: bool,
    on: &mut (dyn FnMut(CopyEvent) + Send),
) -> Result<Verification> {
    on(CopyEvent::Comparing { rows });
    let json_by_value = !(source.dialect().keeps_json_text() && target.dialect().keeps_json_text());
    let mut notes = Findings::default();
    let mut tables = Vec::with_capacity(SCHEMA.tables.len());
    for table in SCHEMA.tables.iter().copied() {
        on(CopyEvent::Verifying { table: table.name });
        let mut compared = Compared { source, target, table, limits, json_by_value, mend_references };
        let expected = async {
            let mut digest = TableDigest::default();
            if has(table.name) {
                let mut pages = Pages::new(source, table, limits);
                let mut buffer = Vec::new();
                loop {
                    let rows = pages.next().await?;
                    if rows.is_empty() {
                        break;
                    }
                    on(CopyEvent::Rows(rows.len()));
                    let mut noted = |finding| notes.add(finding);
                    for row in compared.expected(rows, &mut noted).await? {
                        digest.add(table, &row, json_by_value, &mut buffer);
                    }
                }
            }
            Ok(digest)
        };
        let found = async {
            let mut digest = TableDigest::default();
            let mut pages = Pages::new(target, table, limits);
            let mut buffer = Vec::new();
            loop {
                let rows = match pages.next().await {
                    // A table that neither side has.
                    Err(error) if error.kind() == ErrorKind::Configuration && !has(table.name) => Vec::new(),
                    rows => rows?,
                };
                if rows.is_empty() {
                    return Ok(digest);
                }
                for row in rows.into_iter().filter(|row| !is_record(table, row)) {
                    digest.add(table, &meaning(table, row, &mut |_| ()), json_by_value, &mut buffer);
                }
            }
        };
        let (expected, found) = tokio::try_join!(expected, found)?;
        let differences =
            if expected == found { Vec::new() } else { compared.differences(has(table.name)).await? };
        tables.push(TableVerification { table: table.name, source: expected, target: found, differences });
    }
    Ok(Verification { tables, json_by_value, notes })
}

struct Compared<'r> {
    source: &'r dyn Engine,
    target: &'r dyn Engine,
    table: &'static Table,
    limits: PageLimits,
    json_by_value: bool,
    mend_references: bool,
}

impl Compared<'_> {
    /// The source's rows as they are to be in the target.
    async fn expected(&self, rows: Vec<Row>, noted: &mut (dyn FnMut(Finding) + Send)) -> Result<Vec<Row>> {
        let mut rows: Vec<Row> = rows.into_iter().map(|row| meaning(self.table, row, noted)).collect();
        if self.mend_references {
            mend(self.target, self.table, &mut rows, true, noted).await?;
        }
        Ok(rows)
    }

    /// The first rows that only one side has, or that have other values on the two sides.
    async fn differences(&mut self, in_source: bool) -> Result<Vec<Finding>> {
        let mut findings = Vec::new();
        // Rows that don't match are searched by looking up each page's keys on the other side.
        self.limits.rows = self.limits.rows.min(200);
        if in_source {
            let mut pages = Pages::new(self.source, self.table, self.limits);
            loop {
                let rows = pages.next().await?;
                if rows.is_empty() || findings.len() >= LISTED {
                    break;
                }
                let rows = self.expected(rows, &mut |_| ()).await?;
                let keys: Vec<_> = rows.iter().map(|row| key_of(self.table, row)).collect();
                let others = self.by_key(with_keys(self.target, self.table, &keys).await?);
                for (row, key) in rows.iter().zip(&keys) {
                    match others.get(&self.key_code(row)) {
                        None => findings.push(self.finding(key, None, "is missing in the target")),
                        Some(other) => self.unequal(key, row, other, &mut findings),
                    }
                }
            }
        }
        let mut pages = Pages::new(self.target, self.table, self.limits);
        while findings.len() < LISTED {
            let rows = pages.next().await?;
            if rows.is_empty() {
                break;
            }
            let rows: Vec<Row> = rows
                .into_iter()
                .filter(|row| !is_record(self.table, row))
                .map(|row| meaning(self.table, row, &mut |_| ()))
                .collect();
            let keys: Vec<_> = rows.iter().map(|row| key_of(self.table, row)).collect();
            let others = if in_source {
                let others = with_keys(self.source, self.table, &keys).await?;
                self.by_key(self.expected(others, &mut |_| ()).await?)
            } else {
                BTreeMap::new()
            };
            for (row, key) in rows.iter().zip(&keys) {
                if !others.contains_key(&self.key_code(row)) {
                    findings.push(self.finding(key, None, "is only in the target"));
                }
            }
        }
        findings.truncate(LISTED);
        Ok(findings)
    }

    fn unequal(&self, key: &[Value], row: &[Value], other: &[Value], findings: &mut Vec<Finding>) {
        let (mut left, mut right) = (Vec::new(), Vec::new());
        for ((column, a), b) in self.table.columns.iter().zip(row).zip(other) {
            left.clear();
            right.clear();
            encode(column, a, self.json_by_value, &mut left);
            encode(column, b, self.json_by_value, &mut right);
            if left != right {
                findings.push(self.finding(key, Some(column.name), "has another value in the target"));
            }
        }
    }

    fn finding(&self, key: &[Value], column: Option<&str>, what: &str) -> Finding {
        Finding::new(self.table, key, column, what)
    }

    fn by_key(&self, rows: Vec<Row>) -> BTreeMap<Vec<u8>, Row> {
        rows.into_iter()
            .map(|row| meaning(self.table, row, &mut |_| ()))
            .map(|row| (self.key_code(&row), row))
            .collect()
    }

    fn key_code(&self, row: &[Value]) -> Vec<u8> {
        let mut code = Vec::new();
        for (column, value) in self.table.columns.iter().zip(row) {
            if self.table.primary_key.contains(&column.name) {
                encode(column, value, false, &mut code);
            }
        }
        code
    }
}

/// The row with each value as its column means it.
pub(super) fn meaning(table: &'static Table, row: Row, noted: &mut (dyn FnMut(Finding) + Send)) -> Row {
    let key = key_of(table, &row);
    let mut values = Vec::with_capacity(row.len());
    for (column, value) in table.columns.iter().zip(row) {
        let (value, oddity) = normalise(column, value);
        if let Some(what) = oddity {
            noted(Finding::new(table, &key, Some(column.name), what));
        }
        values.push(value);
    }
    values
}

/// Whether the row is the record of an unfinished copy.
pub(super) fn is_record(table: &Table, row: &[Value]) -> bool {
    table.name == StateEntry::TABLE.name
        && matches!(key_of(table, row).as_slice(), [Value::Text(key)] if key == PROGRESS_KEY)
}
