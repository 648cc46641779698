//! Reading a table in primary-key order, a bounded page at a time.

use crate::contract::Engine;
use crate::error::Result;
use crate::sql::{ColumnKind, Rows, Sql, Table, Value};

/// One row, in the order of the table's columns.
pub(super) type Row = Vec<Value>;

/// How much of a table is held in memory, and written in one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageLimits {
    /// The most rows.
    pub rows: usize,
    /// The most bytes of text; a row that is larger than that is a page of its own.
    pub bytes: usize,
}

impl Default for PageLimits {
    /// 1,000 rows, 8 MiB.
    fn default() -> Self {
        Self { rows: 1_000, bytes: 8 << 20 }
    }
}

/// The rows of a table, in primary-key order.
///
/// Each page begins behind the last key of the page before it (no OFFSET, which would read everything again), so rows
/// that others insert or delete meanwhile make no other row come twice or not at all.
pub(super) struct Pages<'r> {
    reader: &'r dyn Engine,
    table: &'static Table,
    limits: PageLimits,
    not_null: Option<&'static str>,
    after: Vec<Value>,
    up_to: Option<Value>,
    done: bool,
}

impl<'r> Pages<'r> {
    pub(super) fn new(reader: &'r dyn Engine, table: &'static Table, limits: PageLimits) -> Self {
        Self { reader, table, limits, not_null: None, after: Vec::new(), up_to: None, done: false }
    }

    /// Only rows behind the one with this key; from the start, when it is empty.
    pub(super) fn after(mut self, key: Vec<Value>) -> Self {
        self.after = key;
        self
    }

    /// Only rows up to the one with this key, of a table whose key is one column.
    pub(super) fn up_to(mut self, key: Value) -> Self {
        self.up_to = Some(key);
        self
    }

    /// Only rows that have a value in the column.
    pub(super) fn not_null(mut self, column: &'static str) -> Self {
        self.not_null = Some(column);
        self
    }

    /// The next page, which is empty at the end of the table.
    pub(super) async fn next(&mut self) -> Result<Vec<Row>> {
        if self.done {
            return Ok(Vec::new());
        }
        // What the rows weigh is asked first: a thousand rows may be a hundred kilobytes or sixteen gigabytes.
        let mut sql = Sql::new(self.reader.dialect());
        sql.push("SELECT ");
        self.weight(&mut sql);
        sql.push(" FROM ").identifier(self.table.name);
        self.order(&mut sql, self.limits.rows);
        let weights = self.reader.query(sql.finish()?).await?.decode(|row| row.value::<u64>("size"))?;
        let mut total = 0_u64;
        let fitting = weights
            .iter()
            .take_while(|weight| {
                total = total.saturating_add(**weight);
                total <= self.limits.bytes as u64
            })
            .count();
        let mut sql = Sql::new(self.reader.dialect());
        sql.select(self.table);
        self.order(&mut sql, fitting.max(1));
        let rows = rows(self.table, self.reader.query(sql.finish()?).await?)?;
        match rows.last() {
            Some(last) => self.after = key_of(self.table, last),
            None => self.done = true,
        }
        Ok(rows)
    }

    /// An expression: the bytes of everything in the row that has no small bound.
    fn weight(&self, sql: &mut Sql<'_>) {
        sql.push("64");
        for column in self.table.columns {
            if let ColumnKind::Text | ColumnKind::TextOf(_) | ColumnKind::LongText | ColumnKind::Json =
                column.kind
            {
                sql.push(" + COALESCE(OCTET_LENGTH(").identifier(column.name).push("), 0)");
            }
        }
    }

    fn order(&self, sql: &mut Sql<'_>, rows: usize) {
        if let Some(column) = self.not_null {
            sql.and().identifier(column).push(" IS NOT NULL");
        }
        if !self.after.is_empty() {
            behind(sql.and(), self.table.primary_key, &self.after);
        }
        if let (Some(key), [column]) = (&self.up_to, self.table.primary_key) {
            sql.and().identifier(column).push(" <= ").bind(key.clone());
        }
        sql.push(" ORDER BY ").identifiers(self.table.primary_key.iter().copied());
        sql.page(rows as u64, 0);
    }
}

/// A condition: the key lies behind `values`. Not spelled `(a, b) > (?, ?)`, for which MySQL uses no index.
fn behind(sql: &mut Sql<'_>, columns: &[&'static str], values: &[Value]) {
    if let ([column, columns @ ..], [value, values @ ..]) = (columns, values) {
        if columns.is_empty() {
            sql.identifier(column).push(" > ").bind(value.clone());
            return;
        }
        sql.identifier(column).push(" >= ").bind(value.clone()).push(" AND (");
        sql.identifier(column).push(" > ").bind(value.clone()).push(" OR (");
        behind(sql, columns, values);
        sql.push("))");
    }
}

/// The rows with these keys, in any order.
pub(super) async fn with_keys(
    reader: &dyn Engine,
    table: &'static Table,
    keys: &[Vec<Value>],
) -> Result<Vec<Row>> {
    let mut found = Vec::new();
    for keys in keys.chunks(200) {
        let mut sql = Sql::new(reader.dialect());
        sql.select(table);
        let mut lead = " WHERE (";
        for key in keys {
            sql.push(lead);
            lead = ") OR (";
            for (position, (column, value)) in table.primary_key.iter().zip(key).enumerate() {
                sql.push(if position > 0 { " AND " } else { "" });
                sql.identifier(column).push(" = ").bind(value.clone());
            }
        }
        sql.push(")");
        found.extend(rows(table, reader.query(sql.finish()?).await?)?);
    }
    Ok(found)
}

/// The values of the row's primary key.
pub(super) fn key_of(table: &Table, row: &[Value]) -> Vec<Value> {
    let position = |name: &&str| table.columns.iter().position(|column| column.name == *name);
    table.primary_key.iter().filter_map(position).filter_map(|at| row.get(at).cloned()).collect()
}

fn rows(table: &'static Table, rows: Rows) -> Result<Vec<Row>> {
    rows.decode(|row| table.columns.iter().map(|column| row.read_column(column)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::Column;

    #[derive(Debug)]
    struct Plain;

    impl crate::sql::Dialect for Plain {
        fn system(&self) -> &'static str {
            "plain"
        }
        fn column_type(&self, _: &Table, _: &Column) -> String {
            String::new()
        }
        fn contains(&self, _: &mut Sql<'_>, _: &'static Column, _: &str) {}
        fn json_member_equals(&self, _: &mut Sql<'_>, _: &'static Column, _: &str, _: &str) {}
        fn bucket(&self, _: &mut Sql<'_>, _: &'static Column, _: i64) {}
        fn upsert(&self, _: &mut Sql<'_>, _: &[&'static Column], _: &[&'static Column]) {}
        fn catalog(&self) -> &'static str {
            ""
        }
    }

    #[test]
    fn a_composite_key_is_spelled_so_that_every_engine_can_use_its_index() {
        let text = |columns: &[&'static str]| {
            let mut sql = Sql::new(&Plain);
            let values: Vec<Value> = columns.iter().map(|name| (*name).into()).collect();
            behind(&mut sql, columns, &values);
            sql.into_statement().into_parts()
        };
        assert_eq!(text(&["a"]).0, "a > ?");
        assert_eq!(text(&["a", "b"]).0, "a >= ? AND (a > ? OR (b > ?))");
        let (three, values) = text(&["a", "b", "c"]);
        assert_eq!(three, "a >= ? AND (a > ? OR (b >= ? AND (b > ? OR (c > ?))))");
        assert_eq!(values, ["a", "a", "b", "b", "c"].map(Value::from));
    }
}
