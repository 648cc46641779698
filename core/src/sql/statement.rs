//! A finished statement: text, values, and what it does to which table.

use std::ops::RangeInclusive;

use super::{Column, Table, Value};

/// A finished statement: text of one dialect, the values for its placeholders in order, and what it does.
///
/// There is no public way to make one from run-time text; see [`Sql`](super::Sql). What a driver has to know of it, it asks
/// here and never reads out of the text.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    pub(in crate::sql) text: String,
    pub(in crate::sql) values: Vec<Value>,
    /// Positions in `values`, and the columns that those go into; in ascending order.
    pub(in crate::sql) columns: Vec<(usize, &'static Column)>,
    pub(in crate::sql) verb: Verb,
    pub(in crate::sql) table: Option<&'static Table>,
    pub(in crate::sql) keys: Option<(i64, i64)>,
    pub(in crate::sql) source: Option<&'static Table>,
}

/// What a [`Statement`] does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Verb {
    /// Reads rows.
    #[default]
    Select,
    /// Adds rows of values: `INSERT … VALUES`.
    Insert,
    /// Adds what a query yields: `INSERT … SELECT`.
    InsertSelect,
    /// Adds a row, or changes the one that has its key.
    Upsert,
    /// Changes rows.
    Update,
    /// Deletes rows.
    Delete,
    /// Defines tables or indexes, or maintains them. Such a statement may commit by itself.
    Ddl,
}

impl Verb {
    /// The word of SQL, for those who watch; an upsert is an INSERT.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Select => "SELECT",
            Self::Insert | Self::InsertSelect | Self::Upsert => "INSERT",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Ddl => "DDL",
        }
    }
}

impl Statement {
    /// For DDL, whose text is assembled from table metadata inside this module tree.
    pub(in crate::sql) fn from_metadata(text: String) -> Self {
        Self {
            text,
            values: Vec::new(),
            columns: Vec::new(),
            verb: Verb::Ddl,
            table: None,
            keys: None,
            source: None,
        }
    }

    /// The SQL text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The values for the placeholders, in order.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// What it does.
    pub fn verb(&self) -> Verb {
        self.verb
    }

    /// The table that it writes. `None` for a query, and for statements that name theirs in fixed text.
    pub fn table(&self) -> Option<&'static Table> {
        self.table
    }

    /// The table that a query names first, where no fixed text does: what a query is about, for those who watch.
    pub fn source(&self) -> Option<&'static Table> {
        self.source
    }

    /// The keys of the rows that it changes or deletes at most, where that was [said](super::Sql::keys): what is known of other
    /// rows stays true.
    pub fn keys(&self) -> Option<RangeInclusive<i64>> {
        self.keys.map(|(first, last)| first..=last)
    }

    /// The column that the value at this position, counted from 0, is written into, wherever in the statement it stands:
    /// for drivers that refuse or convert a value. `None` for what a condition compares.
    pub fn column(&self, position: usize) -> Option<&'static Column> {
        let found = self.columns.binary_search_by_key(&position, |(at, _)| *at).ok()?;
        self.columns.get(found).map(|(_, column)| *column)
    }

    /// The values that are written into columns, with their columns.
    pub fn written(&self) -> impl Iterator<Item = (&'static Column, &Value)> {
        self.columns.iter().filter_map(|(at, column)| Some((*column, self.values.get(*at)?)))
    }

    /// Hands out the same to be changed.
    pub(in crate::sql) fn written_mut(&mut self, change: &mut impl FnMut(&'static Column, &mut Value)) {
        for (at, column) in &self.columns {
            if let Some(value) = self.values.get_mut(*at) {
                change(column, value);
            }
        }
    }

    /// Text and values, for drivers that move them on.
    pub fn into_parts(self) -> (String, Vec<Value>) {
        (self.text, self.values)
    }
}
