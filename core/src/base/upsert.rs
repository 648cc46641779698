//! Insert a row, or update exactly the given columns of the one with its key.

use crate::error::{Error, Result};
use crate::sql::{Column, ColumnKind, Dialect, Expect, Fields, Insert, Record, Sql, Unit, Value};

/// Adds the steps of an upsert by primary key, which is exact whoever else writes the row at the same time (ruling R7).
///
/// A new row takes the defaults of absent columns. NULL means absent for columns that can't be NULL.
///
/// # Errors
/// Invalid input that names the column: a value that it can't hold, or a key without value. The unit fails with invalid
/// input when there is no such row and a new one would lack a column that it needs.
pub(super) fn upsert<R: Record>(unit: &mut Unit, dialect: &dyn Dialect, mut data: Fields<R>) -> Result<()> {
    let table = R::TABLE;
    for column in table.columns {
        if !column.nullable && data.get(column.name).is_some_and(Value::is_null) {
            data.remove(column.name);
        }
    }
    let mut data = data.check()?;
    let mut key = Vec::with_capacity(table.primary_key.len());
    for name in table.primary_key.iter().copied() {
        if let Some(default) = table.column(name).and_then(|column| column.default) {
            data.set_default(name, default.value());
        }
        match data.get(name) {
            Some(value) => key.push((name, value.clone())),
            None => return Err(Error::invalid_input(name, "is needed")),
        }
    }
    let given = data.iter().map(|(column, _)| column.name).filter(|name| !table.primary_key.contains(name));
    let given: Vec<_> = given.collect();
    let lacks = |column: &Column| {
        let needed = !column.nullable && column.default.is_none() && column.kind != ColumnKind::Serial;
        needed && data.get(column.name).is_none()
    };
    if !table.columns.iter().any(lacks) {
        let row = data.insert()?;
        let mut sql = Sql::new(dialect);
        sql.insert_values(&row);
        dialect.upsert(&mut sql, table.primary_key, &given);
        unit.execute(sql.finish());
        return Ok(());
    }
    // Only a row that exists can be written. The NULLs of this insert make the database refuse it where there is none,
    // with an error that names the column; a row that another transaction is making is waited for.
    let (mut columns, mut values) = (Vec::new(), Vec::new());
    for column in table.columns {
        columns.push(column.name);
        values.push(match (data.get(column.name), column.default) {
            (Some(value), _) => value.clone(),
            (None, Some(default)) => default.value(),
            (None, None) => Value::Null,
        });
    }
    let mut refusal = Sql::new(dialect);
    refusal.insert_select(&Insert::raw(table, columns, values)?);
    refusal.push(" WHERE NOT EXISTS (SELECT 1 FROM ").identifier(table.name);
    of_key(&mut refusal, &key);
    refusal.push(")");
    unit.execute(refusal.finish());
    key.iter().for_each(|(name, _)| drop(data.remove(name)));
    let mut update = Sql::new(dialect);
    update.push("UPDATE ").identifier(table.name).push(" SET ");
    data.assignments(&mut update)?;
    of_key(&mut update, &key);
    unit.expect(update.finish(), Expect::one_row("the row was deleted meanwhile: try again"));
    Ok(())
}

fn of_key(sql: &mut Sql<'_>, key: &[(&'static str, Value)]) {
    for (position, (name, value)) in key.iter().enumerate() {
        sql.push(if position > 0 { " AND " } else { " WHERE " }).identifier(name);
        sql.push(" = ").bind(value.clone());
    }
}
