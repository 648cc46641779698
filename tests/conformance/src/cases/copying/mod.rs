//! Whole databases: copied, compared, emptied.

pub(crate) mod copies;
pub(crate) mod resets;
