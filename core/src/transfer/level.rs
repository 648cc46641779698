//! Making a target level with a source: what differs goes over, and nothing else is written.

use std::collections::BTreeMap;

use serde::Serialize;

use super::cell::{encode, normalise};
use super::copier::{inserted, reason};
use super::page::{Pages, Row, key_of, with_keys};
use super::progress::{Phase, Record};
use super::references::mend;
use super::verify::{is_record, meaning};
use super::{CopyEvent, CopyOptions, Finding, Findings};
use crate::contract::Engine;
use crate::contract::tables::SCHEMA;
use crate::error::{Error, ErrorKind, Result};
use crate::sql::{ColumnKind, Sql, Table, Unit, Value};

/// The deletions that are kept until the rows which refer to them are gone; more wait for the next round.
const KEPT: usize = 100_000;

/// What a round changed in the target.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Changes {
    /// Rows that were missing.
    pub inserted: u64,
    /// Rows that had other values.
    pub updated: u64,
    /// Rows that the source does not have.
    pub deleted: u64,
    /// Rows that others were in the way of, which the next round takes: a parent that was not there yet, a unique value
    /// that another row still had.
    pub left: u64,
}

impl Changes {
    /// How many rows were changed or left.
    pub fn total(&self) -> u64 {
        self.inserted + self.updated + self.deleted + self.left
    }
}

/// What one row needs.
#[derive(Debug, Clone)]
enum Change {
    Insert(Row),
    Update(Row),
    Delete(Vec<Value>),
}

/// One round.
pub(super) struct Leveller<'r, 'o, 's> {
    /// What is read: the source, or a moment of it.
    pub(super) source: &'s dyn Engine,
    pub(super) target: &'r dyn Engine,
    pub(super) options: &'o CopyOptions,
    pub(super) record: &'o mut Record<'r>,
    pub(super) on: &'o mut (dyn FnMut(CopyEvent) + Send),
    pub(super) changes: Changes,
    pub(super) refused: Findings,
    json_by_value: bool,
    /// Deletions that rows of other tables were in the way of.
    deletions: Vec<(&'static Table, Vec<Change>)>,
}

impl<'r, 'o, 's> Leveller<'r, 'o, 's> {
    pub(super) fn new(
        source: &'s dyn Engine,
        target: &'r dyn Engine,
        options: &'o CopyOptions,
        record: &'o mut Record<'r>,
        on: &'o mut (dyn FnMut(CopyEvent) + Send),
    ) -> Self {
        let json_by_value = !(source.dialect().keeps_json_text() && target.dialect().keeps_json_text());
        Self {
            source,
            target,
            options,
            record,
            on,
            changes: Changes::default(),
            refused: Findings::default(),
            json_by_value,
            deletions: Vec::new(),
        }
    }

    /// Brings every table over, parents first.
    pub(super) async fn round(&mut self, has: &(impl Fn(&str) -> bool + Sync)) -> Result<()> {
        for table in SCHEMA.tables.iter().copied() {
            (self.on)(CopyEvent::Table { table: table.name });
            let own = table.foreign_keys.iter().any(|key| key.table == table.name);
            self.deletions.push((table, Vec::new()));
            // Rows that refer to rows of their own table: first all of them, then what they refer to.
            let before = self.changes.left;
            self.table(table, has(table.name), !own).await?;
            if own {
                self.changes.left = before;
                self.table(table, has(table.name), true).await?;
            }
            if !self.refused.is_empty() {
                return Ok(());
            }
        }
        for (table, changes) in std::mem::take(&mut self.deletions).into_iter().rev() {
            self.apply(table, changes).await?;
        }
        Ok(())
    }

    async fn table(&mut self, table: &'static Table, in_source: bool, last_pass: bool) -> Result<()> {
        let numbered = numbered(table);
        let end = self.last_key(table).await?;
        let mut after: Vec<Value> = Vec::new();
        if in_source {
            let mut pages = Pages::new(self.source, table, self.options.limits);
            loop {
                let rows = pages.next().await?;
                let Some(last) = rows.last().map(|row| key_of(table, row)) else { break };
                (self.on)(CopyEvent::Rows(if last_pass { rows.len() } else { 0 }));
                let rows = self.expected(table, rows, last_pass).await?;
                if !self.refused.is_empty() {
                    return Ok(());
                }
                let changes = self.differences(table, rows, &after, &last, end.as_ref()).await?;
                self.apply(table, changes).await?;
                if !self.refused.is_empty() {
                    return Ok(());
                }
                after = last;
            }
        }
        if end.is_none() || !last_pass {
            return Ok(());
        }
        // What stands behind the source's last row; where keys are text, engines may sort them otherwise: then all rows.
        let mut pages = Pages::new(self.target, table, self.options.limits);
        if numbered {
            pages = pages.after(after);
        }
        loop {
            let rows = pages.next().await?;
            if rows.is_empty() {
                return Ok(());
            }
            let mut keys: Vec<_> =
                rows.iter().filter(|row| !is_record(table, row)).map(|row| key_of(table, row)).collect();
            if in_source && !numbered {
                let found = with_keys(self.source, table, &keys).await?;
                let found = self.by_key(table, found);
                keys.retain(|key| !found.contains_key(&code_of(table, key)));
            }
            self.apply(table, keys.into_iter().map(Change::Delete).collect()).await?;
        }
    }

