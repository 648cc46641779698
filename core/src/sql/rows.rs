//! What a query returns.

use super::{FromValue, Record, Value};
use crate::error::Result;

/// The rows of a query, in order, in one allocation: `width` values a row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rows {
    width: usize,
    values: Vec<Value>,
}

impl Rows {
    /// No rows yet, of `width` columns.
    pub fn new(width: usize) -> Self {
        Self { width, values: Vec::new() }
    }

    /// Adds the next value of the current row; after `width` values the next row begins.
    pub fn push(&mut self, value: Value) {
        self.values.push(value);
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.values.len().checked_div(self.width).unwrap_or(0)
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows as slices.
    pub fn iter(&self) -> impl Iterator<Item = &[Value]> {
        self.values.chunks_exact(self.width.max(1))
    }

    /// Decodes every row with `decode`, moving the values out.
    ///
    /// # Errors
    /// The first error of `decode`.
    pub fn decode<T>(self, mut decode: impl FnMut(&mut RowReader) -> Result<T>) -> Result<Vec<T>> {
        let count = self.len();
        let mut reader = RowReader { values: self.values.into_iter(), column: 0 };
        (0..count)
            .map(|_| {
                reader.column = 0;
                let record = decode(&mut reader)?;
                reader.values.by_ref().take(self.width.saturating_sub(reader.column)).for_each(drop);
                Ok(record)
            })
            .collect()
    }

    /// Every row as a record; the columns are those of the record's table, in its order.
    ///
    /// # Errors
    /// A value that the record's field can't hold.
    pub fn records<R: Record>(self) -> Result<Vec<R>> {
        self.decode(R::decode)
    }

    /// The first row as a record, if there is one.
    ///
    /// # Errors
    /// A value that the record's field can't hold.
    pub fn first<R: Record>(self) -> Result<Option<R>> {
        Ok(self.records()?.into_iter().next())
    }

    /// The first column of the first row, if there is one.
    ///
    /// # Errors
    /// A value of another type.
    pub fn scalar<T: FromValue>(self) -> Result<Option<T>> {
        Ok(self.decode(|row| row.read("result", "value"))?.into_iter().next())
    }
}

/// Reads the values of one row from left to right.
#[derive(Debug)]
pub struct RowReader {
    values: std::vec::IntoIter<Value>,
    column: usize,
}

impl RowReader {
    /// The next column's value. `table` and `column` are for the error message.
    ///
    /// # Errors
    /// When the value is of another type.
    pub fn read<T: FromValue>(&mut self, table: &'static str, column: &'static str) -> Result<T> {
        self.column += 1;
        let value = self.values.next().unwrap_or(Value::Null);
        T::from_value(value).map_err(|error| error.at(table, column))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_decode_one_after_another_and_skip_what_is_not_read() {
        let mut rows = Rows::new(2);
        for value in [1, 10, 2, 20] {
            rows.push(Value::Int(value));
        }
        assert_eq!(rows.len(), 2);
        assert_eq!(rows.decode(|row| row.read::<i64>("t", "a")).unwrap(), [1, 2]);
    }
}
