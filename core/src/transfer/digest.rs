//! Checksums of rows and tables.

use serde::{Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use super::cell::encode;
use crate::sql::{Table, Value};

/// How many rows a table has, and what is in them.
///
/// The checksum is the sum of the rows' SHA-256 hashes, each taken over the row's values as their columns mean them. It
/// does not depend on the order of the rows, which engines may sort differently.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TableDigest {
    /// The number of rows.
    pub rows: u64,
    /// The checksum; in JSON 64 hexadecimal digits.
    #[serde(rename = "sha256_sum")]
    pub checksum: Checksum,
}

/// A sum of SHA-256 hashes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Checksum([u64; 4]);

impl std::fmt::Display for Checksum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|lane| write!(f, "{lane:016x}"))
    }
}

impl Serialize for Checksum {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl TableDigest {
    /// Adds a row, whose values are normalised; `buffer` is only there to be used again.
    pub(super) fn add(&mut self, table: &Table, row: &[Value], json_by_value: bool, buffer: &mut Vec<u8>) {
        buffer.clear();
        for (column, value) in table.columns.iter().zip(row) {
            encode(column, value, json_by_value, buffer);
        }
        let hash = Sha256::digest(buffer);
        for (lane, bytes) in self.checksum.0.iter_mut().zip(hash.chunks_exact(8)) {
            let hashed = bytes.iter().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
            *lane = lane.wrapping_add(hashed);
        }
        self.rows += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::StateEntry;
    use crate::sql::Record as _;

    fn digest(rows: &[(&str, &str)]) -> TableDigest {
        let mut digest = TableDigest::default();
        for (key, value) in rows {
            digest.add(StateEntry::TABLE, &[(*key).into(), (*value).into()], false, &mut Vec::new());
        }
        digest
    }

    #[test]
    fn the_order_of_rows_does_not_matter_and_everything_else_does() {
        assert_eq!(digest(&[("a", "1"), ("b", "2")]), digest(&[("b", "2"), ("a", "1")]));
        for other in [
            &[("a", "2"), ("b", "1")][..],
            &[("a", "1")],
            &[("a", "1"), ("a", "1")],
            &[("a1", ""), ("b", "2")],
        ] {
            assert_ne!(digest(&[("a", "1"), ("b", "2")]), digest(other));
        }
    }
}