    /// The largest key of the target's rows; none when it has no rows. A key that is text is only told to be there.
    async fn last_key(&self, table: &'static Table) -> Result<Option<Value>> {
        let [column, ..] = table.primary_key else { return Ok(None) };
        let mut sql = Sql::new(self.target.dialect());
        sql.push("SELECT MAX(").identifier(column).push(") FROM ").identifier(table.name);
        let rows = self.target.query(sql.finish()?).await?;
        Ok(rows.iter().next().and_then(|row| row.first().cloned()).filter(|value| !value.is_null()))
    }

    /// The source's rows as they are to be in the target; what that can't hold is refused.
    async fn expected(&mut self, table: &'static Table, rows: Vec<Row>, last_pass: bool) -> Result<Vec<Row>> {
        if self.target.dialect().enforces_types() {
            for row in &rows {
                for (column, value) in table.columns.iter().zip(row) {
                    let (value, oddity) = normalise(column, value.clone());
                    if let Some(what) = oddity.or_else(|| table.check(column, &value).err().map(reason)) {
                        self.refused.add(Finding::new(table, &key_of(table, row), Some(column.name), what));
                    }
                }
            }
        }
        let mut rows: Vec<Row> = rows.into_iter().map(|row| meaning(table, row, &mut |_| ())).collect();
        if self.options.mend_references {
            mend(self.target, table, &mut rows, last_pass, &mut |_| ()).await?;
        }
        Ok(rows)
    }

    /// What makes the target's rows those of the page, which ends with the key `last`.
    async fn differences(
        &self,
        table: &'static Table,
        rows: Vec<Row>,
        after: &[Value],
        last: &[Value],
        end: Option<&Value>,
    ) -> Result<Vec<Change>> {
        let first = rows.first().map(|row| key_of(table, row));
        let behind = match (first.as_deref(), end) {
            (_, None) => true,
            (Some([Value::Int(first)]), Some(Value::Int(end))) => first > end,
            _ => false,
        };
        if behind {
            return Ok(rows.into_iter().map(Change::Insert).collect());
        }
        let mut wanted = self.by_key(table, rows);
        let mut changes = Vec::new();
        if let (true, [key]) = (numbered(table), last) {
            let mut pages =
                Pages::new(self.target, table, self.options.limits).after(after.to_vec()).up_to(key.clone());
            loop {
                let found = pages.next().await?;
                if found.is_empty() {
                    break;
                }
                for row in found {
                    let key = key_of(table, &row);
                    match wanted.remove(&code_of(table, &key)) {
                        Some(wanted) => self.compare(table, wanted, row, &mut changes),
                        None => changes.push(Change::Delete(key)),
                    }
                }
            }
        } else {
            let keys: Vec<_> = wanted.values().map(|row| key_of(table, row)).collect();
            for row in with_keys(self.target, table, &keys).await? {
                if let Some(wanted) = wanted.remove(&code_of(table, &key_of(table, &row))) {
                    self.compare(table, wanted, row, &mut changes);
                }
            }
        }
        changes.extend(wanted.into_values().map(Change::Insert));
        Ok(changes)
    }

    fn compare(&self, table: &'static Table, wanted: Row, found: Row, changes: &mut Vec<Change>) {
        let found = meaning(table, found, &mut |_| ());
        let (mut left, mut right) = (Vec::new(), Vec::new());
        for ((column, a), b) in table.columns.iter().zip(&wanted).zip(&found) {
            encode(column, a, self.json_by_value, &mut left);
            encode(column, b, self.json_by_value, &mut right);
        }
        if left != right {
            changes.push(Change::Update(wanted));
        }
    }

