//! What statements need to know about where they run.

use decnet_db_core::Error;
use decnet_db_core::sql::Value;

use crate::codec::size;
use crate::dialect::Mysql;
use crate::error::argument;
use crate::legacy::float_columns::Floats;

/// What a packet needs besides the values: the statement's number, the types, some room.
pub(crate) const OVERHEAD: usize = 16 * 1024;

/// What statements need to know about where they run.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub(crate) dialect: Mysql,
    /// The most bytes that one packet may have.
    pub(crate) max_packet: usize,
    /// The columns that hold numbers of 32 bits.
    pub(crate) floats: Floats,
    pub(crate) guards: Guards,
}

/// What keeps units with the same guard apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guards {
    /// The server's named locks.
    Names,
    /// Rows that the transaction changes, where several servers take writes.
    Rows,
}

impl Context {
    /// Refuses before sending what the server would refuse by closing the connection.
    pub(crate) fn check_size(&self, values: &[Value]) -> Result<(), Error> {
        let bytes = values.iter().map(size).sum::<usize>() + OVERHEAD;
        if bytes <= self.max_packet { Ok(()) } else { Err(self.too_large("", bytes)) }
    }

    /// The same for rows, naming the column that has most of it.
    pub(crate) fn check_row_size(
        &self,
        rows: &[&[Value]],
        columns: &[&'static str],
        row: Option<usize>,
    ) -> Result<(), Error> {
        let values = || rows.iter().flat_map(|row| row.iter());
        let bytes = values().map(size).sum::<usize>() + OVERHEAD;
        if bytes <= self.max_packet {
            return Ok(());
        }
        let largest = values().zip(columns.iter().cycle()).max_by_key(|(value, _)| size(value));
        Err(self.too_large(&argument(row, largest.map_or("", |(_, column)| column)), bytes))
    }

    fn too_large(&self, argument: &str, bytes: usize) -> Error {
        Error::invalid_input(
            argument,
            format!(
                "about {bytes} bytes in one statement, of which the server takes {} at most: write less, or raise its \
                 max_allowed_packet",
                self.max_packet
            ),
        )
    }
}
