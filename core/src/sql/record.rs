//! A row type that is declared together with its table.

use super::{RowReader, Table};
use crate::error::Result;

/// A struct whose fields are the columns of one table, made by `#[derive(Record)]`.
///
/// The derive reads the struct once and yields everything that depends on the columns: the table's metadata (and so its
/// DDL on every dialect), the column list of a SELECT, and decoding. A new column is one new field.
pub trait Record: Sized {
    /// The table that the struct declares.
    const TABLE: &'static Table;

    /// Members of the record's JSON object that are no columns: accepted and ignored where a record is written (ruling R8).
    const DERIVED: &'static [&'static str] = &[];

    /// Reads the table's columns, in declaration order, from the row.
    ///
    /// # Errors
    /// A value that a field can't hold; the error names table and column.
    fn decode(row: &mut RowReader) -> Result<Self>;
}
