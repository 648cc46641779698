//! Values on their way to SQLite and back.

use decnet_db_core::sql::{Rows, Value};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Result, Statement};

/// Binds the values to the placeholders in order. SQLite makes the one copy that it keeps; `scratch` saves an allocation
/// for each time.
pub(crate) fn bind(statement: &mut Statement<'_>, values: &[Value], scratch: &mut String) -> Result<()> {
    let expected = statement.parameter_count();
    if expected != values.len() {
        return Err(rusqlite::Error::InvalidParameterCount(values.len(), expected));
    }
    for (position, value) in values.iter().enumerate() {
        let bound = match value {
            Value::Null => ValueRef::Null,
            Value::Bool(v) => ValueRef::Integer((*v).into()),
            Value::Int(v) => ValueRef::Integer(*v),
            Value::Real(v) => ValueRef::Real(*v),
            Value::Text(v) => ValueRef::Text(v.as_bytes()),
            Value::Blob(v) => ValueRef::Blob(v),
            Value::Time(v) => {
                scratch.clear();
                v.write_sql(scratch);
                ValueRef::Text(scratch.as_bytes())
            }
        };
        statement.raw_bind_parameter(position + 1, ToSqlOutput::Borrowed(bound))?;
    }
    Ok(())
}

/// Runs the bound statement and takes all of its rows.
pub(crate) fn fetch(statement: &mut Statement<'_>) -> Result<Rows> {
    let width = statement.column_count();
    let mut rows = Rows::new(width);
    let mut cursor = statement.raw_query();
    while let Some(row) = cursor.next()? {
        for column in 0..width {
            rows.push(match row.get_ref(column)? {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(v) => Value::Int(v),
                ValueRef::Real(v) => Value::Real(v),
                ValueRef::Text(v) => Value::Text(text(v)),
                ValueRef::Blob(v) => Value::Blob(v.to_vec()),
            });
        }
    }
    Ok(rows)
}

/// Other programs may have stored text that is not UTF-8: it is shown, with replacement characters.
fn text(bytes: &[u8]) -> String {
    match str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => String::from_utf8_lossy(bytes).into_owned(),
    }
}
