//! Clauses of a statement: SET, conditions, order and page.

use super::{Changeset, Column, Record, Sql, Value};

/// Which clauses of the innermost SELECT, UPDATE or DELETE have begun.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Clauses {
    set: bool,
    conditions: bool,
    order: bool,
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

    /// An integer expression for [`Dialect::bucket`](super::Dialect::bucket): `whole` cut down to a multiple of `seconds`,
    /// before 1970 too. `whole` writes the column's time as whole seconds since 1970, rounded down.
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
