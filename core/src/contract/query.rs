//! A query: which rows, and which part of the list.

use super::method::{Argument, Arguments, CallArguments};
use crate::error::Result;

/// A page by offset of the rows that the filter leaves.
///
/// The filter's setters are here too. [`Page`](super::Page)s by key cost the same however deep they are.
///
/// ```
/// use decnet_db_core::contract::LogQuery;
///
/// let query = LogQuery::new().search("service:ssh username:root").limit(20);
/// assert_eq!((query.limit, query.offset), (20, 0));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Query<F> {
    /// Which rows.
    pub filter: F,
    /// At most this many rows; 50 unless given.
    pub limit: u64,
    /// The number of rows that are skipped.
    pub offset: u64,
}

impl<F: Default> Query<F> {
    /// The first 50 rows of the list.
    #[must_use]
    pub fn new() -> Self {
        Self::from(F::default())
    }
}

impl<F> Query<F> {
    /// Sets the greatest number of rows.
    #[must_use]
    pub fn limit(mut self, limit: u64) -> Self {
        self.limit = limit;
        self
    }

    /// Sets the number of rows that are skipped.
    #[must_use]
    pub fn offset(mut self, offset: u64) -> Self {
        self.offset = offset;
        self
    }
}

impl<F: Default> Default for Query<F> {
    fn default() -> Self {
        Self::new()
    }
}

/// The first 50 rows that the filter leaves.
impl<F> From<F> for Query<F> {
    fn from(filter: F) -> Self {
        Self { filter, limit: 50, offset: 0 }
    }
}

impl<F: Arguments> Arguments for Query<F> {
    const ARGUMENTS: &'static [&'static [Argument]] = &[
        &[
            Argument {
                name: "limit",
                ty: "integer",
                required: false,
                doc: "At most this many rows; 50 unless given.",
                table: None,
            },
            Argument {
                name: "offset",
                ty: "integer",
                required: false,
                doc: "The number of rows that are skipped.",
                table: None,
            },
        ],
        F::OWN,
    ];
    const OWN: &'static [Argument] = &[];

    fn read(arguments: &mut CallArguments) -> Result<Self> {
        let limit = arguments.optional_count("limit")?.unwrap_or(50);
        let offset = arguments.optional_count("offset")?.unwrap_or(0);
        Ok(Self { filter: F::read(arguments)?, limit, offset })
    }
}
