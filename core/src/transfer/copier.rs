//! The work of a copy, page by page.

use super::cell::normalise;
use super::page::{Pages, Row, key_of};
use super::progress::{self, PROGRESS_KEY, Phase, Record, keep, recall};
use super::references::mend;
use super::reset::clear;
use super::{CopyEvent, CopyOptions, Finding, Findings};
use crate::contract::Engine;
use crate::contract::StateEntry;
use crate::contract::tables::SCHEMA;
use crate::error::{Error, ErrorKind, Result};
use crate::sql::{Insert, Record as _, Sql, Table, Unit, Value};

/// What is done with rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    /// They are inserted, without references to their own table.
    Insert,
    /// The column, which refers to the table itself, is set: now all rows are there.
    Refer(&'static str),
}

pub(super) struct Copier<'r, 'o> {
    pub(super) source: &'r dyn Engine,
    pub(super) target: &'r dyn Engine,
    pub(super) options: &'o CopyOptions,
    pub(super) record: Record<'r>,
    pub(super) on: &'o mut (dyn FnMut(CopyEvent) + Send),
    /// Whether rows are written; after a refusal they are only looked at.
    pub(super) writing: bool,
    pub(super) rows: u64,
    pub(super) refused: Findings,
}

impl Copier<'_, '_> {
    /// Makes sure that the two are not one database, then empties the target.
    pub(super) async fn start(&mut self, source_has_state: bool) -> Result<()> {
        different(self.source, self.target, source_has_state).await?;
        let (target, overwrite) = (self.target, self.options.overwrite);
        let mut clearing = Unit::new();
        if overwrite {
            let tables: Vec<_> =
                SCHEMA.tables.iter().rev().copied().filter(|it| it.name != StateEntry::TABLE.name).collect();
            clear(target, &tables, &mut clearing)?;
            clearing.execute(progress::clear_other_state(target)?);
        }
        let first = SCHEMA.tables.first().map_or("", |table| table.name).to_owned();
        self.record.advance(clearing, Phase::Rows { table: first, after: Vec::new() }).await
    }

    pub(super) async fn tables(&mut self, has: &impl Fn(&str) -> bool) -> Result<()> {
        let (table, column, after) = match self.record.phase().clone() {
            Phase::Starting => (String::new(), None, Vec::new()),
            Phase::Rows { table, after } => (table, None, after),
            Phase::References { table, column, after } => (table, Some(column), after),
            Phase::Verifying => return Ok(()),
            Phase::Levelling { .. } => {
                return Err(Error::conflict("a live copy into the target has begun meanwhile"));
            }
        };
        let begin = SCHEMA.tables.iter().position(|it| it.name == table).ok_or_else(|| {
            Error::conflict(format!(
                "the target's record of an unfinished copy names no known table: {table:?}"
            ))
        })?;
        let mut resume = Some((column, recall(after)));
        for table in SCHEMA.tables.iter().copied().skip(begin) {
            let (column, mut after) = resume.take().unwrap_or_default();
            if !has(table.name) {
                continue;
            }
            (self.on)(CopyEvent::Table { table: table.name });
            if column.is_none() {
                self.table(table, Work::Insert, std::mem::take(&mut after)).await?;
            }
            let own: Vec<_> = table
                .foreign_keys
                .iter()
                .filter(|key| key.table == table.name)
                .map(|key| key.column)
                .collect();
            let from = column.and_then(|name| own.iter().position(|own| *own == name)).unwrap_or(0);
            for column in own.into_iter().skip(from) {
                if !self.writing {
                    break;
                }
                self.table(table, Work::Refer(column), std::mem::take(&mut after)).await?;
            }
        }
        Ok(())
    }

    async fn table(&mut self, table: &'static Table, work: Work, after: Vec<Value>) -> Result<()> {
        let mut pages = Pages::new(self.source, table, self.options.limits).after(after);
        if let Work::Refer(column) = work {
            pages = pages.not_null(column);
        }
        loop {
            let rows = pages.next().await?;
            if rows.is_empty() {
                return Ok(());
            }
            let fitting = self.look_through(table, &rows);
            if self.writing {
                self.write(table, work, &rows, fitting).await?;
                self.writing = self.refused.is_empty();
            }
            if work == Work::Insert {
                (self.on)(CopyEvent::Rows(rows.len()));
            }
        }
    }

    /// Reports the values that the target can't hold; returns how many rows stand before the first of them.
    fn look_through(&mut self, table: &'static Table, rows: &[Row]) -> usize {
        if !self.target.dialect().enforces_types() {
            return rows.len();
        }
        let mut fitting = rows.len();
        for (position, row) in rows.iter().enumerate() {
            for (column, value) in table.columns.iter().zip(row) {
                let (value, oddity) = normalise(column, value.clone());
                let refusal = oddity.or_else(|| table.check(column, &value).err().map(reason));
                if let Some(what) = refusal {
                    fitting = fitting.min(position);
                    self.refused.add(Finding::new(table, &key_of(table, row), Some(column.name), what));
                }
            }
        }
        fitting
    }

