//! Building statements from fixed text and bound values.

use super::{Dialect, Insert, Table, Value};

/// A finished statement: text of one dialect, and the values for its placeholders in order.
///
/// There is no public way to make one from run-time text; see [`Sql`].
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    text: String,
    values: Vec<Value>,
    /// Positions in `values`, and the columns that those go into; in ascending order.
    columns: Vec<(usize, &'static str)>,
}

impl Statement {
    /// For DDL, whose text is assembled from table metadata inside this module tree.
    pub(in crate::sql) fn from_metadata(text: String) -> Self {
        Self { text, values: Vec::new(), columns: Vec::new() }
    }

    /// The SQL text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The values for the placeholders, in order.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The column that the value at this position, counted from 0, is written into: for drivers that refuse a value. `None`
    /// for what a condition compares.
    pub fn column(&self, position: usize) -> Option<&'static str> {
        self.columns.iter().find(|(at, _)| *at == position).map(|(_, column)| *column)
    }

    /// Text and values, for drivers that move them on.
    pub fn into_parts(self) -> (String, Vec<Value>) {
        (self.text, self.values)
    }
}

/// Writes a [`Statement`]: fixed text, bound values, and the holes that the dialect fills.
///
/// ```
/// # use decnet_db_core::sql::{ColumnKind, Column, Dialect, Sql, Table};
/// # #[derive(Debug)] struct Demo;
/// # impl Dialect for Demo {
/// #     fn system(&self) -> &'static str { "demo" }
/// #     fn column_type(&self, _: &Table, _: &Column) -> String { String::new() }
/// #     fn contains(&self, _: &mut Sql<'_>, _: &'static str, _: &str) {}
/// #     fn json_member_equals(&self, _: &mut Sql<'_>, _: &'static str, _: &str, _: &str) {}
/// #     fn bucket(&self, _: &mut Sql<'_>, _: &'static str, _: i64) {}
/// #     fn catalog(&self) -> &'static str { "" }
/// # }
/// # let dialect = &Demo;
/// let mut sql = Sql::new(dialect);
/// sql.push("SELECT uuid FROM users WHERE username = ").bind("'; DROP TABLE users; --");
/// let statement = sql.finish();
/// assert_eq!(statement.text(), "SELECT uuid FROM users WHERE username = ?");
/// ```
#[derive(Debug)]
pub struct Sql<'d> {
    dialect: &'d dyn Dialect,
    text: String,
    values: Vec<Value>,
    columns: Vec<(usize, &'static str)>,
}

impl<'d> Sql<'d> {
    /// An empty statement for the dialect.
    pub fn new(dialect: &'d dyn Dialect) -> Self {
        Self { dialect, text: String::with_capacity(160), values: Vec::new(), columns: Vec::new() }
    }