    fn by_key(&self, table: &'static Table, rows: Vec<Row>) -> BTreeMap<Vec<u8>, Row> {
        rows.into_iter().map(|row| (code_of(table, &key_of(table, &row)), row)).collect()
    }

    /// Writes the changes; halves what the target refuses until it is known which row it is.
    async fn apply(&mut self, table: &'static Table, changes: Vec<Change>) -> Result<()> {
        let mut open = vec![(0, changes.len())];
        while let Some((from, to)) = open.pop() {
            let Some(part) = changes.get(from..to).filter(|part| !part.is_empty()) else { continue };
            let unit = unit_of(self.target, table, part)?;
            let Phase::Levelling { step } = self.record.phase() else {
                return Err(Error::conflict("the record of the live copy is not one"));
            };
            let next = Phase::Levelling { step: step + 1 };
            let Err(error) = self.record.advance(unit, next).await else {
                for change in part {
                    match change {
                        Change::Insert(_) => self.changes.inserted += 1,
                        Change::Update(_) => self.changes.updated += 1,
                        Change::Delete(_) => self.changes.deleted += 1,
                    }
                }
                continue;
            };
            let refused = matches!(
                error.kind(),
                ErrorKind::InvalidInput | ErrorKind::Conflict | ErrorKind::Unsupported | ErrorKind::Backend
            );
            if !refused || self.record.is_foreign().await? {
                return Err(error);
            }
            match part {
                [Change::Delete(key)] if error.kind() == ErrorKind::Conflict => self.keep(table, key),
                [_] if error.kind() == ErrorKind::Conflict => self.changes.left += 1,
                [Change::Insert(row) | Change::Update(row)] => {
                    self.refused.add(Finding::new(table, &key_of(table, row), None, reason(error)));
                    return Ok(());
                }
                [_] => return Err(error),
                _ => {
                    let middle = from.midpoint(to);
                    open.push((middle, to));
                    open.push((from, middle));
                }
            }
        }
        Ok(())
    }

    /// Keeps a deletion until the rows that refer to it are gone.
    fn keep(&mut self, table: &'static Table, key: &[Value]) {
        let kept: usize = self.deletions.iter().map(|(_, changes)| changes.len()).sum();
        match self.deletions.iter_mut().find(|(other, _)| other.name == table.name) {
            Some((_, changes)) if kept < KEPT => changes.push(Change::Delete(key.to_vec())),
            _ => self.changes.left += 1,
        }
    }
}

/// Whether the key is one integer, which every engine sorts in the same way.
fn numbered(table: &Table) -> bool {
    let [name] = table.primary_key else { return false };
    table.columns.iter().any(|column| {
        column.name == *name
            && matches!(column.kind, ColumnKind::Serial | ColumnKind::Int | ColumnKind::Int32)
    })
}

/// A key as bytes, the same on both sides.
fn code_of(table: &Table, key: &[Value]) -> Vec<u8> {
    let mut code = Vec::new();
    for (name, value) in table.primary_key.iter().zip(key) {
        if let Some(column) = table.columns.iter().find(|column| column.name == *name) {
            encode(column, &normalise(column, value.clone()).0, false, &mut code);
        }
    }
    code
}

/// The changes as one unit: what goes first, since its unique values may be those of what comes.
fn unit_of(target: &dyn Engine, table: &'static Table, changes: &[Change]) -> Result<Unit> {
    let mut unit = Unit::new();
    for change in changes {
        if let Change::Delete(key) = change {
            let mut sql = Sql::new(target.dialect());
            sql.delete_from(table);
            having(&mut sql, table, key);
            unit.execute(sql.finish()?);
        }
    }
    for change in changes {
        if let Change::Update(row) = change {
            let mut sql = Sql::new(target.dialect());
            sql.update_table(table);
            let mut lead = " SET ";
            for (column, value) in table.columns.iter().zip(row) {
                if !table.primary_key.contains(&column.name) {
                    sql.push(lead).identifier(column.name).push(" = ").bind(value.clone());
                    lead = ", ";
                }
            }
            having(&mut sql, table, &key_of(table, row));
            unit.execute(sql.finish()?);
        }
    }
    let rows: Vec<Row> = changes
        .iter()
        .filter_map(|change| if let Change::Insert(row) = change { Some(row.clone()) } else { None })
        .collect();
    unit.append(inserted(table, rows)?);
    Ok(unit)
}

fn having(sql: &mut Sql<'_>, table: &'static Table, key: &[Value]) {
    for (name, value) in table.primary_key.iter().zip(key) {
        sql.and().identifier(name).push(" = ").bind(value.clone());
    }
}
