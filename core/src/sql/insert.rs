//! Inserting many rows.

use super::{Dialect, Sql, Statement, Table, Value};
use crate::error::{Error, Result};

/// What happens to a row whose key is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnDuplicate {
    /// The unit fails with a conflict.
    #[default]
    Fail,
    /// The row is left out, the others go in.
    Ignore,
}

/// A struct that becomes a row of a table, made by `#[derive(Insertable)]`.
pub trait Insertable: Sized {
    /// The table.
    const TABLE: &'static Table;
    /// The columns that the struct gives, without the key that the database assigns.
    const COLUMNS: &'static [&'static str];
    /// The column whose value the database assigns when the struct has none.
    const SERIAL: Option<&'static str> = None;

    /// The value for [`SERIAL`](Self::SERIAL), if the struct has one.
    fn serial(&self) -> Option<i64> {
        None
    }

    /// Appends one value for each of [`COLUMNS`](Self::COLUMNS), checked against the table.
    ///
    /// # Errors
    /// Invalid input that names the column.
    fn append(self, values: &mut Vec<Value>) -> Result<()>;
}

/// Rows for one table, as data: the driver may write them by its fastest path.
#[derive(Debug, Clone, PartialEq)]
pub struct Insert {
    table: &'static Table,
    columns: Vec<&'static str>,
    values: Vec<Value>,
    on_duplicate: OnDuplicate,
}

impl Insert {
    /// Checks and takes the rows.
    ///
    /// # Errors
    /// Invalid input that names the row (`[3].decky`) when there are several, and the column.
    pub fn rows<R: Insertable>(rows: Vec<R>) -> Result<Self> {
        let count = rows.len();
        let serial = R::SERIAL.filter(|_| rows.iter().any(|row| row.serial().is_some()));
        let columns: Vec<_> = serial.into_iter().chain(R::COLUMNS.iter().copied()).collect();
        let mut values = Vec::with_capacity(columns.len() * count);
        for (position, row) in rows.into_iter().enumerate() {
            if serial.is_some() {
                values.push(row.serial().into());
            }
            row.append(&mut values)
                .map_err(|error| if count > 1 { error.within(&format!("[{position}]")) } else { error })?;
        }
        Ok(Self { table: R::TABLE, columns, values, on_duplicate: OnDuplicate::Fail })
    }

    /// Checks and takes one row.
    ///
    /// # Errors
    /// Invalid input that names the column.
    pub fn row<R: Insertable>(row: R) -> Result<Self> {
        Self::rows(vec![row])
    }

    /// Rows that come as values, `columns.len()` for each row, for tools that move whole tables.
    ///
    /// # Errors
    /// Invalid input when a column is unknown or the last row is incomplete.
    pub fn raw(table: &'static Table, columns: Vec<&'static str>, values: Vec<Value>) -> Result<Self> {
        if let Some(unknown) = columns.iter().find(|name| table.column(name).is_none()) {
            return Err(Error::invalid_input(*unknown, format!("{} has no such column", table.name)));
        }
        if columns.is_empty() || !values.len().is_multiple_of(columns.len()) {
            return Err(Error::invalid_input(
                table.name,
                "the number of values is not a multiple of the columns",
            ));
        }
        Ok(Self { table, columns, values, on_duplicate: OnDuplicate::Fail })
    }

    /// What happens to rows whose key exists.
    #[must_use]
    pub fn on_duplicate(mut self, choice: OnDuplicate) -> Self {
        self.on_duplicate = choice;
        self
    }

    /// What happens to rows whose key exists, as [`on_duplicate`](Self::on_duplicate) has it.
    pub fn duplicates(&self) -> OnDuplicate {
        self.on_duplicate
    }

    /// The position among the columns of the key that the database assigns, when rows give it: NULL still leaves it to the
    /// database.
    pub fn serial(&self) -> Option<usize> {
        (0..self.columns.len()).find(|position| self.is_serial(*position))
    }

