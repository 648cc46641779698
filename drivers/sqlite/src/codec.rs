//! The codec: values on their way to SQLite and back.

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
            match row.get_ref(column)? {
                ValueRef::Null => rows.push(Value::Null),
                ValueRef::Integer(v) => rows.push(Value::Int(v)),
                ValueRef::Real(v) => rows.push(Value::Real(v)),
                // Other programs may have stored text that is not UTF-8. As bytes it keeps what it is: a text field shows
                // it with replacement characters, and a copy of the table does not change it unnoticed.
                ValueRef::Text(v) => match str::from_utf8(v) {
                    Ok(text) => rows.push_text(text),
                    Err(_) => rows.push_blob(v),
                },
                ValueRef::Blob(v) => rows.push_blob(v),
            }
        }
    }
    Ok(rows)
}
