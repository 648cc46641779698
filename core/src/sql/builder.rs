//! Building statements from columns, fixed text and bound values.

use super::{Changeset, Column, Dialect, Insert, Record, Statement, Table, Value, Verb};
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
    dialect: &'d dyn Dialect,
    statement: Statement,
    clauses: Clauses,
    /// The first value that was refused.
    refused: Option<Error>,
}

/// Which clauses of the innermost SELECT, UPDATE or DELETE have begun.
#[derive(Debug, Clone, Copy, Default)]
struct Clauses {
    set: bool,
    conditions: bool,
    order: bool,
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
    fn bind_checked(&mut self, table: &'static Table, column: &'static Column, value: Value) -> &mut Self {
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
        self.push("SELECT ").columns(table.columns).push(" FROM ").identifier(table.name)
    }

    /// ` FROM` the record's table.
    pub fn from<R: Record>(&mut self) -> &mut Self {
        self.push(" FROM ").identifier(R::TABLE.name)
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

/// Clauses. Each call writes the word that joins it to what is there: the first condition `WHERE`, the others `AND`.
impl<'d> Sql<'d> {
    /// In an UPDATE: the column takes the value, which is checked against the column.
    pub fn set(&mut self, column: impl Into<&'static Column>, value: impl Into<Value>) -> &mut Self {
        let column = column.into();
        self.assign(column).bind_into(column, value)
    }

    /// In an UPDATE: each column of the changeset takes its value.
    pub fn set_all<R: Record>(&mut self, changes: Changeset<R>) -> &mut Self {
        match changes.check() {
            Ok(changes) => {
                for (column, value) in changes {
                    self.assign(column).bind_checked(R::TABLE, column, value);
                }
                self
            }
            Err(error) => self.refuse(error),
        }
    }

    /// In an UPDATE: the column takes what is written next.
    pub fn assign(&mut self, column: impl Into<&'static Column>) -> &mut Self {
        let begun = std::mem::replace(&mut self.clauses.set, true);
        self.push(if begun { ", " } else { " SET " }).column(column).push(" = ")
    }

    /// What joins the next condition to those that are there.
    pub fn and(&mut self) -> &mut Self {
        let begun = std::mem::replace(&mut self.clauses.conditions, true);
        self.push(if begun { " AND " } else { " WHERE " })
    }

    /// One more condition: the column [equals](Self::eq) the value.
    pub fn only(&mut self, column: impl Into<&'static Column>, value: impl Into<Value>) -> &mut Self {
        self.and().eq(column, value)
    }

    /// One more condition, as [`only`](Self::only), unless there is no value or it is an empty text.
    pub fn only_if(
        &mut self,
        column: impl Into<&'static Column>,
        value: Option<impl Into<Value>>,
    ) -> &mut Self {
        match value.map(Into::into) {
            Some(Value::Text(text)) if text.is_empty() => self,
            Some(value) => self.only(column, value),
            None => self,
        }
    }

    /// One more condition: the column equals one of the values. `values` is not empty.
    pub fn only_in<V: Into<Value>>(
        &mut self,
        column: impl Into<&'static Column>,
        values: impl IntoIterator<Item = V>,
    ) -> &mut Self {
        self.and().column(column).one_of(values)
    }

    /// ` IN (…)`, after an expression. `values` is not empty.
    ///
    /// The list is filled up to a power of two with its last value: a statement for each length would drive all others out of
    /// the caches of prepared statements.
    pub fn one_of<V: Into<Value>>(&mut self, values: impl IntoIterator<Item = V>) -> &mut Self {
        let mut values: Vec<Value> = values.into_iter().map(Into::into).collect();
        let length = values.len().next_power_of_two().min(self.dialect.max_parameters());
        if let Some(last) = values.last().cloned() {
            values.resize(length.max(values.len()), last);
        }
        self.push(" IN (").bind_list(values).push(")")
    }

    /// A condition: the column equals the value; by bytes where the column is [exact](Column::exact). NULL equals NULL.
    pub fn eq(&mut self, column: impl Into<&'static Column>, value: impl Into<Value>) -> &mut Self {
        let column = column.into();
        match value.into() {
            Value::Text(text) if column.exact => {
                self.dialect.exactly(self, column, text);
                self
            }
            Value::Null => self.column(column).push(" IS NULL"),
            value => self.column(column).push(" = ").bind(value),
        }
    }

    /// A condition: the column's text contains `needle`, literally, ASCII letters in any case (rulings R4 and R5).
    pub fn contains(&mut self, column: impl Into<&'static Column>, needle: &str) -> &mut Self {
        self.dialect.contains(self, column.into(), needle);
        self
    }

    /// A condition: the text of at least one of the columns contains `needle`.
    pub fn contains_any(&mut self, columns: &[&'static Column], needle: &str) -> &mut Self {
        self.dialect.contains_any(self, columns, needle);
        self
    }

    /// A condition: the column's JSON object has the member, with this text or spelling (ruling R5).
    pub fn json_member(&mut self, column: impl Into<&'static Column>, key: &str, text: &str) -> &mut Self {
        self.dialect.json_member_equals(self, column.into(), key, text);
        self
    }

    /// An integer expression: the start of the interval of `seconds` seconds that the column's time lies in (ruling R1).
    pub fn bucket(&mut self, column: impl Into<&'static Column>, seconds: i64) -> &mut Self {
        self.dialect.bucket(self, column.into(), seconds);
        self
    }

    /// Ordered by the column, after what orders it already.
    pub fn asc(&mut self, column: impl Into<&'static Column>) -> &mut Self {
        let begun = std::mem::replace(&mut self.clauses.order, true);
        self.push(if begun { ", " } else { " ORDER BY " }).column(column)
    }

    /// Ordered by the column, the greatest first, after what orders it already.
    pub fn desc(&mut self, column: impl Into<&'static Column>) -> &mut Self {
        self.asc(column).push(" DESC")
    }

    /// ` LIMIT … OFFSET …`.
    pub fn page(&mut self, limit: u64, offset: u64) -> &mut Self {
        self.push(" LIMIT ").bind(limit);
        if offset > 0 {
            self.push(" OFFSET ").bind(offset);
        }
        self
    }

    /// A query in brackets, with clauses of its own.
    pub fn subquery(&mut self, write: impl for<'s> FnOnce(&'s mut Self) -> &'s mut Self) -> &mut Self {
        let outer = std::mem::take(&mut self.clauses);
        self.push("(");
        write(self);
        self.clauses = outer;
        self.push(")")
    }

    /// ` UNION ALL `; what follows is a query with clauses of its own.
    pub fn union_all(&mut self) -> &mut Self {
        self.clauses = Clauses::default();
        self.push(" UNION ALL ")
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
}
