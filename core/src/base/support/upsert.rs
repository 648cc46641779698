//! Upserts: insert a row, or update exactly the given columns of the one with its key.

use crate::contract::unit::Steps;
use crate::error::{Error, Result};
use crate::sql::{Changeset, Column, ColumnKind, Expect, Insert, Record, Sql, Value};

impl Steps<'_> {
    /// Adds an upsert by primary key, which is exact whoever else writes the row at the same time (ruling R7).
    ///
    /// A new row takes the defaults of absent columns. NULL means absent for columns that can't be NULL (ruling R17).
    ///
    /// # Errors
    /// Invalid input that names the column: a value that it can't hold, or a key without value. The unit fails with invalid
    /// input when there is no such row and a new one would lack a column that it needs.
    pub(in crate::base) fn upsert<R: Record>(&mut self, data: Changeset<R>) -> Result<()> {
        let key: Vec<_> = R::TABLE.key().collect();
        self.upsert_by(&key, &[], data)
    }

    /// Adds an upsert by a key that is unique in the table; else as [`upsert`](Self::upsert). Only a new row takes the
    /// columns of `only_new`.
    ///
    /// # Errors
    /// As [`upsert`](Self::upsert). The unit fails with a conflict when the row has the same value in another unique column
    /// as a row with another key.
    pub(in crate::base) fn upsert_by<R: Record>(
        &mut self,
        key_columns: &[&'static Column],
        only_new: &[&'static Column],
        data: Changeset<R>,
    ) -> Result<()> {
        let table = R::TABLE;
        let mut data = data.without_absent().check()?;
        let mut key = Vec::with_capacity(key_columns.len());
        for column in table.columns.iter().filter(|column| key_columns.contains(column)) {
            if let Some(default) = column.default {
                data = data.or_set(column, default.value());
            }
            match data.get(column) {
                Some(value) => key.push((column, value.clone())),
                None => return Err(Error::invalid_input(column.name, "is needed")),
            }
        }
        let untouched = |column: &&'static Column| only_new.contains(column) || key_columns.contains(column);
        let lacks = |column: &'static Column| {
            let needed = !column.nullable && column.default.is_none() && column.kind != ColumnKind::Serial;
            needed && data.get(column).is_none()
        };
        if !table.columns.iter().any(lacks) {
            let given = data.iter().map(|(column, _)| column);
            let mut given: Vec<_> = given.filter(|column| !untouched(column)).collect();
            if given.is_empty() {
                given.extend(key_columns.first());
            }
            let row = data.insert()?;
            self.execute(|sql| sql.insert_values(&row).on_duplicate_update(key_columns, &given))?;
            return Ok(());
        }
        // Only a row that exists can be written. The NULLs of this insert make the database refuse it where there is none,
        // with an error that names the column; a row that another transaction is making is waited for.
        let (mut columns, mut values) = (Vec::new(), Vec::new());
        for column in table.columns {
            columns.push(column.name);
            values.push(match (data.get(column), column.default) {
                (Some(value), _) => value.clone(),
                (None, Some(default)) => default.value(),
                (None, None) => Value::Null,
            });
        }
        let row = Insert::raw(table, columns, values)?;
        self.execute(|sql| {
            sql.insert_select(&row).and().push("NOT EXISTS ");
            sql.subquery(|sql| of_key(sql.push("SELECT 1").from::<R>(), &key))
        })?;
        for column in table.columns.iter().filter(untouched) {
            data.remove(column);
        }
        if let Some((column, value)) = key.first().filter(|_| data.is_empty()) {
            data = data.set_column(column, value.clone());
        }
        self.expect(Expect::one_row("the row was deleted meanwhile: try again"), |sql| {
            of_key(sql.update::<R>().set_all(data), &key)
        })?;
        Ok(())
    }
}

fn of_key<'s, 'd>(sql: &'s mut Sql<'d>, key: &[(&'static Column, Value)]) -> &'s mut Sql<'d> {
    for (column, value) in key {
        sql.only(*column, value.clone());
    }
    sql
}
