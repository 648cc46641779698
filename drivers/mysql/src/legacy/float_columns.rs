//! Columns of 32-bit floats, which DECNET makes where the contract has 64 bits (ruling R3).
//!
//! Such a column's value is read as its shortest decimal, so 0.1 stays 0.1. The server rounds what has more digits without
//! a word; here it is refused, but for epochs ([`Narrow::Round`], ruling R19): none of them has so few digits, and DECNET
//! writes them so.

use std::collections::BTreeMap;
use std::sync::Arc;

use decnet_db_core::Error;
use decnet_db_core::contract::tables::SCHEMA;
use decnet_db_core::sql::{Column, Insert, Narrow, Statement, Value};

use crate::codec::decoded;
use crate::error::argument;
use crate::read::connection::Connection;

/// The columns of type FLOAT, by table. Read once, when the database is opened: tables that this library adds have none.
#[derive(Debug, Clone, Default)]
pub(crate) struct Floats(Arc<BTreeMap<String, Vec<String>>>);

impl Floats {
    pub(crate) async fn read(connection: &mut Connection) -> mysql_async::Result<Self> {
        let columns: Vec<(String, String)> = connection
            .rows(
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

    /// What an operator can do so that epochs keep their digits: statements. `None` when no epoch loses any.
    pub(crate) fn widening(&self) -> Option<String> {
        let statements: Vec<_> = (self.0.iter())
            .filter_map(|(name, floats)| {
                let table = SCHEMA.table(name)?;
                let columns =
                    floats.iter().filter_map(|float| table.column(float)).filter(|column| rounds(column));
                let changes: Vec<_> = columns
                    .map(|Column { name, nullable, .. }| {
                        format!("MODIFY {name} DOUBLE{}", if *nullable { "" } else { " NOT NULL" })
                    })
                    .collect();
                (!changes.is_empty()).then(|| format!("ALTER TABLE {} {}", table.name, changes.join(", ")))
            })
            .collect();
        (!statements.is_empty()).then(|| statements.join("; "))
    }

    /// Refuses values that would come back different.
    pub(crate) fn check(&self, statement: &Statement) -> Result<(), Error> {
        let Some(floats) = statement.table().and_then(|table| self.0.get(table.name)) else { return Ok(()) };
        for (column, value) in statement.written() {
            if column.narrow != Narrow::Round
                && floats.iter().any(|float| float == column.name)
                && let Some(number) = lost(value)
            {
                return Err(refusal(column.name, number));
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
                    && !insert.table().column(column).is_some_and(rounds)
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

fn rounds(column: &Column) -> bool {
    column.narrow == Narrow::Round
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

fn refusal(argument: &str, number: f64) -> Error {
    Error::invalid_input(
        argument,
        format!(
            "{number:?} has more digits than the column of this database, FLOAT, can hold: it would become {:?}",
            decoded(narrowed(number))
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epochs_have_statements_that_widen_them_and_other_floats_have_none() {
        let floats = |columns: &[(&str, &[&str])]| {
            let owned = |columns: &[&str]| columns.iter().map(|name| (*name).to_owned()).collect();
            let tables = columns.iter().map(|(table, columns)| ((*table).to_owned(), owned(columns)));
            Floats(Arc::new(tables.collect())).widening()
        };
        assert_eq!(floats(&[]), None);
        assert_eq!(floats(&[("attacker_behavior", &["beacon_jitter_pct"]), ("theirs", &["ts"])]), None);
        let found = floats(&[
            ("attribution_state", &["confidence", "last_change_ts"]),
            ("observations", &["ts", "window_end_ts"]),
        ]);
        assert_eq!(
            found.as_deref(),
            Some(
                "ALTER TABLE attribution_state MODIFY last_change_ts DOUBLE NOT NULL; \
                 ALTER TABLE observations MODIFY ts DOUBLE NOT NULL, MODIFY window_end_ts DOUBLE NOT NULL"
            )
        );
    }

    #[test]
    fn what_has_a_short_decimal_survives() {
        for number in [0.0, -0.0, 0.1, 1.5, 60.25, 1e30, 123_456.7, -3.402_823_5e38] {
            assert_eq!(lost(&Value::Real(number)), None, "{number}");
        }
        for number in [1.0 / 3.0, 0.123_456_789, 16_777_217.0, 1e39, 1e-60, 1_700_000_000.123] {
            assert_eq!(lost(&Value::Real(number)), Some(number));
        }
    }
}