    /// The table.
    pub fn table(&self) -> &'static Table {
        self.table
    }

    /// The columns that have values.
    pub fn columns(&self) -> &[&'static str] {
        &self.columns
    }

    /// What the columns hold.
    pub fn kinds(&self) -> impl Iterator<Item = super::ColumnKind> {
        self.columns.iter().filter_map(|name| self.table.column(name)).map(|column| column.kind)
    }

    /// The table and its columns, `logs (decky, service)`, as they stand in an INSERT or COPY.
    pub fn target(&self, dialect: &dyn Dialect) -> String {
        let columns: Vec<_> = self.columns.iter().map(|name| dialect.identifier(name)).collect();
        format!("{} ({})", dialect.identifier(self.table.name), columns.join(", "))
    }

    /// The columns and values of the first row.
    pub(in crate::sql) fn assignments(&self) -> impl Iterator<Item = (&'static super::Column, &Value)> {
        let columns = self.columns.iter().filter_map(|name| self.table.column(name));
        columns.zip(&self.values)
    }

    /// The values, row after row.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// Hands out the values with their columns, to be changed.
    pub(in crate::sql) fn written_mut(
        &mut self,
        change: &mut impl FnMut(&'static super::Column, &mut Value),
    ) {
        for row in self.values.chunks_exact_mut(self.columns.len().max(1)) {
            for (name, value) in self.columns.iter().zip(row) {
                if let Some(column) = self.table.column(name) {
                    change(column, value);
                }
            }
        }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.values.len() / self.columns.len().max(1)
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The rows, one slice of values each.
    pub fn iter(&self) -> impl Iterator<Item = &[Value]> {
        self.values.chunks_exact(self.columns.len().max(1))
    }

    /// Whether [`text`](Self::text) is the same for both: a statement prepared for the one fits the other.
    pub fn is_like(&self, other: &Self) -> bool {
        std::ptr::eq(self.table, other.table)
            && self.on_duplicate == other.on_duplicate
            && self.columns == other.columns
    }

    /// The text of an INSERT of `rows` rows, all values bound: for drivers that prepare it once and bind many times.
    /// The database assigns a serial key where NULL is bound, on engines where it does that.
    pub fn text(&self, dialect: &dyn Dialect, rows: usize) -> String {
        let nulls = vec![Value::Null; self.columns.len() * rows];
        let mut sql = self.head(dialect);
        for (position, row) in nulls.chunks_exact(self.columns.len().max(1)).enumerate() {
            sql.push(if position > 0 { ", (" } else { "(" }).bind_list(row.iter().cloned()).push(")");
        }
        self.tail(&mut sql);
        sql.into_statement().into_parts().0
    }

    /// Statements of several rows each, none with more placeholders than the dialect allows and none with much more
    /// than `max_bytes` bytes of values; a row that is larger than that has a statement of its own.
    pub fn statements(&self, dialect: &dyn Dialect, max_bytes: usize) -> Vec<Statement> {
        let width = self.columns.len().max(1);
        let max_rows = (dialect.max_parameters() / width).max(1);
        let mut statements = Vec::new();
        let mut open: Option<(Sql<'_>, usize, usize)> = None;
        for row in self.iter() {
            let size: usize = row.iter().map(size_of_value).sum();
            if let Some((_, rows, bytes)) = &open
                && (*rows == max_rows || bytes + size > max_bytes)
                && let Some((mut sql, ..)) = open.take()
            {
                self.tail(&mut sql);
                statements.push(sql.into_statement());
            }
            let (sql, rows, bytes) = open.get_or_insert_with(|| (self.head(dialect), 0, 0));
            sql.push(if *rows > 0 { ", (" } else { "(" });
            for (position, value) in row.iter().enumerate() {
                if position > 0 {
                    sql.push(", ");
                }
                if value.is_null() && self.is_serial(position) {
                    sql.push(dialect.assigned_key());
                } else {
                    sql.bind(value.clone());
                }
            }
            sql.push(")");
            *rows += 1;
            *bytes += size;
        }
        if let Some((mut sql, ..)) = open {
            self.tail(&mut sql);
            statements.push(sql.into_statement());
        }
        statements
    }

    fn is_serial(&self, position: usize) -> bool {
        self.columns
            .get(position)
            .and_then(|name| self.table.column(name))
            .is_some_and(|column| column.kind == super::ColumnKind::Serial)
    }

    fn head<'d>(&self, dialect: &'d dyn Dialect) -> Sql<'d> {
        let mut sql = Sql::new(dialect);
        sql.push(match self.on_duplicate {
            OnDuplicate::Fail => "INSERT INTO ",
            OnDuplicate::Ignore => dialect.insert_ignore().0,
        });
        sql.identifier(self.table.name)
            .push(" (")
            .identifiers(self.columns.iter().copied())
            .push(") VALUES ");
        sql
    }

    fn tail(&self, sql: &mut Sql<'_>) {
        if self.on_duplicate == OnDuplicate::Ignore {
            sql.dialect().insert_ignore_tail(sql, self.table);
        }
    }
}

fn size_of_value(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len() + 8,
        Value::Blob(bytes) => bytes.len() + 8,
        _ => 16,
    }
}
