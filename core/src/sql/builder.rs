//! Building statements from columns, fixed text and bound values.

use std::ops::RangeInclusive;

use super::clauses::Clauses;
use super::{Column, Dialect, Insert, Record, Statement, Table, Value, Verb};
use crate::error::{Error, Result};

/// Writes a [`Statement`]: clauses made of columns and values, fixed text for all the rest, and the holes that the dialect
/// fills.
///
/// A value that its column can't hold is remembered, and [`finish`](Self::finish) answers with it; so the calls chain.
///
/// ```
/// # use decnet_db_core::sql::{ColumnKind, Column, Dialect, Sql, Table};
/// # #[derive(Debug)] struct Demo;
/// # impl Dialect for Demo {
/// #     fn system(&self) -> &'static str { "demo" }
/// #     fn column_type(&self, _: &Table, _: &Column) -> String { String::new() }
/// #     fn contains(&self, _: &mut Sql<'_>, _: &'static Column, _: &str) {}
/// #     fn json_member_equals(&self, _: &mut Sql<'_>, _: &'static Column, _: &str, _: &str) {}
/// #     fn bucket(&self, _: &mut Sql<'_>, _: &'static Column, _: i64) {}
/// #     fn catalog(&self) -> &'static str { "" }
/// # }
/// # let dialect = &Demo;
/// use decnet_db_core::contract::User;
///
/// let mut sql = Sql::new(dialect);
/// sql.push("SELECT COUNT(*)").from::<User>().only(User::USERNAME, "'; DROP TABLE users; --");
/// assert_eq!(sql.finish()?.text(), "SELECT COUNT(*) FROM users WHERE username = ?");
///
/// let mut sql = Sql::new(dialect);
/// sql.update::<User>().set(User::ROLE, "admin").set(User::MUST_CHANGE_PASSWORD, false).only(User::UUID, "u");
/// assert_eq!(sql.finish()?.text(), "UPDATE users SET role = ?, must_change_password = ? WHERE uuid = ?");
/// # Ok::<(), decnet_db_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Sql<'d> {
    pub(super) dialect: &'d dyn Dialect,
    statement: Statement,
    pub(super) clauses: Clauses,
    /// The first value that was refused.
    refused: Option<Error>,
}

impl<'d> Sql<'d> {
    /// An empty statement for the dialect.
    pub fn new(dialect: &'d dyn Dialect) -> Self {
        let statement = Statement {
            text: String::with_capacity(160),
            values: Vec::new(),
            columns: Vec::new(),
            verb: Verb::Select,
            table: None,
            keys: None,
            source: None,
        };
        Self { dialect, statement, clauses: Clauses::default(), refused: None }
    }

    /// The dialect that the statement is for.
    pub fn dialect(&self) -> &'d dyn Dialect {
        self.dialect
    }

    /// Fixed SQL text.
    pub fn push(&mut self, text: &'static str) -> &mut Self {
        self.statement.text.push_str(text);
        self
    }

    /// Whether nothing was written yet.
    pub fn is_empty(&self) -> bool {
        self.statement.text.is_empty()
    }

    /// The finished statement.
    ///
    /// # Errors
    /// The first value that was refused: invalid input that names its column.
    pub fn finish(self) -> Result<Statement> {
        match self.refused {
            None => Ok(self.statement),
            Some(error) => Err(error),
        }
    }

    /// The statement, where nothing can be refused: no value of it goes into a column.
    pub(crate) fn into_statement(self) -> Statement {
        self.statement
    }

    /// Lets [`finish`](Self::finish) answer with this error, unless there is an earlier one.
    pub fn refuse(&mut self, error: Error) -> &mut Self {
        self.refused.get_or_insert(error);
        self
    }
}

/// Values.
impl Sql<'_> {
    /// A placeholder, and the value for it, which is only compared.
    pub fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        let value = value.into();
        let position = self.statement.values.len() + 1;
        self.dialect.placeholder_for(&mut self.statement.text, position, &value);
        self.statement.values.push(value);
        self
    }

    /// A placeholder for what goes into a column, and the value for it, checked against the column (ruling R8).
    pub fn bind_into(&mut self, column: impl Into<&'static Column>, value: impl Into<Value>) -> &mut Self {
        let (column, value) = (column.into(), value.into());
        match self.statement.table.filter(|table| table.name == column.table) {
            Some(table) => {
                if let Err(error) = table.check_given(column, &value) {
                    self.refuse(error);
                }
                self.bind_checked(table, column, value)
            }
            None => self.refuse(Error::backend(
                format!(
                    "{}.{} is no column of the table that the statement writes",
                    column.table, column.name
                ),
                anyhow::anyhow!("a statement of the library itself is wrong"),
            )),
        }
    }

    /// As [`bind_into`](Self::bind_into), for a value that was checked already.
    pub(super) fn bind_checked(
        &mut self,
        table: &'static Table,
        column: &'static Column,
        value: Value,
    ) -> &mut Self {
        let position = self.statement.values.len();
        self.dialect.placeholder_into(&mut self.statement.text, position + 1, &value, table, column);
        self.statement.columns.push((position, column));
        self.statement.values.push(value);
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

    /// A whole number as text, for places where engines take no placeholder.
    pub fn number(&mut self, number: i64) -> &mut Self {
        self.statement.text.push_str(&number.to_string());
        self
    }
}