    /// The dialect that the statement is for.
    pub fn dialect(&self) -> &'d dyn Dialect {
        self.dialect
    }

    /// Fixed SQL text.
    pub fn push(&mut self, text: &'static str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// A placeholder, and the value for it.
    pub fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        let value = value.into();
        self.dialect.placeholder_for(&mut self.text, self.values.len() + 1, &value);
        self.values.push(value);
        self
    }

    /// A placeholder for what goes into a column of the table, and the value for it.
    pub fn bind_into(
        &mut self,
        table: &'static Table,
        column: &'static str,
        value: impl Into<Value>,
    ) -> &mut Self {
        let Some(column) = table.column(column) else { return self.bind(value) };
        let (position, value) = (self.values.len(), value.into());
        self.dialect.placeholder_into(&mut self.text, position + 1, &value, table, column);
        self.columns.push((position, column.name));
        self.values.push(value);
        self
    }

    /// Placeholders for all values, with `, ` between them.
    pub fn bind_list<V: Into<Value>>(&mut self, values: impl IntoIterator<Item = V>) -> &mut Self {
        for (position, value) in values.into_iter().enumerate() {
            if position > 0 {
                self.push(", ");
            }
            self.bind(value);
        }
        self
    }

    /// A table or column name, quoted where the dialect needs it.
    pub fn identifier(&mut self, name: &'static str) -> &mut Self {
        self.dialect.write_identifier(&mut self.text, name);
        self
    }

    /// Names with `, ` between them.
    pub fn identifiers(&mut self, names: impl IntoIterator<Item = &'static str>) -> &mut Self {
        for (position, name) in names.into_iter().enumerate() {
            if position > 0 {
                self.push(", ");
            }
            self.identifier(name);
        }
        self
    }

    /// `SELECT`, all columns of the table in its order, `FROM` the table.
    pub fn select(&mut self, table: &'static Table) -> &mut Self {
        self.push("SELECT ").identifiers(table.columns.iter().map(|column| column.name));
        self.push(" FROM ").identifier(table.name)
    }

    /// All columns of the table in its order, with the alias that a join gives it.
    pub fn columns_of(&mut self, alias: &'static str, table: &'static Table) -> &mut Self {
        for (position, column) in table.columns.iter().enumerate() {
            self.push(if position > 0 { ", " } else { "" }).push(alias).push(".").identifier(column.name);
        }
        self
    }

    /// `INSERT INTO … VALUES` of one row's values, for [`Dialect::upsert`] to follow.
    pub fn insert_values(&mut self, row: &Insert) -> &mut Self {
        self.push("INSERT INTO ").identifier(row.table().name).push(" (");
        self.identifiers(row.columns().iter().copied()).push(") VALUES (");
        for (position, (column, value)) in row.columns().iter().zip(row.values()).enumerate() {
            self.push(if position > 0 { ", " } else { "" }).bind_into(row.table(), column, value.clone());
        }
        self.push(")")
    }

    /// `INSERT INTO … SELECT` of one row's values, for a WHERE that decides whether it goes in.
    pub fn insert_select(&mut self, row: &Insert) -> &mut Self {
        self.push("INSERT INTO ").identifier(row.table().name).push(" (");
        self.identifiers(row.columns().iter().copied()).push(") SELECT * FROM (SELECT ");
        for (position, (column, value)) in row.columns().iter().zip(row.values()).enumerate() {
            self.push(if position > 0 { ", " } else { "" }).bind_into(row.table(), column, value.clone());
            self.push(" AS ").identifier(column);
        }
        self.push(") AS incoming")
    }

    /// A whole number as text, for places where engines take no placeholder.
    pub fn number(&mut self, number: i64) -> &mut Self {
        self.text.push_str(&number.to_string());
        self
    }

    /// An integer expression for [`Dialect::bucket`]: `whole` cut down to a multiple of `seconds`, before 1970 too. `whole`
    /// writes the column's time as whole seconds since 1970, rounded down.
    pub fn floor_to(&mut self, seconds: i64, whole: impl Fn(&mut Self)) -> &mut Self {
        /// Wider intervals give the same buckets: all of time, before and after 1970.
        const WIDEST: i64 = 1_000_000_000_000;
        let seconds = seconds.clamp(1, WIDEST);
        whole(self);
        self.push(" - MOD(MOD(");
        whole(self);
        self.push(", ").number(seconds).push(") + ").number(seconds).push(", ").number(seconds).push(")")
    }

    /// A condition: the column's text contains `needle`, literally, ASCII letters in any case (rulings R4 and R5).
    pub fn contains(&mut self, column: &'static str, needle: &str) -> &mut Self {
        self.dialect.contains(self, column, needle);
        self
    }

    /// A condition: the text of at least one of the columns contains `needle`.
    pub fn contains_any(&mut self, columns: &[&'static str], needle: &str) -> &mut Self {
        self.dialect.contains_any(self, columns, needle);
        self
    }

    /// A condition: the column's text equals `text` exactly, whatever the column's collation (ruling R4).
    pub fn exactly(&mut self, column: &'static str, text: &str) -> &mut Self {
        self.dialect.exactly(self, column, text);
        self
    }

    /// ` LIMIT … OFFSET …`.
    pub fn page(&mut self, limit: u64, offset: u64) -> &mut Self {
        self.push(" LIMIT ").bind(limit);
        if offset > 0 {
            self.push(" OFFSET ").bind(offset);
        }
        self
    }

    /// Whether nothing was written yet.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The finished statement.
    pub fn finish(self) -> Statement {
        Statement { text: self.text, values: self.values, columns: self.columns }
    }
}