    /// Writes the first `count` rows; halves what the target refuses until it is known which row it is.
    async fn write(&mut self, table: &'static Table, work: Work, rows: &[Row], count: usize) -> Result<()> {
        let mut open = vec![(0, count)];
        while let Some((from, to)) = open.pop() {
            let Some(page) = rows.get(from..to).filter(|page| !page.is_empty()) else { continue };
            let Err(error) = self.commit(table, work, page).await else { continue };
            let refused = matches!(
                error.kind(),
                ErrorKind::InvalidInput | ErrorKind::Conflict | ErrorKind::Unsupported | ErrorKind::Backend
            );
            if !refused || self.record.is_foreign().await? {
                return Err(error);
            }
            if let [row] = page {
                let key = key_of(table, row);
                if let Error::Backend { message, source } = error {
                    let at = Finding::new(table, &key, None, message);
                    return Err(Error::Backend { message: format!("can't write {at}"), source });
                }
                let column = match &error {
                    Error::InvalidInput { argument, .. } => argument.rsplit('.').next().map(str::to_owned),
                    _ => None,
                };
                self.refused.add(Finding::new(table, &key, column.as_deref(), reason(error)));
                return Ok(());
            }
            let middle = from.midpoint(to);
            open.push((middle, to));
            open.push((from, middle));
        }
        Ok(())
    }

    async fn commit(&mut self, table: &'static Table, work: Work, page: &[Row]) -> Result<()> {
        let Some(last) = page.last() else { return Ok(()) };
        let (name, after) = (table.name.to_owned(), keep(key_of(table, last)));
        let mut rows: Vec<Row> = page
            .iter()
            .map(|row| {
                table
                    .columns
                    .iter()
                    .zip(row)
                    .map(|(column, value)| normalise(column, value.clone()).0)
                    .collect()
            })
            .collect();
        if self.options.mend_references {
            mend(self.target, table, &mut rows, work != Work::Insert, &mut |_| ()).await?;
        }
        let written = rows.len();
        let (work_unit, phase) = match work {
            Work::Insert => (inserted(table, rows)?, Phase::Rows { table: name, after }),
            Work::Refer(column) => (
                referring(self.target, table, column, &rows)?,
                Phase::References { table: name, column: column.to_owned(), after },
            ),
        };
        self.record.advance(work_unit, phase).await?;
        if work == Work::Insert {
            self.rows += written as u64;
        }
        Ok(())
    }
}

/// Makes sure that the two are not one database. The record is in the target: whoever sees it in the source looks at the
/// same database, whatever its URL. Then it is taken away again.
pub(super) async fn different(source: &dyn Engine, target: &dyn Engine, has_state: bool) -> Result<()> {
    if !has_state || progress::read(source).await?.is_none() {
        return Ok(());
    }
    let mut unit = Unit::new();
    let mut sql = Sql::new(target.dialect());
    sql.delete::<StateEntry>().only(StateEntry::KEY, PROGRESS_KEY);
    unit.execute(sql.finish()?);
    target.commit(unit).await?;
    Err(Error::invalid_input("target", "is the same database as the source; nothing was changed"))
}

/// The rows as one INSERT, without references to their own table.
pub(super) fn inserted(table: &'static Table, rows: Vec<Row>) -> Result<Unit> {
    let own = |name: &str| table.foreign_keys.iter().any(|key| key.column == name && key.table == table.name);
    let mut values = Vec::with_capacity(rows.len() * table.columns.len());
    for row in rows {
        for (column, value) in table.columns.iter().zip(row) {
            values.push(if own(column.name) { Value::Null } else { value });
        }
    }
    let mut unit = Unit::new();
    if !values.is_empty() {
        let columns = table.columns.iter().map(|column| column.name).collect();
        unit.insert(Insert::raw(table, columns, values)?);
    }
    Ok(unit)
}

fn referring(target: &dyn Engine, table: &'static Table, column: &'static str, rows: &[Row]) -> Result<Unit> {
    let mut unit = Unit::new();
    let position = table.columns.iter().position(|it| it.name == column);
    for row in rows {
        let Some(value) = position.and_then(|at| row.get(at)).filter(|value| !value.is_null()) else {
            continue;
        };
        let mut sql = Sql::new(target.dialect());
        sql.update_table(table).push(" SET ").identifier(column).push(" = ").bind(value.clone());
        for (name, value) in table.primary_key.iter().zip(key_of(table, row)) {
            sql.and().identifier(name).push(" = ").bind(value);
        }
        unit.execute(sql.finish()?);
    }
    Ok(unit)
}

/// The error's text without the column, which the finding has.
pub(super) fn reason(error: Error) -> String {
    match error {
        Error::InvalidInput { reason, .. } => reason,
        other => other.to_string(),
    }
}
