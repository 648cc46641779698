//! Text that is cut to what the column of a table that DECNET made holds (ruling R18).
//!
//! Where DECNET has 255 characters, or 64 KiB, the contract has more. Which columns are cut rather than refused the schema says
//! ([`Narrow::Cut`]); how much they hold in this database is read once, when it is opened. On tables that this library made
//! there is nothing to cut, and nothing to look for.

use std::collections::BTreeMap;
use std::sync::Arc;

use decnet_db_core::contract::tables::SCHEMA;
use decnet_db_core::sql::{Column, Narrow, Unit, Value};

use crate::read::connection::Connection;

/// The columns that are narrower than ours, with what they hold; by table and name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cuts(Arc<BTreeMap<(&'static str, &'static str), Holds>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    Characters(usize),
    Bytes(usize),
}

impl Cuts {
    pub(crate) async fn read(connection: &mut Connection) -> mysql_async::Result<Self> {
        let found: Vec<(String, String, String, u64)> = connection
            .rows(
                "SELECT table_name, column_name, data_type, CAST(character_maximum_length AS UNSIGNED) \
                 FROM information_schema.columns WHERE table_schema = DATABASE() \
                 AND data_type IN ('char', 'varchar', 'tinytext', 'text')",
            )
            .await?;
        let mut columns = BTreeMap::new();
        for (table, name, kind, length) in found {
            let Some(column) = SCHEMA.table(&table).and_then(|table| table.column(&name)) else { continue };
            if column.narrow == Narrow::Cut {
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                // Of the types without a stated length the server counts bytes.
                let holds =
                    if kind.ends_with("text") { Holds::Bytes(length) } else { Holds::Characters(length) };
                columns.insert((column.table, column.name), holds);
            }
        }
        Ok(Self(columns.into()))
    }

    /// Cuts what the unit writes into such columns.
    pub(crate) fn apply(&self, unit: &mut Unit) {
        if self.0.is_empty() {
            return;
        }
        unit.written_mut(|column, value| self.cut(column, value));
    }

    fn cut(&self, column: &'static Column, value: &mut Value) {
        let Value::Text(text) = value else { return };
        let Some(holds) = self.0.get(&(column.table, column.name)) else { return };
        let end = holds.end(text);
        if end < text.len() {
            tracing::warn!(
                column = %format_args!("{}.{}", column.table, column.name),
                bytes = text.len(),
                kept = end,
                "a text is cut to what the column holds in this database, as DECNET made it"
            );
            text.truncate(end);
        }
    }
}

impl Holds {
    /// Where the text that fits ends, in bytes.
    fn end(self, text: &str) -> usize {
        match self {
            Self::Characters(most) => text.char_indices().nth(most).map_or(text.len(), |(end, _)| end),
            Self::Bytes(most) => {
                let most = most.min(text.len());
                (0..=most).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_ends_at_a_character() {
        assert_eq!(Holds::Characters(3).end("äöü"), 6);
        assert_eq!(Holds::Characters(2).end("äöü"), 4);
        assert_eq!(Holds::Bytes(6).end("äöü"), 6);
        assert_eq!(Holds::Bytes(5).end("äöü"), 4);
        assert_eq!(Holds::Bytes(2).end("€"), 0);
        assert_eq!((Holds::Bytes(0).end(""), Holds::Characters(0).end("")), (0, 0));
    }
}
