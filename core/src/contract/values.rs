//! What events are counted by, for the reports that are no part of the contract.

use super::search::Column;

/// What events are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Counted<'a> {
    /// A column.
    Column(Column),
    /// Members of `fields`, as [`member_text`](crate::json::member_text) takes them.
    Members(&'a [&'a str]),
}

/// The most frequent values, and how many there are.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ValueCounts {
    /// Values and the numbers of their events, the most frequent first; those of one number in the order of their bytes.
    pub values: Vec<(String, u64)>,
    /// How many different values there are.
    pub distinct: u64,
    /// How many events have one.
    pub events: u64,
}