/// Names.
impl Sql<'_> {
    /// A column's name, quoted where the dialect needs it.
    pub fn column(&mut self, column: impl Into<&'static Column>) -> &mut Self {
        self.identifier(column.into().name)
    }

    /// Columns' names with `, ` between them.
    pub fn columns(&mut self, columns: impl IntoIterator<Item = &'static Column>) -> &mut Self {
        self.identifiers(columns.into_iter().map(|column| column.name))
    }

    /// A column's name with the alias that a join gives its table.
    pub fn column_of(&mut self, alias: &'static str, column: impl Into<&'static Column>) -> &mut Self {
        self.push(alias).push(".").column(column)
    }

    /// All columns of the table in its order, with the alias that a join gives it.
    pub fn columns_of(&mut self, alias: &'static str, table: &'static Table) -> &mut Self {
        self.about(table);
        for (position, column) in table.columns.iter().enumerate() {
            self.push(if position > 0 { ", " } else { "" }).column_of(alias, column);
        }
        self
    }

    /// A table or column name that metadata gives, quoted where the dialect needs it.
    pub fn identifier(&mut self, name: &'static str) -> &mut Self {
        self.dialect.write_identifier(&mut self.statement.text, name);
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
}

/// What a statement begins with.
impl Sql<'_> {
    /// `SELECT`, all columns of the table in its order, `FROM` the table.
    pub fn select(&mut self, table: &'static Table) -> &mut Self {
        self.push("SELECT ").columns(table.columns).about(table).push(" FROM ").identifier(table.name)
    }

    /// ` FROM` the record's table.
    pub fn from<R: Record>(&mut self) -> &mut Self {
        self.about(R::TABLE).push(" FROM ").identifier(R::TABLE.name)
    }

    /// Says which table a query is about that names it in fixed text, unless another was named before; the text is not changed.
    pub fn about(&mut self, table: &'static Table) -> &mut Self {
        self.statement.source.get_or_insert(table);
        self
    }

    /// `UPDATE` the record's table.
    pub fn update<R: Record>(&mut self) -> &mut Self {
        self.update_table(R::TABLE)
    }

    /// `DELETE FROM` the record's table.
    pub fn delete<R: Record>(&mut self) -> &mut Self {
        self.delete_from(R::TABLE)
    }

    /// `DELETE FROM` the table.
    pub fn delete_from(&mut self, table: &'static Table) -> &mut Self {
        self.writes(Verb::Delete, table).push("DELETE FROM ").identifier(table.name)
    }

    /// `UPDATE` the table.
    pub fn update_table(&mut self, table: &'static Table) -> &mut Self {
        self.writes(Verb::Update, table).push("UPDATE ").identifier(table.name)
    }

    /// Says that an UPDATE or DELETE changes only rows whose integer key lies within these. The conditions must see to it.
    pub fn keys(&mut self, keys: RangeInclusive<i64>) -> &mut Self {
        self.statement.keys = Some((*keys.start(), *keys.end()));
        self
    }

    /// Marks a statement that defines or maintains tables, and may commit by itself.
    pub fn ddl(&mut self) -> &mut Self {
        self.verb(Verb::Ddl)
    }

    /// Says what a statement of fixed text does; without it, it is a query. Statements that begin with
    /// [`update`](Self::update), [`delete`](Self::delete) or an insert know it.
    pub fn verb(&mut self, verb: Verb) -> &mut Self {
        self.statement.verb = verb;
        self
    }

    /// `INSERT INTO … VALUES` of one row's values; [`on_duplicate_update`](Self::on_duplicate_update) may follow.
    pub fn insert_values(&mut self, row: &Insert) -> &mut Self {
        self.insert_into(Verb::Insert, row).push(" VALUES (");
        for (position, (column, value)) in row.assignments().enumerate() {
            self.push(if position > 0 { ", " } else { "" });
            self.bind_checked(row.table(), column, value.clone());
        }
        self.push(")")
    }

    /// `INSERT INTO … SELECT` of one row's values, for conditions that decide whether it goes in.
    pub fn insert_select(&mut self, row: &Insert) -> &mut Self {
        self.insert_into(Verb::InsertSelect, row).push(" SELECT * FROM (SELECT ");
        for (position, (column, value)) in row.assignments().enumerate() {
            self.push(if position > 0 { ", " } else { "" });
            self.bind_checked(row.table(), column, value.clone()).push(" AS ").column(column);
        }
        self.push(") AS incoming")
    }

    fn insert_into(&mut self, verb: Verb, row: &Insert) -> &mut Self {
        self.writes(verb, row.table()).push("INSERT INTO ").identifier(row.table().name).push(" (");
        self.identifiers(row.columns().iter().copied()).push(")")
    }

    /// What follows [`insert_values`](Self::insert_values), or the conditions of [`insert_select`](Self::insert_select), so
    /// that the row with the same `key` is updated instead: each column of `update` takes the new row's value.
    pub fn on_duplicate_update(&mut self, key: &[&'static Column], update: &[&'static Column]) -> &mut Self {
        if self.statement.verb == Verb::Insert {
            self.verb(Verb::Upsert);
        }
        self.dialect.upsert(self, key, update);
        self
    }

    fn writes(&mut self, verb: Verb, table: &'static Table) -> &mut Self {
        (self.statement.verb, self.statement.table) = (verb, Some(table));
        self
    }
}
