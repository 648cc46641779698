//! Columns of 32-bit floats, which DECNET makes where the contract has 64 bits (ruling R3).
//!
//! Such a column's value is read as its shortest decimal, so 0.1 stays 0.1. The server rounds what has more digits without
//! a word; here it is refused.

use std::collections::BTreeMap;
use std::sync::Arc;

use decnet_db_core::Error;
use decnet_db_core::sql::{Insert, Statement, Value};
use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use crate::limits::{argument, table};

/// The columns of type FLOAT, by table. Read once, when the database is opened: tables that this library adds have none.
#[derive(Debug, Clone, Default)]
pub(crate) struct Floats(Arc<BTreeMap<String, Vec<String>>>);

impl Floats {
    pub(crate) async fn read(conn: &mut Conn) -> mysql_async::Result<Self> {
        let columns: Vec<(String, String)> = conn
            .query(
                "SELECT table_name, column_name FROM information_schema.columns \
                 WHERE table_schema = DATABASE() AND data_type = 'float'",
            )
            .await?;
        let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (table, column) in columns {
            tables.entry(table).or_default().push(column);
        }
        Ok(Self(tables.into()))
    }

    /// Refuses values that would come back different.
    pub(crate) fn check(&self, statement: &Statement) -> Result<(), Error> {
        let Some(columns) = table(statement).and_then(|table| self.0.get(table)) else { return Ok(()) };
        for (position, value) in statement.values().iter().enumerate() {
            let Some(number) = lost(value) else { continue };
            if let Some(column) = target(statement.text(), position)
                && columns.iter().any(|float| float == column)
            {
                return Err(refusal(column, number));
            }
        }
        Ok(())
    }

    /// The same for rows.
    pub(crate) fn check_rows(&self, insert: &Insert) -> Result<(), Error> {
        let Some(floats) = self.0.get(insert.table().name) else { return Ok(()) };
        for (position, row) in insert.iter().enumerate() {
            for (column, value) in insert.columns().iter().zip(row) {
                if floats.iter().any(|float| float == column)
                    && let Some(number) = lost(value)
                {
                    let row = (insert.len() > 1).then_some(position);
                    return Err(refusal(&argument(row, column), number));
                }
            }
        }
        Ok(())
    }
}

/// The number, if 32 bits would make another one of it.
fn lost(value: &Value) -> Option<f64> {
    match value {
        Value::Real(number) if decoded(narrowed(*number)) != *number => Some(*number),
        _ => None,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "this is what the server does with the value")]
fn narrowed(number: f64) -> f32 {
    number as f32
}

/// The number whose shortest decimal is that of the stored one.
pub(crate) fn decoded(stored: f32) -> f64 {
    stored.to_string().parse().unwrap_or_else(|_| stored.into())
}

fn refusal(argument: &str, number: f64) -> Error {
    Error::invalid_input(
        argument,
        format!(
            "{number:?} has more digits than the column of this database, FLOAT, can hold: it would become {:?}",
            decoded(narrowed(number))
        ),
    )
}

/// The column that the value at this position goes to, in a statement as the base writes it: a list of columns with a value
/// for each, or `column = ?`.
pub(crate) fn target(text: &str, position: usize) -> Option<&str> {
    let name = |text: &str| -> Option<std::ops::Range<usize>> {
        let end = text.trim_end_matches('`').len();
        let start =
            text[..end].rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_').map_or(0, |at| at + 1);
        (start < end).then_some(start..end)
    };
    if let Some(rest) = text.strip_prefix("INSERT INTO ") {
        let (_, rest) = rest.split_once(' ')?;
        let rest = rest.strip_prefix('(')?;
        let (columns, _) = rest.split_once(')')?;
        return columns.split(", ").nth(position).map(|column| column.trim_matches('`'));
    }
    let (at, _) = text.match_indices('?').nth(position)?;
    let before = text[..at].strip_suffix(" = ")?;
    before.get(name(before)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_short_decimal_survives() {
        for number in [0.0, -0.0, 0.1, 1.5, 60.25, 1e30, 123_456.7, -3.402_823_5e38] {
            assert_eq!(lost(&Value::Real(number)), None, "{number}");
        }
        for number in [1.0 / 3.0, 0.123_456_789, 16_777_217.0, 1e39, 1e-60, 1_700_000_000.123] {
            assert_eq!(lost(&Value::Real(number)), Some(number));
        }
    }

    #[test]
    fn values_have_their_columns() {
        let insert = "INSERT INTO t (a, `key`, c) VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE c = VALUES(c)";
        assert_eq!([0, 1, 2, 3].map(|n| target(insert, n)), [Some("a"), Some("key"), Some("c"), None]);
        assert_eq!(target("INSERT INTO t VALUES (?, ?)", 0), None);
        let update = "UPDATE t SET a = ?, `key` = ? WHERE (c = ? AND CAST(c AS BINARY) = CAST(? AS BINARY))";
        assert_eq!([0, 1, 2, 3].map(|n| target(update, n)), [Some("a"), Some("key"), Some("c"), None]);
    }
}
