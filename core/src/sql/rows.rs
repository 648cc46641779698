//! What a query returns.

use std::fmt;

use super::{Col, Column, DecodeError, FromValue, Record, Value};
use crate::error::Result;

/// The rows of a query, in order: `width` values a row.
///
/// Text and bytes that a driver only borrows from its engine lie together, in one allocation for all rows: the threads that
/// read and decode them are seldom the same, and memory that one of them allocates is costly to free for the other.
#[derive(Clone, Default)]
pub struct Rows {
    width: usize,
    cells: Vec<Cell>,
    text: String,
    bytes: Vec<u8>,
}

/// A value, or the length of the next piece of what lies together.
#[derive(Debug, Clone)]
enum Cell {
    Value(Value),
    Text(usize),
    Blob(usize),
}

/// How far the pieces have been read.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    text: usize,
    bytes: usize,
}

impl Rows {
    /// No rows yet, of `width` columns.
    pub fn new(width: usize) -> Self {
        Self { width, ..Self::default() }
    }

    /// Adds the next value of the current row; after `width` values the next row begins.
    pub fn push(&mut self, value: Value) {
        self.cells.push(Cell::Value(value));
    }

    /// As [`push`](Self::push) with a copy of the text: cheaper than a `String` that is made for it.
    pub fn push_text(&mut self, text: &str) {
        self.text.push_str(text);
        self.cells.push(Cell::Text(text.len()));
    }

    /// As [`push`](Self::push) with a copy of the bytes.
    pub fn push_blob(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.cells.push(Cell::Blob(bytes.len()));
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.cells.len().checked_div(self.width).unwrap_or(0)
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The values of each row.
    ///
    /// ```
    /// use decnet_db_core::sql::{Rows, Value};
    ///
    /// let mut rows = Rows::new(2);
    /// rows.push(Value::Int(1));
    /// rows.push_text("root");
    /// let first = rows.iter().next().unwrap();
    /// assert_eq!(first, [Value::Int(1), Value::Text("root".to_owned())]);
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = Vec<Value>> {
        let mut place = Place::default();
        self.cells.chunks_exact(self.width.max(1)).map(move |row| {
            row.iter()
                .map(|cell| match cell {
                    Cell::Value(value) => value.clone(),
                    Cell::Text(length) => Value::Text(place.text(*length, &self.text).to_owned()),
                    Cell::Blob(length) => Value::Blob(place.blob(*length, &self.bytes).to_owned()),
                })
                .collect()
        })
    }

    /// Decodes every row with `decode`, moving the values out.
    ///
    /// # Errors
    /// The first error of `decode`.
    pub fn decode<T>(self, mut decode: impl FnMut(&mut RowReader) -> Result<T>) -> Result<Vec<T>> {
        let count = self.len();
        let mut reader = RowReader {
            cells: self.cells.into_iter(),
            text: self.text,
            bytes: self.bytes,
            place: Place::default(),
            column: 0,
        };
        (0..count)
            .map(|_| {
                let record = decode(&mut reader)?;
                reader.skip_to(self.width);
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
        Ok(self.decode(|row| row.value("value"))?.into_iter().next())
    }
}

impl PartialEq for Rows {
    fn eq(&self, other: &Self) -> bool {
        self.width == other.width && self.cells.len() == other.cells.len() && self.iter().eq(other.iter())
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Place {
    fn text<'t>(&mut self, length: usize, text: &'t str) -> &'t str {
        let from = self.text;
        self.text += length;
        text.get(from..self.text).unwrap_or_default()
    }

    fn blob<'b>(&mut self, length: usize, bytes: &'b [u8]) -> &'b [u8] {
        let from = self.bytes;
        self.bytes += length;
        bytes.get(from..self.bytes).unwrap_or_default()
    }
}

/// Reads the values of one row from left to right.
#[derive(Debug)]
pub struct RowReader {
    cells: std::vec::IntoIter<Cell>,
    text: String,
    bytes: Vec<u8>,
    place: Place,
    column: usize,
}

impl RowReader {
    /// The next value, which is that of the column.
    ///
    /// # Errors
    /// When the value is of another type.
    pub fn read<R, T: FromValue>(&mut self, column: Col<R, T>) -> Result<T> {
        self.read_column(column.column())
    }

    /// The next value, which is that of a column known from metadata alone.
    ///
    /// # Errors
    /// When the value is of another type.
    pub fn read_column<T: FromValue>(&mut self, column: &'static Column) -> Result<T> {
        self.next().map_err(|error| error.at(column.table, column.name))
    }

    /// The next value, which is an expression; `label` names it in the error message.
    ///
    /// # Errors
    /// When the value is of another type.
    pub fn value<T: FromValue>(&mut self, label: &'static str) -> Result<T> {
        self.next().map_err(|error| error.at("result", label))
    }

    fn next<T: FromValue>(&mut self) -> std::result::Result<T, DecodeError> {
        self.column += 1;
        match self.cells.next() {
            Some(Cell::Text(length)) => T::from_text(self.place.text(length, &self.text)),
            Some(Cell::Blob(length)) => {
                T::from_value(Value::Blob(self.place.blob(length, &self.bytes).to_owned()))
            }
            Some(Cell::Value(value)) => T::from_value(value),
            None => T::from_value(Value::Null),
        }
    }

    /// Goes on with the row that begins in the column `width`.
    fn skip_to(&mut self, width: usize) {
        for cell in self.cells.by_ref().take(width.saturating_sub(self.column)) {
            match cell {
                Cell::Text(length) => self.place.text += length,
                Cell::Blob(length) => self.place.bytes += length,
                Cell::Value(_) => {}
            }
        }
        self.column = 0;
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
        assert_eq!(rows.decode(|row| row.value::<i64>("a")).unwrap(), [1, 2]);
    }

    #[test]
    fn copies_are_the_values_that_they_are_copies_of() {
        let (mut copied, mut owned) = (Rows::new(3), Rows::new(3));
        for (text, blob) in [("a\0\u{e9}", &b"\xff\0"[..]), ("", b""), ("b", b"c")] {
            copied.push_text(text);
            copied.push_blob(blob);
            copied.push(Value::Null);
            owned.push(Value::Text(text.to_owned()));
            owned.push(Value::Blob(blob.to_owned()));
            owned.push(Value::Null);
        }
        assert_eq!(copied, owned);
        assert_eq!(format!("{copied:?}"), format!("{owned:?}"));
        // The second column is skipped and must not shift the third row's.
        let read = |rows: Rows| rows.decode(|row| row.value::<String>("a")).unwrap();
        assert_eq!(read(copied.clone()), ["a\0\u{e9}", "", "b"]);
        let mut longer = copied.clone();
        (0..3).for_each(|_| longer.push(Value::Null));
        assert_ne!(copied, longer);
        assert_eq!(read(copied), read(owned));
    }
}
